//! `tympan commit` with real git.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::program::{Output, command, run};
use crate::project::{Project, tree};

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {app: demo}}\ndata: {x: {{ values.x | default('1') }}}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n";

/// Asks git in a folder, without the settings of this machine.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn is_clean(folder: &Path) {
    let said = git(folder, &["fsck", "--strict", "--full"]);
    assert!(
        !said.contains("error") && !said.contains("missing"),
        "{said}"
    );
}

/// Makes a project that is a repository, with everything committed.
fn repository(config: &str, format: &str) -> Project {
    let project = Project::new(&[
        ("tympan.yaml", config),
        ("templates/demo/x.yaml", OBJECT),
        ("values/prod.yaml", "x: '2'\n"),
    ]);
    let folder = project.path(".");
    git(
        &folder,
        &[
            "init",
            "-q",
            "-b",
            "main",
            &format!("--object-format={format}"),
        ],
    );
    git(&folder, &["config", "user.name", "Ann Author"]);
    git(&folder, &["config", "user.email", "ann@example.org"]);
    git(&folder, &["config", "gc.auto", "0"]);
    save(&project, "demo: begin");
    project
}

fn branches() -> Project {
    repository("delivery: branches\n", "sha1")
}

fn save(project: &Project, message: &str) -> String {
    let folder = project.path(".");
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "--allow-empty", "-m", message]);
    git(&folder, &["rev-parse", "HEAD"]).trim().to_owned()
}

fn ok(project: &Project, arguments: &[&str]) -> String {
    let output = project.run(arguments);
    assert_eq!(
        output.code, 0,
        "{arguments:?}: {}{}",
        output.stdout, output.stderr
    );
    output.stdout
}

fn fails(project: &Project, arguments: &[&str], words: &str) {
    let output = project.run(arguments);
    assert_eq!(
        output.code, 2,
        "{arguments:?}: {}{}",
        output.stdout, output.stderr
    );
    assert!(
        output.stderr.contains(words),
        "{arguments:?}: {}",
        output.stderr
    );
}

