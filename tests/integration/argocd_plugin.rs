//! The config management plugin, run as Argo CD's plugin server runs it: `cmpserver/plugin` of its source, and the
//! page "Config Management Plugins" of its documentation.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::run;
use crate::project::{Project, tree};

/// The user that the plugin server runs as in a sidecar; no machine's passwd file needs to know it.
const USER: u32 = 999;

/// A plugin server: its plugin file, and the program where the file's commands find it.
struct Server {
    folder: TempDir,
    plugin: Value,
}

/// What a command of the plugin gave.
struct Answer {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Server {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("tympan");
        fs::copy(env!("CARGO_BIN_EXE_tympan"), &program).unwrap();
        // Whoever the plugin server runs as must get at it.
        open(folder.path());
        let text = run(&["argocd", "plugin"]).stdout;
        let mut stream =
            tympan::yaml::read(&text.as_str().into(), &tympan::yaml::Limits::default());
        assert!(stream.problems.is_empty(), "{text}");
        let plugin = tympan::yaml::to_json(stream.documents.remove(0).root());
        // The server's own validation.
        assert_eq!(plugin["kind"], "ConfigManagementPlugin");
        assert!(!plugin["metadata"]["name"].as_str().unwrap().is_empty());
        assert!(plugin["spec"]["discover"].is_null());
        Self { folder, plugin }
    }

    /// Returns a command of the plugin file, without a shell, with nothing of our own environment.
    fn command(&self, path: &[&str], application: &Path, variables: &[(&str, &str)]) -> Command {
        let of = path.iter().fold(&self.plugin["spec"], |at, key| &at[key]);
        let words = |key: &str| {
            let words = of[key].as_array().into_iter().flatten();
            words.map(|word| word.as_str().unwrap().to_owned())
        };
        let mut all = words("command").chain(words("args"));
        assert_eq!(all.next().unwrap(), "tympan");
        let mut command = Command::new(self.folder.path().join("tympan"));
        command
            .args(all)
            .current_dir(application)
            .env_clear()
            .env("PATH", self.folder.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        if is_root() {
            command.uid(USER).gid(USER);
        }
        command
    }

    fn ask(&self, path: &[&str], application: &Path, variables: &[(&str, &str)]) -> Answer {
        let output = self.command(path, application, variables).output().unwrap();
        Answer {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn generate(&self, application: &Path, variables: &[(&str, &str)]) -> Answer {
        self.ask(&["generate"], application, variables)
    }
}

/// Tells whether the tests may become somebody else.
fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout == b"0\n")
}

fn open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Takes away every right to write, as on a file system that is read-only.
fn close(folder: &Path) {
    let done = Command::new("chmod")
        .args(["-R", "a-w,a+rX"])
        .arg(folder)
        .status()
        .unwrap();
    assert!(done.success());
}

/// Sends a folder as the repo server does: a tar stream without `.git`, unpacked into a new folder.
fn sent(repository: &Path) -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let mut pack = Command::new("tar")
        .args(["--exclude", ".git", "--exclude", "./target", "-c", "."])
        .current_dir(repository)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let to = folder.path().join("app");
    fs::create_dir(&to).unwrap();
    let unpacked = Command::new("tar")
        .arg("-x")
        .current_dir(&to)
        .stdin(pack.stdout.take().unwrap())
        .status()
        .unwrap();
    assert!(unpacked.success() && pack.wait().unwrap().success());
    open(folder.path());
    close(&to);
    (folder, to)
}

/// A project of this repository's kind: two environments, two namespaces.
fn small() -> Project {
    Project::new(&[
        (
            "values/dev.yaml",
            "replicas: 1\nname: web\nflag: 'yes'\nmap: {a: 1}\n",
        ),
        ("values/prod.yaml", "replicas: 3\nname: web\nflag: 'yes'\n"),
        (
            "templates/shop/web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ values.name }}}\ndata: {replicas: \"{{ values.replicas }}\", flag: {{ values.flag }}, environment: {{ environment }}}\n",
        ),
        (
            "templates/bank/other.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n",
        ),
    ])
}

