//! A check, a rendering and a list of connections in several parts give what one run gives.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use crate::program::Output;
use crate::project::Project;
use crate::schemas::fits_the_report;
use crate::{formats, mistakes};

/// Reports of shards, in a folder of their own: beside manifests they would be some, too.
struct Reports {
    folder: TempDir,
    count: usize,
}

impl Reports {
    /// Checks a project in so many shards.
    fn new(project: &Project, count: usize, arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let reports = Self { folder, count };
        for index in 0..count {
            let shard = format!("{index}/{count}");
            let path = reports.path(index);
            let own = ["--shard", &shard, "--format", "json", "-o", &path];
            let output = project.run(&[&["check"], arguments, &own].concat());
            assert!(output.code <= 1, "{}", output.stderr);
        }
        reports
    }

    fn path(&self, index: usize) -> String {
        let path = self.folder.path().join(format!("{index}.json"));
        path.to_str().unwrap().to_owned()
    }

    fn paths(&self) -> Vec<String> {
        (0..self.count).map(|index| self.path(index)).collect()
    }

    fn read(&self) -> Vec<Value> {
        let texts = self
            .paths()
            .into_iter()
            .map(|path| fs::read_to_string(path).unwrap());
        texts
            .map(|text| serde_json::from_str(&text).unwrap())
            .collect()
    }
}

fn merge(project: &Project, reports: &[String], arguments: &[&str]) -> Output {
    let reports: Vec<&str> = reports.iter().map(String::as_str).collect();
    project.run(&[&["check"], arguments, &["--merge"], &reports].concat())
}

/// Checks in shards and in one run, and compares what is told. Returns how many findings the shards have.
fn agrees(project: &Project, count: usize, arguments: &[&str]) -> usize {
    let reports = Reports::new(project, count, arguments);
    for format in ["json", "text"] {
        let arguments = [arguments, &["--format", format]].concat();
        let joined = merge(project, &reports.paths(), &arguments);
        let whole = project.run(&[&["check"], arguments.as_slice()].concat());
        assert_eq!(joined.stdout, whole.stdout, "{count} shards, {format}");
        assert_eq!(joined.code, whole.code, "{}", joined.stderr);
        assert_eq!(joined.stderr, whole.stderr);
    }
    let reports = reports.read().into_iter().inspect(fits_the_report);
    reports
        .map(|report| report["findings"].as_array().unwrap().len())
        .sum()
}

#[test]
fn the_reports_of_shards_are_joined_to_that_of_one_run() {
    let project = mistakes::project();
    for count in [1, 2, 5] {
        assert!(agrees(&project, count, &[]) > 0);
    }
    assert!(
        agrees(
            &project,
            3,
            &["-e", "prod", "--kubernetes", "1.31", "--kubernetes", "1.34"]
        ) > 0
    );
}

#[test]
fn what_cannot_be_rendered_is_told_by_every_shard_and_once_in_the_end() {
    for project in formats::broken() {
        agrees(&project, 3, &["--today", "2027-06-30"]);
    }
    let project = Project::new(&[
        ("templates/shop/a.yaml", "a: {{ values.missing }}\n"),
        (
            "templates/shop/b.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\nimmutable: yes please\n",
        ),
    ]);
    for report in Reports::new(&project, 2, &[]).read() {
        let findings = report["findings"].as_array().unwrap();
        assert!(
            findings
                .iter()
                .any(|one| one["rule"] == "template/undefined"),
            "{report:#}"
        );
    }
    agrees(&project, 2, &[]);
}

/// The rest of a policy's `spec`, and of its binding's after a bar, for [`policy`].
const PARAMS: &str = "  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations: [{expression: 'params.data.x == \"1\"'}]|  paramRef: {name: p, parameterNotFoundAction: Deny}\n";

/// Makes a policy about Services, and its binding.
fn policy(name: &str, spec: &str) -> String {
    let (policy, bound) = spec.split_once('|').unwrap();
    format!(
        "---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {{name: {name}}}
spec:
  matchConstraints: {{resourceRules: [{{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [services]}}]}}
{policy}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec:
  policyName: {name}
  validationActions: [Deny]
{bound}
"
    )
}

/// Objects of many namespaces, and policies that leave something to be told of all of them.
fn manifests() -> Project {
    let mut text =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p, namespace: other}\n".to_owned();
    for number in 0..40 {
        let namespace = number % 7;
        write!(
            text,
            "---
apiVersion: v1
kind: Service
metadata: {{name: web-{number}, namespace: shop-{namespace}}}
spec: {{selector: {{app: web}}, ports: [{{port: 8{number}}}]}}
---
apiVersion: v1
kind: Secret
metadata: {{name: s-{number}, namespace: shop-1}}
stringData: {{password: hunter2hunter{number}}}
special: {{password: hunter2hunter{number}}}
"
        )
        .unwrap();
    }
    let policies = [
        policy(
            "port",
            "  validations: [{expression: 'object.spec.ports.all(p, p.port != 812)'}]|",
        ),
        policy(
            "namespace",
            "  validations: [{expression: 'namespaceObject.metadata.labels.team != \"\"'}]|",
        ),
        policy("params", PARAMS),
        policy("wrong", "  validations: [{expression: 'object.spec.'}]|"),
    ];
    let project = Project::new(&[("in/objects.yaml", &text)]);
    project.write("policies/all.yaml", policies.concat().as_bytes());
    project
}