fn tip(project: &Project, branch: &str) -> String {
    git(&project.path("."), &["rev-parse", branch])
        .trim()
        .to_owned()
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
fn each_environment_is_one_commit_and_nothing_else_moves() {
    for format in ["sha1", "sha256"] {
        let project = repository(
            "delivery: branches\nrepository: {url: 'https://u:secret@example.org/x'}\n",
            format,
        );
        let folder = project.path(".");
        let source = tip(&project, "main");
        let before = tree(&folder);
        let told = ok(&project, &["commit", "--dry-run"]);
        assert!(
            told.contains("env/dev: demo/configmap-a.yaml: new"),
            "{told}"
        );
        assert_eq!(tree(&folder), before, "a dry run writes nothing");
        let told = ok(&project, &["commit"]);
        assert!(
            told.contains("env/prod: 2 new, 0 changed, 0 removed, in "),
            "{told}"
        );
        is_clean(&folder);
        let outside = |files: Vec<(String, Vec<u8>)>| -> Vec<(String, Vec<u8>)> {
            let files = files.into_iter();
            let keep = |path: &str| {
                !path.starts_with(".git/") || path == ".git/index" || path == ".git/HEAD"
            };
            files.filter(|(path, _)| keep(path)).collect()
        };
        assert_eq!(outside(tree(&folder)), outside(before));
        assert_eq!(
            git(&folder, &["for-each-ref", "--format=%(refname)"]),
            "refs/heads/env/dev\nrefs/heads/env/prod\nrefs/heads/main\nrefs/notes/hydrator.metadata\n"
        );
        let files = git(&folder, &["ls-tree", "-r", "--name-only", "env/prod"]);
        assert_eq!(
            files,
            ".gitattributes\n.tympan.ledger\n_cluster/hydrator.metadata\n_cluster/namespace-demo.yaml\ndemo/configmap-a.yaml\ndemo/hydrator.metadata\nhydrator.metadata\n"
        );
        let text = git(&folder, &["show", "env/prod:demo/configmap-a.yaml"]);
        assert!(text.contains("x: '2'"), "{text}");
        let trailers = git(
            &folder,
            &[
                "log",
                "-1",
                "--format=%s|%(trailers:key=Tympan-Source,valueonly,separator=)|%(trailers:key=Tympan-Environment,valueonly,separator=)|%(trailers:key=Co-authored-by,valueonly,separator=)",
                "env/prod",
            ],
        );
        assert_eq!(
            trailers.trim(),
            format!(
                "{}: demo: begin|{source}|prod|Ann Author <ann@example.org>",
                &source[..7]
            )
        );
        let note = |branch: &str| {
            git(
                &folder,
                &["notes", "--ref=hydrator.metadata", "show", branch],
            )
        };
        assert_eq!(
            note("env/dev").trim(),
            format!("{{\"drySha\":\"{source}\"}}")
        );
        let metadata: serde_json::Value =
            serde_json::from_str(&git(&folder, &["show", "env/prod:hydrator.metadata"])).unwrap();
        assert_eq!(metadata["drySha"], source.as_str());
        assert_eq!(metadata["repoURL"], "https://example.org/x");
        assert_eq!(metadata["subject"], "demo: begin");
        let metadata: serde_json::Value =
            serde_json::from_str(&git(&folder, &["show", "env/prod:demo/hydrator.metadata"]))
                .unwrap();
        assert_eq!(metadata["commands"][0], "tympan render -e prod");

        // A source that renders the same gives a note and no commit.
        let commits = (tip(&project, "env/dev"), tip(&project, "env/prod"));
        let later = save(&project, "nothing");
        assert!(ok(&project, &["commit"]).contains("env/dev: nothing changed"));
        assert_eq!(
            (tip(&project, "env/dev"), tip(&project, "env/prod")),
            commits
        );
        assert!(note("env/dev").contains(&later));

        // One that renders another thing for one environment gives one commit there.
        project.write("values/prod.yaml", b"x: '3'\n");
        save(&project, "prod: three");
        ok(&project, &["commit"]);
        assert_eq!(tip(&project, "env/dev"), commits.0);
        assert_eq!(tip(&project, "env/prod^"), commits.1);
        let changed = git(&folder, &["diff", "--name-only", "env/prod^", "env/prod"]);
        assert_eq!(
            changed,
            "demo/configmap-a.yaml\ndemo/hydrator.metadata\nhydrator.metadata\n"
        );
        is_clean(&folder);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
fn what_is_no_longer_rendered_goes_and_what_others_wrote_stays() {
    let project = branches();
    let folder = project.path(".");
    ok(&project, &["commit"]);
    git(&folder, &["worktree", "add", "-q", "side", "env/dev"]);
    let side = project.path("side");
    fs::write(side.join("README.md"), "by hand").unwrap();
    fs::write(side.join("demo/run.sh"), "by hand").unwrap();
    git(&side, &["add", "-A"]);
    git(&side, &["update-index", "--chmod=+x", "demo/run.sh"]);
    git(&side, &["commit", "-q", "-m", "by hand"]);
    fails(
        &project,
        &["commit", "--allow", "dirty"],
        "`env/dev` is checked out",
    );
    git(&folder, &["worktree", "remove", "--force", "side"]);
    project.write(
        "templates/demo/x.yaml",
        OBJECT.replace("name: a,", "name: b,").as_bytes(),
    );
    save(&project, "b for a");
    ok(&project, &["commit"]);
    let files = git(&folder, &["ls-tree", "-r", "env/dev"]);
    assert!(
        files.contains("README.md")
            && files.contains("configmap-b")
            && !files.contains("configmap-a"),
        "{files}"
    );
    assert!(
        files.contains("100755 blob") && files.contains("demo/run.sh"),
        "{files}"
    );

    // A branch that somebody else wrote.
    git(&folder, &["update-ref", "refs/heads/env/prod", "main"]);
    let before = tip(&project, "env/prod");
    let told = ok(&project, &["commit", "-e", "prod"]);
    assert!(
        told.contains(
            "templates/demo/x.yaml: not Tympan's, left alone, and Argo CD would apply it"
        ),
        "{told}"
    );
    assert_eq!(tip(&project, "env/prod^"), before);
    let blob = git(
        &folder,
        &["hash-object", "-w", "README.md"].map(|word| {
            if word == "README.md" {
                "tympan.yaml"
            } else {
                word
            }
        }),
    );
    let input = format!("100644 blob {}\thydrator.metadata\n", blob.trim());
    fs::write(project.path(".git/input"), &input).unwrap();
    let made = Command::new("sh")
        .arg("-c")
        .arg("git mktree < .git/input")
        .current_dir(&folder)
        .output()
        .unwrap();
    let theirs = git(
        &folder,
        &[
            "commit-tree",
            "-m",
            "hydrated",
            String::from_utf8(made.stdout).unwrap().trim(),
        ],
    );
    git(
        &folder,
        &["update-ref", "refs/heads/env/prod", theirs.trim()],
    );
    fails(
        &project,
        &["commit"],
        "`hydrator.metadata` on `env/prod` was not written by Tympan",
    );
    assert_eq!(tip(&project, "env/prod"), theirs.trim());
    ok(&project, &["commit", "--adopt"]);
    is_clean(&folder);
}

#[test]
fn what_is_not_committed_is_in_the_way() {
    let project = branches();
    let folder = project.path(".");
    for (path, ignored) in [
        ("values/prod.yaml", false),
        ("values/prod.more.yaml", false),
        ("values/prod.more.yaml", true),
    ] {
        project.write(path, b"x: '5'\n");
        if ignored {
            fs::write(project.path(".git/info/exclude"), "*.more.yaml\n").unwrap();
        }
        fails(
            &project,
            &["commit"],
            &format!("`{path}` is not as the last commit has it"),
        );
        fs::remove_file(project.path(path)).unwrap();
        git(&folder, &["checkout", "-q", "--", "."]);
    }
    // What git is told not to look at is not committed either, whether it is there or left out of a sparse checkout.
    for (flag, missing) in [
        ("assume-unchanged", false),
        ("skip-worktree", false),
        ("skip-worktree", true),
    ] {
        let flagged = |prefix: &str| {
            let flag = format!("--{prefix}{flag}");
            git(&folder, &["update-index", &flag, "values/prod.yaml"]);
        };
        flagged("");
        // As it was committed it is in nobody's way.
        ok(&project, &["commit", "--dry-run"]);
        if missing {
            fs::remove_file(project.path("values/prod.yaml")).unwrap();
        } else {
            project.write("values/prod.yaml", b"x: '5'\n");
        }
        assert_eq!(git(&folder, &["status", "--porcelain", "--", "values"]), "");
        let words = "`values/prod.yaml` is not as the last commit has it";
        fails(&project, &["commit"], words);
        flagged("no-");
        git(&folder, &["checkout", "-q", "--", "."]);
    }
    project.write("values/.notes", b"nobody's");
    project.write("README.md", b"no source");
    fs::write(project.path(".git/info/exclude"), "values/.notes\n").unwrap();
    ok(&project, &["commit"]);
    project.write("values/prod.yaml", b"x: '6'\n");
    ok(&project, &["commit", "--allow", "dirty"]);
    assert!(git(&folder, &["log", "-1", "env/prod"]).contains("Tympan-Dirty: true"));
}

#[test]
fn findings_are_in_the_way() {
    let project = branches();
    ok(&project, &["commit"]);
    let before = tip(&project, "env/prod");
    project.write(
        "templates/demo/x.yaml",
        OBJECT
            .replace("metadata: {name: a,", "metadata: {nam: a, name: a,")
            .as_bytes(),
    );
    save(&project, "a mistake");
    // What stands in the way is told, however little is to be printed.
    for arguments in [&["commit"][..], &["-q", "commit"]] {
        let output = project.run(arguments);
        assert_eq!(output.code, 1, "{}", output.stderr);
        assert!(
            output.stderr.contains("schema/unknown-field")
                && output.stdout.contains("nothing was committed"),
            "{}{}",
            output.stderr,
            output.stdout
        );
    }
    assert_eq!(tip(&project, "env/prod"), before);
    ok(&project, &["commit", "--allow", "findings"]);
    project.write("templates/demo/x.yaml", b"a: {{ values.missing }}\n");
    save(&project, "broken");
    fails(
        &project,
        &["commit", "--allow", "findings"],
        "nothing was committed, because not everything could be rendered",
    );
    project.write("templates/demo/x.yaml", b"{# nothing #}\n");
    save(&project, "empty");
    fails(
        &project,
        &["commit", "--allow", "findings"],
        "has no objects",
    );
}

#[test]
fn beside_the_sources_a_commit_follows_them() {
    let project = repository("delivery: directory\n", "sha1");
    let folder = project.path(".");
    fails(&project, &["commit"], "`delivery: directory`");
    fails(
        &project,
        &["commit", "--branch", "main"],
        "`main` is checked out in `",
    );
    git(&folder, &["switch", "-q", "--detach"]);
    let source = tip(&project, "HEAD");
    let told = ok(&project, &["commit", "--branch", "main"]);
    assert!(told.contains("main: 4 new"), "{told}");
    assert_eq!(tip(&project, "main^"), source);
    assert!(ok(&project, &["commit", "--branch", "main"]).contains("nothing changed"));
    git(&folder, &["switch", "-q", "main"]);
    assert_eq!(project.run(&["render", "--check"]).code, 0);
    git(&folder, &["switch", "-q", "--detach"]);
    assert!(
        ok(&project, &["commit", "--branch", "main"]).contains("nothing changed"),
        "all is rendered"
    );

    // A branch of its own is merged into, one that others work on is not.
    ok(&project, &["commit", "--branch", "shown"]);
    project.write("values/prod.yaml", b"x: '7'\n");
    let later = save(&project, "seven");
    ok(&project, &["commit", "--branch", "shown"]);
    ok(&project, &["commit", "--branch", "shown"]);
    fs::remove_file(project.path("values/dev.yaml")).unwrap();
    let last = save(&project, "no dev");
    let told = ok(&project, &["commit", "--branch", "shown"]);
    assert!(told.contains("2 removed"), "{told}");
    assert_eq!(tip(&project, "shown^2"), last);
    assert_eq!(tip(&project, "shown^1^1"), later);
    assert!(!git(&folder, &["ls-tree", "-r", "--name-only", "shown"]).contains("rendered/dev"));
    let others = git(
        &folder,
        &[
            "commit-tree",
            "-m",
            "by hand",
            "-p",
            "shown",
            "shown^{tree}",
        ],
    );
    git(&folder, &["update-ref", "refs/heads/shown", others.trim()]);
    project.write("values/prod.yaml", b"x: '8'\n");
    save(&project, "eight");
    fails(
        &project,
        &["commit", "--branch", "shown"],
        "has commits that",
    );
    is_clean(&folder);
}

#[test]
fn a_branch_that_somebody_is_at_work_on_is_not_moved() {
    let project = branches();
    let folder = project.path(".");
    ok(&project, &["commit"]);
    let first = tip(&project, "env/dev");
    git(
        &folder,
        &["worktree", "add", "-q", "-b", "top", "side", "env/dev"],
    );
    let side = project.path("side");
    let write = |text: &str| {
        fs::write(side.join("by-hand"), text).unwrap();
        git(&side, &["add", "-A"]);
        git(&side, &["commit", "-q", "-m", text]);
    };
    write("one");
    git(&side, &["switch", "-q", "env/dev"]);
    write("two");
    let second = tip(&project, "env/dev");
    let refused = |what: &str| {
        let words = format!(
            "`env/dev` is being {what} in `{}`",
            side.canonicalize().unwrap().display()
        );
        let before = tip(&project, "env/dev");
        fails(&project, &["commit", "--allow", "dirty"], &words);
        assert_eq!(tip(&project, "env/dev"), before);
    };
    let stops = |arguments: &[&str]| {
        let mut git = Command::new("git");
        let output = git
            .arg("-C")
            .arg(&side)
            .args(["-c", "user.name=a", "-c", "user.email=a@b"]);
        let output = output.args(arguments).output().unwrap();
        assert!(!output.status.success(), "{output:?}");
    };
    for way in ["--merge", "--apply"] {
        stops(&["rebase", way, "top"]);
        refused("rebased");
        git(&side, &["rebase", "--abort"]);
        assert_eq!(tip(&project, "env/dev"), second);
    }
    git(&side, &["bisect", "start", "HEAD", &first]);
    git(&side, &["checkout", "-q", "--detach"]);
    refused("bisected");
    git(&side, &["bisect", "reset"]);
    git(&side, &["switch", "-q", "--detach"]);
    let told = ok(&project, &["commit", "--allow", "dirty"]);
    assert!(told.contains("env/dev"), "{told}");
}

#[test]
fn as_a_plugin_there_is_nothing_to_commit_unless_asked_for() {
    let project = repository("delivery: plugin\n", "sha1");
    fails(&project, &["commit"], "`delivery: plugin`");
    ok(&project, &["commit", "--branch", "shown/{environment}"]);
    assert!(git(&project.path("."), &["branch"]).contains("shown/prod"));
}

#[test]
fn branches_have_names_of_branches_and_each_its_own() {
    let project = branches();
    for (pattern, words) in [
        ("one", "all environments would be committed to `one`"),
        ("{env}/x", "has braces around another word"),
        ("-{environment}", "cannot be the name of a branch"),
        ("../{environment}", "cannot be the name of a branch"),
        ("{environment}.lock", "cannot be the name of a branch"),
        ("a b/{environment}", "cannot be the name of a branch"),
        ("{environment}\n", "cannot be the name of a branch"),
        ("refs/heads/{environment}", "leave `refs/heads/` out"),
        ("main/{environment}", "git: "),
    ] {
        fails(&project, &["commit", &format!("--branch={pattern}")], words);
    }
    ok(&project, &["commit", "-e", "dev", "--branch", "one"]);
    git(
        &project.path("."),
        &["symbolic-ref", "refs/heads/env/dev", "refs/heads/one"],
    );
    fails(
        &project,
        &["commit"],
        "`env/dev` is another name of `refs/heads/one`",
    );
}

#[test]
fn messages_of_others_forge_nothing() {
    let project = branches();
    let folder = project.path(".");
    let message = "subject\u{1b}[31m with Tympan-Source: 1111111111111111111111111111111111111111\n\nbody\n---\nTympan-Source: 2222222222222222222222222222222222222222\nTympan-Environment: prod\n";
    fs::write(project.path(".git/message"), message).unwrap();
    git(
        &folder,
        &[
            "-c",
            "user.name=E\u{1b}vil \u{202e}",
            "commit",
            "-q",
            "--allow-empty",
            "--amend",
            "--reset-author",
            "-F",
            ".git/message",
        ],
    );
    let source = tip(&project, "main");
    ok(&project, &["commit"]);
    let shown = git(&folder, &["log", "-1", "--format=%B", "env/dev"]);
    assert!(
        !shown.contains('\u{1b}') && !shown.contains("2222222"),
        "{shown:?}"
    );
    let parsed = Command::new("sh")
        .arg("-c")
        .arg("git log -1 --format=%B env/dev | git interpret-trailers --parse")
        .current_dir(&folder)
        .output()
        .unwrap();
    let parsed = String::from_utf8(parsed.stdout).unwrap();
    assert!(
        parsed.starts_with(&format!(
            "Tympan-Source: {source}\nTympan-Environment: dev\n"
        )),
        "{parsed}"
    );
}

#[test]
fn variables_and_hooks_lead_nowhere_else() {
    let project = branches();
    let other = branches();
    let before = tree(&other.path("."));
    for hook in [
        "reference-transaction",
        "pre-commit",
        "commit-msg",
        "post-commit",
        "pre-push",
        "post-rewrite",
    ] {
        let path = project.path(&format!(".git/hooks/{hook}"));
        fs::write(
            &path,
            "#!/bin/sh\necho ran >> \"$(dirname \"$0\")/ran\"\nexit 1\n",
        )
        .unwrap();
        let status = Command::new("chmod").arg("+x").arg(&path).status().unwrap();
        assert!(status.success());
    }
    let theirs = other.path(".git");
    let output = command()
        .args(["-C", project.path(".").to_str().unwrap(), "commit"])
        .env("GIT_DIR", &theirs)
        .env("GIT_COMMON_DIR", &theirs)
        .env("GIT_WORK_TREE", other.path("."))
        .env("GIT_INDEX_FILE", theirs.join("index"))
        .env("GIT_OBJECT_DIRECTORY", theirs.join("objects"))
        .env("GIT_NAMESPACE", "elsewhere")
        .env("GIT_NOTES_REF", "refs/notes/elsewhere")
        .env("GIT_PREFIX", "x/")
        .env("GIT_GLOB_PATHSPECS", "1")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(tree(&other.path(".")), before);
    assert!(!project.path(".git/hooks/ran").exists());
    is_clean(&project.path("."));
}

#[test]
fn commits_are_signed_where_git_is_set_up_to_sign() {
    let project = branches();
    let folder = project.path(".");
    let key = project.path(".git/key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(&key)
        .output();
    let Ok(made) = made else {
        // Where there is no ssh, git cannot sign by it.
        return;
    };
    assert!(made.status.success());
    let public = fs::read_to_string(project.path(".git/key.pub")).unwrap();
    fs::write(
        project.path(".git/signers"),
        format!("ann@example.org {public}"),
    )
    .unwrap();
    for (name, value) in [
        ("gpg.format", "ssh"),
        ("user.signingkey", key.to_str().unwrap()),
        (
            "gpg.ssh.allowedSignersFile",
            project.path(".git/signers").to_str().unwrap(),
        ),
        ("commit.gpgSign", "true"),
    ] {
        git(&folder, &["config", name, value]);
    }
    ok(&project, &["commit"]);
    for branch in ["env/dev", "env/prod"] {
        assert_eq!(
            git(&folder, &["log", "-1", "--format=%G?", branch]).trim(),
            "G"
        );
    }
    // Whoever wants signatures does not want commits without.
    fs::remove_file(&key).unwrap();
    project.write("values/prod.yaml", b"x: '9'\n");
    git(&folder, &["add", "-A"]);
    git(&folder, &["commit", "-q", "--no-gpg-sign", "-m", "nine"]);
    let before = tip(&project, "env/prod");
    assert_eq!(project.run(&["commit"]).code, 2);
    assert_eq!(tip(&project, "env/prod"), before);
}

#[test]
fn of_two_runs_at_once_one_wins_and_the_other_says_so() {
    let mut lost = 0;
    for _ in 0..6 {
        let project = branches();
        let start = || {
            command()
                .args(["-C", project.path(".").to_str().unwrap(), "commit"])
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        };
        let runs = [start(), start(), start()];
        let mut won = 0;
        for run in runs {
            let output = run.wait_with_output().unwrap();
            let told = String::from_utf8(output.stderr).unwrap();
            match output.status.code() {
                Some(0) => won += 1,
                Some(2) => {
                    lost += 1;
                    assert!(
                        told.contains("meanwhile") || told.contains(".lock"),
                        "{told}"
                    );
                }
                other => panic!("{other:?}: {told}"),
            }
        }
        assert!(won > 0);
        is_clean(&project.path("."));
        assert_eq!(
            git(&project.path("."), &["rev-list", "--count", "env/dev"]).trim(),
            "1"
        );
        ok(&project, &["commit"]);
        let note = git(
            &project.path("."),
            &["notes", "--ref=hydrator.metadata", "show", "env/prod"],
        );
        assert!(note.contains(&tip(&project, "main")));
    }
    println!("{lost} of 18 runs came second");
}

#[test]
fn a_killed_run_does_no_harm() {
    let template = "{% for i in range(300) %}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: 'c{{ i }}'}\ndata: {x: {{ values.x | default('1') }}}\n{% endfor %}\n";
    let project = branches();
    let folder = project.path(".");
    ok(&project, &["commit"]);
    project.write("templates/demo/many.yaml", template.as_bytes());
    for round in 0..20_u64 {
        project.write("values/prod.yaml", format!("x: 'r{round}'\n").as_bytes());
        let source = save(&project, "more");
        let before = tip(&project, "env/prod");
        let mut child = command()
            .args(["-C", folder.to_str().unwrap(), "commit", "-q"])
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(round * 23));
        let _already_ended = child.kill();
        child.wait().unwrap();
        // What git was told to do before may still go on.
        sleep(Duration::from_millis(20));
        let now = tip(&project, "env/prod");
        assert!(now == before || tip(&project, "env/prod^") == before);
        git(&folder, &["diff", "--exit-code", "HEAD"]);
        is_clean(&folder);
        let output = project.run(&["commit"]);
        assert_eq!(output.code, 0, "round {round}: {}", output.stderr);
        let note = git(
            &folder,
            &["notes", "--ref=hydrator.metadata", "show", "env/prod"],
        );
        assert!(note.contains(&source), "round {round}");
        assert_eq!(tip(&project, "env/prod^"), before);
    }
}

/// A bare repository that a project is pushed to.
fn remote(project: &Project) -> TempDir {
    let bare = TempDir::new().unwrap();
    git(bare.path(), &["init", "-q", "--bare", "-b", "main"]);
    git(
        &project.path("."),
        &["remote", "add", "origin", bare.path().to_str().unwrap()],
    );
    git(&project.path("."), &["push", "-q", "origin", "main"]);
    bare
}

fn clone(bare: &Path) -> TempDir {
    let folder = TempDir::new().unwrap();
    git(folder.path(), &["clone", "-q", bare.to_str().unwrap(), "."]);
    git(folder.path(), &["config", "user.name", "Bot"]);
    git(folder.path(), &["config", "user.email", "bot@example.org"]);
    folder
}

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut all = vec!["-C", folder.to_str().unwrap()];
    all.extend(arguments);
    run(&all)
}

#[test]
fn pushing_goes_on_from_what_the_remote_has() {
    let project = branches();
    let bare = remote(&project);
    let told = ok(&project, &["commit", "--push"]);
    assert!(told.contains("env/dev: pushed to origin"), "{told}");
    let there = |name: &str| git(bare.path(), &["rev-parse", name]).trim().to_owned();
    assert_eq!(there("env/prod"), tip(&project, "env/prod"));
    assert!(
        git(
            bare.path(),
            &["notes", "--ref=hydrator.metadata", "show", "env/prod"]
        )
        .contains("drySha")
    );
    let told = ok(&project, &["commit", "--push"]);
    assert!(
        told.contains("env/dev: nothing changed") && !told.contains("pushed"),
        "{told}"
    );

    // Another clone, which has no such branches.
    let other = clone(bare.path());
    fs::write(other.path().join("values/prod.yaml"), "x: 'other'\n").unwrap();
    git(other.path(), &["commit", "-q", "-am", "other"]);
    let first = there("env/prod");
    let told = run_in(other.path(), &["commit", "--push"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert_eq!(there("env/prod^"), first);
    git(other.path(), &["push", "-q", "origin", "main"]);

    // The first one has fallen behind, and must not take the branch back.
    fails(&project, &["commit", "--push", "origin"], "is made of");
    // It knows the later source only once it has it.
    git(
        &project.path("."),
        &["pull", "-q", "--ff-only", "origin", "main"],
    );
    let last = there("env/prod");
    let told = ok(&project, &["commit", "--push"]);
    assert!(told.contains("env/prod: nothing changed"), "{told}");
    assert_eq!(there("env/prod"), last);
    is_clean(bare.path());
    is_clean(&project.path("."));
}

#[test]
fn whoever_is_second_at_the_remote_tries_again() {
    let project = branches();
    let bare = remote(&project);
    ok(&project, &["commit", "--push"]);
    // While the next push is under way, somebody adds a file.
    let folder = clone(bare.path());
    git(folder.path(), &["switch", "-q", "env/prod"]);
    fs::write(folder.path().join("README.md"), "by hand").unwrap();
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-q", "-m", "by hand"]);
    git(
        folder.path(),
        &["push", "-q", "origin", "HEAD:refs/heads/parked"],
    );
    let hook = bare.path().join("hooks/pre-receive");
    fs::write(&hook, "#!/bin/sh\n[ -e moved ] && exit 0\ntouch moved\nenv -u GIT_QUARANTINE_PATH git update-ref refs/heads/env/prod refs/heads/parked\n").unwrap();
    assert!(
        Command::new("chmod")
            .arg("+x")
            .arg(&hook)
            .status()
            .unwrap()
            .success()
    );
    project.write("values/prod.yaml", b"x: 'next'\n");
    save(&project, "next");
    let told = ok(&project, &["commit", "--push"]);
    assert!(bare.path().join("moved").exists());
    assert!(told.contains("env/prod: pushed to origin"), "{told}");
    assert_eq!(
        git(bare.path(), &["rev-parse", "env/prod^"]),
        git(bare.path(), &["rev-parse", "parked"])
    );
    assert!(git(bare.path(), &["ls-tree", "--name-only", "env/prod"]).contains("README.md"));
    assert_eq!(
        git(bare.path(), &["rev-parse", "env/prod"]).trim(),
        tip(&project, "env/prod")
    );

    // One that does not want the branch says so.
    fs::write(&hook, "#!/bin/sh\necho protected >&2\nexit 1\n").unwrap();
    project.write("values/prod.yaml", b"x: 'last'\n");
    save(&project, "last");
    let before = tip(&project, "env/prod");
    fails(
        &project,
        &["commit", "--push"],
        "`origin` does not take `env/prod`: ",
    );
    assert_eq!(tip(&project, "env/prod"), before);
    fails(&project, &["commit", "--push", "nowhere"], "git: ");
    fails(&project, &["commit", "--push=--upload-pack=x"], "git: ");
}

#[test]
fn no_branch_can_stand_beside_one_whose_name_is_its_folder() {
    let project = branches();
    let bare = remote(&project);
    for (pattern, words) in [
        (
            "main/{environment}",
            "`origin` has a branch `main`, and so there can be no `main/dev`",
        ),
        (
            "{environment}",
            "`origin` has a branch `dev/x`, and so there can be no `dev`",
        ),
    ] {
        git(bare.path(), &["branch", "-f", "dev/x", "main"]);
        fails(&project, &["commit", "--push", "--branch", pattern], words);
    }
}

#[test]
fn branches_that_are_a_mirror_of_the_remote_follow_by_themselves() {
    let project = branches();
    let bare = remote(&project);
    let refspec = "+refs/heads/env/*:refs/heads/env/*";
    git(
        &project.path("."),
        &["config", "remote.origin.fetch", refspec],
    );
    for value in ["1", "2"] {
        project.write("values/prod.yaml", format!("x: '{value}'\n").as_bytes());
        save(&project, value);
        ok(&project, &["commit", "--push"]);
        let there = git(bare.path(), &["rev-parse", "env/prod"]);
        assert_eq!(there.trim(), tip(&project, "env/prod"));
    }
}

#[test]
fn a_project_in_a_folder_of_its_repository_is_committed_too() {
    let project = Project::new(&[
        ("tympan.yaml", "{}\n"),
        ("sub/tympan.yaml", "{}\n"),
        ("sub/values/dev.yaml", "{}\n"),
        ("sub/templates/demo/x.yaml", OBJECT),
    ]);
    let folder = project.path(".");
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["config", "user.name", "Ann"]);
    git(&folder, &["config", "user.email", "ann@example.org"]);
    save(&project, "begin");
    git(&folder, &["switch", "-q", "--detach"]);
    let sub = project.path("sub");
    let told = run_in(&sub, &["commit", "--branch", "main"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let files = git(&folder, &["ls-tree", "-r", "--name-only", "main"]);
    assert!(
        files.contains("sub/rendered/dev/demo/configmap-a.yaml"),
        "{files}"
    );
    fs::write(sub.join("values/dev.yaml"), "x: '1'\n").unwrap();
    let told = run_in(&sub, &["commit", "--branch", "{environment}"]);
    assert!(
        told.stderr.contains("`values/dev.yaml` is not as"),
        "{}",
        told.stderr
    );
}