fn parameters(parameters: &Value) -> (&'static str, String) {
    ("ARGOCD_APP_PARAMETERS", parameters.to_string())
}

/// Splits what was printed as Argo CD does, with the namespace and name of each object.
fn objects(text: &str) -> BTreeMap<String, Value> {
    let stream = tympan::yaml::read(&text.into(), &tympan::yaml::Limits::default());
    assert!(stream.problems.is_empty(), "{text}");
    let objects = stream.documents.iter().map(|document| {
        let object = tympan::yaml::to_json(document.root());
        let text = |key: &str| {
            object["metadata"][key]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let kind = object["kind"].as_str().unwrap();
        (
            format!("{}/{kind}/{}", text("namespace"), text("name")),
            object,
        )
    });
    objects.collect()
}

#[test]
fn this_repository_is_generated_as_it_is_rendered() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let whole = TempDir::new().unwrap();
    for name in ["templates", "values", "policies", "schemas"] {
        let to = whole.path().join(name);
        for (path, bytes) in tree(&root.join(name)) {
            let file = to.join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, bytes).unwrap();
        }
    }
    fs::copy(root.join("tympan.yaml"), whole.path().join("tympan.yaml")).unwrap();
    let (_folder, application) = sent(whole.path());
    let server = Server::new();
    for environment in ["dev", "prod"] {
        let (name, value) = parameters(&json!([{"name": "environment", "string": environment}]));
        let answer = server.generate(&application, &[(name, &value), ("ARGOCD_APP_NAME", "all")]);
        assert_eq!(answer.code, Some(0), "{}", answer.stderr);
        assert_eq!(answer.stderr, "");
        let mut printed: Vec<&str> = answer.stdout.split("---\n").skip(1).collect();
        let rendered = tree(&root.join("rendered").join(environment));
        let mut rendered: Vec<String> = rendered
            .into_iter()
            .filter(|(path, _)| !path.ends_with(".ledger"))
            .map(|(_, bytes)| String::from_utf8(bytes).unwrap())
            .collect();
        printed.sort_unstable();
        rendered.sort();
        assert_eq!(printed.len(), rendered.len(), "{environment}");
        assert!(printed == rendered, "{environment}");
    }
}

#[test]
fn an_application_asks_in_every_form_there_is() {
    let project = small();
    let (_folder, application) = sent(&project.path(""));
    let server = Server::new();
    let dev = ("ARGOCD_ENV_ENVIRONMENT", "dev");
    let all = ["bank/ConfigMap/other", "shop/ConfigMap/web"];
    let of = |variables: &[(&str, &str)], folder: &str| {
        let answer = server.generate(&application.join(folder), variables);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        objects(&answer.stdout)
    };
    let names =
        |objects: &BTreeMap<String, Value>| -> Vec<String> { objects.keys().cloned().collect() };
    // The variable is not there, is `null` where there are no parameters, is an empty list or empty.
    for value in [None, Some("null"), Some("[]"), Some("")] {
        let mut variables = vec![dev];
        variables.extend(value.map(|value| ("ARGOCD_APP_PARAMETERS", value)));
        assert_eq!(names(&of(&variables, "")), all, "{value:?}");
    }
    // A parameter goes before a variable.
    let (name, value) = parameters(&json!([
        {"name": "environment", "string": "prod"},
        {"name": "namespaces", "array": ["shop"]},
        {"name": "values", "map": {"replicas": "5", "flag": "no"}},
    ]));
    let found = of(&[dev, (name, &value)], "");
    assert_eq!(names(&found), ["shop/ConfigMap/web"]);
    let data = &found["shop/ConfigMap/web"]["data"];
    assert_eq!(
        *data,
        json!({"replicas": "5", "flag": "no", "environment": "prod"})
    );
    // Emptied fields ask nothing.
    let (name, value) = parameters(&json!([
        {"name": "environment"}, {"name": "namespaces", "array": []}, {"name": "values", "map": {}},
    ]));
    assert_eq!(names(&of(&[dev, (name, &value)], "")), all);
    // A source's path below templates/ asks for that folder.
    assert_eq!(names(&of(&[dev], "templates/shop")), ["shop/ConfigMap/web"]);
    let listed = ("ARGOCD_ENV_NAMESPACES", "shop, bank");
    assert_eq!(names(&of(&[dev, listed], "")), all);
}