/// Returns what a rule says when shards are joined.
fn joined(project: &Project, rule: &str, arguments: &[&str]) -> Vec<String> {
    let reports = Reports::new(project, 3, arguments);
    let arguments = [arguments, &["--format", "json"]].concat();
    let joined = merge(project, &reports.paths(), &arguments);
    let joined: Value = serde_json::from_str(&joined.stdout).unwrap();
    let findings = joined["findings"].as_array().unwrap().iter();
    let told = findings.filter(|one| one["rule"] == rule);
    told.map(|one| one["message"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn what_policies_say_of_all_objects_is_told_once() {
    let project = manifests();
    let arguments = ["in", "--policies", "policies"];
    for count in [2, 7] {
        assert!(agrees(&project, count, &arguments) > 40);
    }
    for rule in ["policy/namespace", "policy/params"] {
        let told = joined(&project, rule, &arguments);
        assert_eq!(told.len(), 1, "{told:?}");
        let both = "not decided for `shop-0/Service/web-0` and ";
        assert!(told[0].contains(both), "{told:?}");
    }
}

#[test]
fn namespaces_without_params_are_told_once() {
    let service =
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n";
    let params = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: p}\ndata: {x: '1'}\n";
    let project = Project::new(&[
        ("templates/shop-0/params.yaml", params),
        ("policies/params.yaml", &policy("params", PARAMS)),
    ]);
    for number in 0..7 {
        let path = format!("templates/shop-{number}/web.yaml");
        project.write(&path, service.as_bytes());
    }
    agrees(&project, 4, &[]);
    let told = joined(&project, "policy/params", &[]);
    let expected = "there is no `ConfigMap` `p` in the namespace `shop-1`, nor in 5 more: without params the policy refuses `shop-1/Service/web`";
    assert_eq!(told, [expected]);
}

#[test]
fn no_shard_tells_a_secret() {
    let project = manifests();
    let arguments = ["in", "--policies", "policies"];
    let reports = Reports::new(&project, 3, &arguments);
    for report in reports.read() {
        let text = report.to_string();
        assert!(text.contains("secret/"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let text = merge(&project, &reports.paths(), &arguments).stdout;
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn every_object_is_checked_by_one_shard() {
    let reports = Reports::new(&manifests(), 4, &["in"]).read().into_iter();
    let checked = reports.map(|report| {
        assert_eq!(report["summary"]["documents"], 81);
        report["summary"]["checked"].as_u64().unwrap()
    });
    let checked: Vec<u64> = checked.collect();
    assert_eq!(checked.iter().sum::<u64>(), 81);
    assert!(checked.iter().all(|count| *count > 5), "{checked:?}");
}

#[test]
fn reports_that_do_not_belong_together_are_refused() {
    let project = manifests();
    let reports = Reports::new(&project, 3, &["in"]);
    let other = Reports::new(&project, 3, &["in", "--kubernetes", "1.31"]).read();
    let extra = TempDir::new().unwrap();
    let write = |name: &str, report: &Value| {
        let path = extra.path().join(name);
        fs::write(&path, report.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let other = write("other.json", &other[2]);
    let whole = project.run(&["check", "in", "--format", "json"]).stdout;
    let whole = write("whole.json", &serde_json::from_str(&whole).unwrap());
    // One that names a place that is not there.
    let mut moved = reports.read().swap_remove(1);
    moved["findings"][0]["location"]["line"] = Value::from(1_000_000);
    let moved = write("moved.json", &moved);
    let mut elsewhere = reports.read().swap_remove(1);
    elsewhere["findings"][0]["environment"] = Value::from("moon");
    let elsewhere = write("elsewhere.json", &elsewhere);
    let missing = reports.path(7);
    let [a, b, c] = [0, 1, 2].map(|index| reports.path(index));
    let cases: [(&[&String], &str); 8] = [
        (&[&a, &c], "there is no report of shard 1/3"),
        (&[&a], "there is no report of shard 1/3, 2/3"),
        (&[&a, &b, &b, &c], "are both of shard 1/3"),
        (&[&a, &b, &whole], "this is a report of no shard"),
        (&[&a, &b, &missing], "7.json`: No such file"),
        (&[&a, &b, &other], "is not about what is here"),
        (&[&a, &moved, &c], "names line 1000000"),
        (&[&a, &elsewhere, &c], "names the environment `moon`"),
    ];
    for (reports, told) in cases {
        let reports: Vec<String> = reports.iter().map(|name| (*name).clone()).collect();
        let output = merge(&project, &reports, &["in"]);
        assert_eq!(output.code, 2, "{told}: {}", output.stdout);
        assert_eq!(output.stdout, "");
        assert!(output.stderr.contains(told), "{told}: {}", output.stderr);
    }
    // A change of a file after the shards have run.
    project.write(
        "in/more.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n",
    );
    let output = merge(&project, &reports.paths(), &["in"]);
    let told = "is not about what is here";
    assert!(output.stderr.contains(told), "{}", output.stderr);
}

#[test]
fn rendering_in_parts_gives_the_files_of_one_run() {
    let whole = mistakes::project();
    assert_eq!(whole.run(&["render", "-q"]).code, 0);
    let parts = mistakes::project();
    for index in ["2/3", "0/3", "1/3"] {
        assert_eq!(parts.run(&["render", "-q", "--shard", index]).code, 0);
        assert_eq!(
            parts
                .run(&["render", "-q", "--check", "--shard", index])
                .code,
            0
        );
    }
    assert_eq!(parts.rendered(), whole.rendered());
    // What is printed in parts is what is printed at once.
    let documents = |arguments: &[&str]| -> Vec<String> {
        let printed = parts
            .run(&[&["render", "--stdout"], arguments].concat())
            .stdout;
        printed
            .split("---\n")
            .map(str::to_owned)
            .filter(|text| !text.is_empty())
            .collect()
    };
    let shards = ["0/2", "1/2"].map(|shard| documents(&["--shard", shard]));
    assert!(shards.iter().all(|shard| shard.len() > 5));
    let both: BTreeSet<String> = shards.concat().into_iter().collect();
    assert_eq!(both, documents(&[]).into_iter().collect());
    assert_eq!(shards.concat().len(), both.len());
    // What is rendered no more is removed by the first shard.
    fs::remove_file(parts.path("templates/argocd/redis.yaml")).unwrap();
    assert_eq!(parts.run(&["render", "--check", "--shard", "1/2"]).code, 0);
    let output = parts.run(&["render", "--check", "--shard", "0/2"]);
    assert_eq!(output.code, 1);
    assert!(
        output.stdout.contains("no longer rendered"),
        "{}",
        output.stdout
    );
}

#[test]
fn connections_in_parts_are_those_of_one_run() {
    let project = mistakes::project();
    let lines = |arguments: &[&str]| -> Vec<String> {
        let output = project.run(&[&["network", "-e", "prod"], arguments].concat());
        assert_eq!(output.code, 0, "{}", output.stderr);
        output.stdout.lines().map(str::to_owned).collect()
    };
    let parts: Vec<String> = ["0/3", "1/3", "2/3"]
        .iter()
        .flat_map(|shard| lines(&["--shard", shard]))
        .collect();
    let mut sorted = parts.clone();
    sorted.sort();
    let mut whole = lines(&[]);
    whole.sort();
    assert_eq!(sorted, whole);
    assert!(whole.len() > 5);
}

#[test]
fn the_jobs_of_the_documentation_are_clean() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/scale.md")).unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").unwrap().0);
    let manifests: Vec<&str> = blocks
        .filter(|block| block.starts_with("apiVersion"))
        .collect();
    assert_eq!(manifests.len(), 2);
    let project = Project::new(&[("in/jobs.yaml", &manifests.join("---\n"))]);
    let output = project.run(&[
        "check",
        "in",
        "--pod-security",
        "restricted",
        "--fail-on",
        "note",
    ]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    // The same pods, but for what the program is asked to do.
    let pods = manifests.iter().map(|text| {
        let (_, pod) = text.rsplit_once("  template:\n").unwrap();
        let lines = pod.lines().filter(|line| !line.contains("args: [-C"));
        lines
            .map(|line| line.replace(", readOnly: true}]", "}]"))
            .collect::<Vec<_>>()
    });
    let pods: Vec<Vec<String>> = pods.collect();
    assert_eq!(pods[0], pods[1]);
}

#[test]
fn reports_are_files_or_folders_of_them() {
    let project = manifests();
    let reports = Reports::new(&project, 3, &["in"]);
    let folder = reports.folder.path().to_str().unwrap();
    let whole = project.run(&["check", "in"]);
    let joined = project.run(&["check", "in", "--merge", folder]);
    assert_eq!((joined.stdout, joined.code), (whole.stdout, whole.code));
    let empty = TempDir::new().unwrap();
    let output = project.run(&["check", "in", "--merge", empty.path().to_str().unwrap()]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("there is no report in"),
        "{}",
        output.stderr
    );
}