/// What is asked in a wrong way, whether the environment is known all the same, and what is said.
fn misunderstood() -> Vec<(bool, Value, &'static str)> {
    let environment = json!({"name": "environment", "string": "dev"});
    vec![
        (
            false,
            json!([]),
            "no environment is named: the parameter `environment` is one of `dev`, `prod`",
        ),
        (
            false,
            json!([{"name": "environment", "string": "prd"}]),
            "there is no environment `prd`; did you mean `prod`?",
        ),
        (
            false,
            json!([{"name": "environmant", "string": "dev"}]),
            "there is no parameter `environmant`; did you mean `environment`?",
        ),
        (
            false,
            json!([{"name": "environment", "array": ["dev"]}]),
            "the parameter `environment` is given as a list, and takes a string",
        ),
        (
            false,
            json!([environment, {"name": "namespaces", "string": "shop"}]),
            "the parameter `namespaces` is given as a string, and takes a list",
        ),
        (
            false,
            json!([environment, environment]),
            "the parameter `environment` is given twice",
        ),
        (
            true,
            json!([environment, {"name": "namespaces", "array": ["shp"]}]),
            "there is no folder below `templates/` `shp`; did you mean `shop`?",
        ),
        (
            true,
            json!([environment, {"name": "values", "map": {"replica": "2"}}]),
            "there is no value `replica` to override; did you mean `replicas`?",
        ),
        (
            true,
            json!([environment, {"name": "values", "map": {"replicas": "two"}}]),
            "the value `replicas` cannot be overridden: what is given is no integer",
        ),
        (
            true,
            json!([environment, {"name": "values", "map": {"map": "{a: hidden, a: 2}"}}]),
            "the value `map` cannot be overridden: what is given cannot be read: this key is here twice; Kubernetes would keep the last and drop the first",
        ),
        (
            false,
            json!({"name": "environment"}),
            "`ARGOCD_APP_PARAMETERS` is no list of parameters: it has another form",
        ),
    ]
}

#[test]
fn what_cannot_be_understood_prints_nothing_and_says_why() {
    let project = small();
    let (_folder, application) = sent(&project.path(""));
    let server = Server::new();
    for (known, asked, message) in misunderstood() {
        let (name, value) = parameters(&asked);
        let answer = server.generate(&application, &[(name, &value)]);
        assert_eq!(
            (answer.code, answer.stdout.as_str()),
            (Some(2), ""),
            "{asked}"
        );
        let first = answer.stderr.lines().next().unwrap();
        let by_hand = if known { "dev: " } else { "" };
        assert_eq!(first, format!("error: {by_hand}{message}"), "{asked}");
        let named = [(name, value.as_str()), ("ARGOCD_APP_NAME", "shop\nx")];
        let answer = server.generate(&application, &named);
        let first = answer.stderr.lines().next().unwrap();
        let known = if known { " (dev)" } else { "" };
        assert_eq!(
            first,
            format!("error: shop\\nx{known}: {message}"),
            "{asked}"
        );
    }
    let answer = server.generate(&application, &[("ARGOCD_APP_PARAMETERS", "[secret")]);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(!answer.stderr.contains("secret"), "{}", answer.stderr);
}

#[test]
fn bytes_that_are_no_text_are_not_nothing() {
    let project = small();
    let (_folder, application) = sent(&project.path(""));
    for name in ["ARGOCD_APP_PARAMETERS", "ARGOCD_ENV_NAMESPACES"] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tympan"));
        let output = command
            .args(["argocd", "generate"])
            .current_dir(&application)
            .env_clear()
            .env("ARGOCD_ENV_ENVIRONMENT", "dev")
            .env(name, OsStr::from_bytes(b"[]\xff"))
            .output()
            .unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()));
        assert!(
            told.starts_with(&format!("error: `{name}` is not UTF-8\n")),
            "{told}"
        );
    }
}

#[test]
fn a_broken_project_prints_nothing_and_names_the_line_first() {
    let variables = [
        ("ARGOCD_APP_NAME", "team_shop"),
        ("ARGOCD_ENV_ENVIRONMENT", "dev"),
    ];
    let server = Server::new();
    for (file, text, line) in [
        (
            "templates/shop/web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ values.nam }}}\n",
            "team_shop (dev): templates/shop/web.yaml:3: ",
        ),
        (
            "templates/shop/web.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata:\n  a: [1]\n",
            "team_shop (dev): templates/shop/web.yaml:5: ",
        ),
        (
            "templates/shop/web.yaml",
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec:\n  ports: [{port: 99999}]\n",
            "team_shop (dev): templates/shop/web.yaml:5: ",
        ),
        (
            "values/dev.yaml",
            "a: [\n",
            "team_shop (dev): values/dev.yaml:",
        ),
        (
            "tympan.yaml",
            "kuberntes: 1\n",
            "error: team_shop: tympan.yaml:1: ",
        ),
    ] {
        let project = small();
        project.write(file, text.as_bytes());
        let (_folder, application) = sent(&project.path(""));
        let answer = server.generate(&application, &variables);
        assert_ne!(answer.code, Some(0), "{file}");
        assert_eq!(answer.stdout, "", "{file}");
        let first = answer.stderr.lines().next().unwrap();
        assert!(first.starts_with(line) && first.len() < 200, "{first}");
    }
    // Many faults make no long text.
    let project = small();
    let many: Vec<String> = (0..500)
        .map(|at| format!("---\napiVersion: v1\nkind: Service\nmetadata: {{name: a{at}}}\nspec: {{ports: [{{port: 0}}]}}\n"))
        .collect();
    project.write("templates/shop/web.yaml", many.concat().as_bytes());
    let (_folder, application) = sent(&project.path(""));
    let answer = server.generate(&application, &variables);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(1), ""));
    assert!(
        answer.stderr.lines().count() < 25 && answer.stderr.contains("and 480 more"),
        "{}",
        answer.stderr
    );
}

#[test]
fn policies_count_only_where_they_are_asked_for() {
    let project = small();
    project.write(
        "templates/shop/pod.yaml",
        b"apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true, containers: [{name: a, image: a:1}]}\n",
    );
    project.write(
        "tympan.yaml",
        b"environments: {dev: {pod-security: baseline}}\n",
    );
    let run = |arguments: &[&str]| {
        let mut all = vec!["argocd", "generate"];
        all.extend(arguments);
        let mut command = Command::new(env!("CARGO_BIN_EXE_tympan"));
        let output = command
            .args(&all)
            .current_dir(project.path(""))
            .env_clear()
            .env("ARGOCD_ENV_ENVIRONMENT", "dev")
            .output()
            .unwrap();
        (output.status.code(), output.stdout.is_empty())
    };
    assert_eq!(run(&[]), (Some(0), false));
    assert_eq!(run(&["--policies"]), (Some(1), true));
}

#[test]
fn no_object_is_no_success_unless_that_is_meant() {
    let project = small();
    for file in ["templates/shop/web.yaml", "templates/bank/other.yaml"] {
        project.write(file, b"{% if false %}a: 1{% endif %}\n");
    }
    let (_folder, application) = sent(&project.path(""));
    let server = Server::new();
    let variables = [
        ("ARGOCD_APP_NAME", "shop"),
        ("ARGOCD_ENV_ENVIRONMENT", "dev"),
    ];
    let answer = server.generate(&application, &variables);
    assert_eq!((answer.code, answer.stdout.as_str()), (Some(2), ""));
    assert!(
        answer
            .stderr
            .starts_with("error: shop (dev): there is no object"),
        "{}",
        answer.stderr
    );
    let mut command = server.command(&["generate"], &application, &variables);
    let output = command.arg("--allow-empty").output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}

#[test]
fn parameters_are_announced() {
    let project = small();
    let (_folder, application) = sent(&project.path(""));
    let server = Server::new();
    let of = |variables: &[(&str, &str)]| -> Value {
        let answer = server.ask(&["parameters", "dynamic"], &application, variables);
        assert_eq!((answer.code, answer.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&answer.stdout).unwrap()
    };
    let told = of(&[]);
    let names: Vec<&str> = told
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["environment", "namespaces", "values"]);
    assert_eq!(told[0]["tooltip"], "One of dev, prod");
    assert_eq!(told[0]["required"], true);
    assert!(told[1]["tooltip"].as_str().unwrap().ends_with("bank, shop"));
    // Before an environment is chosen nobody knows the values.
    assert_eq!(told[2]["map"], json!({}));
    let (name, value) = parameters(&json!([{"name": "environment", "string": "prod"}]));
    let told = of(&[(name, &value)]);
    assert_eq!(told[0]["string"], "prod");
    assert_eq!(
        told[2]["map"],
        json!({"replicas": "3", "name": "web", "flag": "yes"})
    );
    for one in told.as_array().unwrap() {
        assert_eq!(one["itemType"], "string");
        assert!(["string", "array", "map"].contains(&one["collectionType"].as_str().unwrap()));
    }
}

#[test]
fn a_deadline_leaves_nothing_behind() {
    let project = small();
    let many: Vec<String> = (0..3_000)
        .map(|at| format!("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a{at}}}\n"))
        .collect();
    project.write("templates/shop/many.yaml", many.concat().as_bytes());
    let before = tree(&project.path(""));
    let server = Server::new();
    for milliseconds in [0, 5, 20, 60] {
        let variables = [("ARGOCD_ENV_ENVIRONMENT", "dev")];
        let mut child = server
            .command(&["generate"], &project.path(""), &variables)
            .spawn()
            .unwrap();
        // Nobody reads while the time runs out, as in a server that is busy.
        sleep(Duration::from_millis(milliseconds));
        child.kill().unwrap();
        let mut text = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        let status = child.wait().unwrap();
        assert!(status.signal() == Some(9) || status.success(), "{status}");
        assert!(tree(&project.path("")) == before);
    }
    // The next run is as if there had been none before.
    open(&project.path(""));
    let answer = server.generate(&project.path(""), &[("ARGOCD_ENV_ENVIRONMENT", "dev")]);
    assert_eq!(objects(&answer.stdout).len(), 3_002, "{}", answer.stderr);
}

/// Runs with every file system read-only, without HOME and without a folder for temporary files, where the machine lets
/// the tests make a namespace of mounts of their own.
#[test]
fn nothing_is_written_anywhere() {
    let project = small();
    let (_folder, application) = sent(&project.path(""));
    let script =
        "mount --make-rprivate / && mount -o remount,bind,ro / && exec \"$0\" argocd generate";
    let shell = ["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_tympan")];
    let tried = Command::new("unshare")
        .args([
            "--mount",
            "sh",
            "-c",
            "mount -o remount,bind,ro / && ! touch /x-tympan",
        ])
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        eprintln!("left out: this machine gives no namespace of mounts with a read-only root");
        return;
    }
    let output = Command::new("unshare")
        .args(shell)
        .current_dir(&application)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("ARGOCD_ENV_ENVIRONMENT", "dev")
        .env("TMPDIR", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        objects(&text).len(),
        2,
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
