//! The policies of a project: written beside what templates make, with their bindings.

use crate::project::Project;

const POLICY: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: owned, labels: {team: platform}}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: object.metadata.?labels[?'owner'].hasValue()
    message: every Deployment has an owner
";

const PARAMS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: limits, namespace: demo}
data: {environment: dev}
";

fn rendered(project: &Project) -> Vec<(String, String)> {
    let output = project.run(&["render"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    let texts = project.rendered().into_iter().map(|(path, bytes)| {
        let text = String::from_utf8(bytes).unwrap();
        (path, text)
    });
    texts
        .filter(|(path, _)| !path.ends_with(".ledger"))
        .collect()
}

fn text<'t>(files: &'t [(String, String)], path: &str) -> &'t str {
    let found = files.iter().find(|(own, _)| own == path);
    &found.unwrap_or_else(|| panic!("{path} in {files:?}")).1
}

#[test]
fn policies_are_written_with_bindings_of_each_environment() {
    let project = Project::new(&[
        (
            "tympan.yaml",
            "environments: {prod: {policy-actions: [Warn, Audit]}}\n",
        ),
        ("values/prod.yaml", "{}\n"),
        ("policies/owned.yaml", POLICY),
        ("policies/dev/params.yaml", PARAMS),
        (
            "policies/prod/params.yaml",
            &PARAMS.replace("environment: dev", "environment: prod"),
        ),
    ]);
    let files = rendered(&project);
    let policy = "_cluster/validatingadmissionpolicy-owned.yaml";
    assert_eq!(
        text(&files, &format!("dev/{policy}")),
        text(&files, &format!("prod/{policy}"))
    );
    assert!(text(&files, "dev/demo/configmap-limits.yaml").contains("environment: dev"));
    assert!(text(&files, "prod/demo/configmap-limits.yaml").contains("environment: prod"));
    let binding = |actions: &str| {
        format!(
            "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: owned
  labels:
    team: platform
spec:
  policyName: owned
  paramRef:
    name: limits
    namespace: demo
    parameterNotFoundAction: Deny
  validationActions:
{actions}"
        )
    };
    let path = "_cluster/validatingadmissionpolicybinding-owned.yaml";
    assert_eq!(text(&files, &format!("dev/{path}")), binding("  - Deny\n"));
    assert_eq!(
        text(&files, &format!("prod/{path}")),
        binding("  - Warn\n  - Audit\n")
    );
    assert_eq!(project.run(&["render", "--check"]).code, 0);
    // What one folder makes is not the policies.
    let output = project.run(&["render", "-n", "demo"]);
    assert!(
        output.stderr.contains("there is no folder"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_binding_of_ones_own_is_kept_but_for_its_actions() {
    let binding = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: in-demo}
spec:
  policyName: owned
  validationActions: [Audit]
  matchResources: {namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: demo}}}
";
    let files = [
        ("policies/owned.yaml", POLICY),
        ("policies/binding.yaml", binding),
        ("policies/dev/params.yaml", PARAMS),
    ];
    let path = "dev/_cluster/validatingadmissionpolicybinding-in-demo.yaml";
    let kept = rendered(&Project::new(&files));
    assert!(text(&kept, path).contains("validationActions:\n  - Audit\n"));
    assert!(
        !kept
            .iter()
            .any(|(path, _)| path.ends_with("binding-owned.yaml"))
    );
    let project = Project::new(&files);
    project.write(
        "tympan.yaml",
        b"environments: {dev: {policy-actions: [Deny]}}\n",
    );
    let asked = rendered(&project);
    assert!(text(&asked, path).contains("validationActions:\n  - Deny\n"));
    assert!(text(&asked, path).contains("kubernetes.io/metadata.name: demo"));
}

#[test]
fn what_is_wrong_with_a_policy_is_told_at_its_line() {
    let project = Project::new(&[(
        "policies/owned.yaml",
        &POLICY.replace("failurePolicy: Fail", "failurePolicy: Faill"),
    )]);
    let findings = project.findings();
    let place = findings
        .iter()
        .find(|finding| finding["field"] == "spec.failurePolicy")
        .unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!(place["location"]["file"], "policies/owned.yaml");
    assert_eq!(place["location"]["line"], 5);
    let nowhere = PARAMS.replace(", namespace: demo", "");
    let project = Project::new(&[("policies/params.yaml", &nowhere)]);
    let findings = project.findings();
    assert_eq!(findings[0]["rule"], "template/namespace", "{findings:?}");
    assert_eq!(findings[0]["location"]["file"], "policies/params.yaml");
}

const TESTS: &str = "\
policy: owned
params: {data: {environment: dev}}
cases:
- name: an owner is named
  object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {owner: b}}}
  expect: allow
- name: no owner is named
  object: {apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}
  expect: deny
  message: has an owner
";

#[test]
fn the_unit_tests_of_policies_run() {
    let project = Project::new(&[
        ("policies/owned.yaml", POLICY),
        ("policies/tests/owned.yaml", TESTS),
    ]);
    let output = project.run(&["policy", "test"]);
    assert_eq!(output.code, 0, "{}{}", output.stdout, output.stderr);
    assert_eq!(output.stdout, "2 cases, all as expected\n");
    // The folder alone is enough.
    let output = project.run(&["policy", "test", "policies"]);
    assert_eq!(
        output.stdout, "2 cases, all as expected\n",
        "{}",
        output.stderr
    );
    project.write(
        "policies/tests/owned.yaml",
        TESTS.replace("expect: deny", "expect: allow").as_bytes(),
    );
    let output = project.run(&["policy", "test"]);
    assert_eq!(output.code, 1);
    let told = "policies/tests/owned.yaml:7:9: expected allow, and the policy says deny: \"every Deployment has an owner\"";
    assert!(output.stdout.contains(told), "{}", output.stdout);
    project.write(
        "policies/tests/owned.yaml",
        TESTS.replace("expect: deny", "expcet: deny").as_bytes(),
    );
    let output = project.run(&["policy", "test"]);
    assert_eq!(output.code, 2);
    assert!(
        output.stderr.contains("did you mean `expect`?"),
        "{}",
        output.stderr
    );
}

#[test]
fn a_policy_is_a_rule_that_is_explained() {
    let described = POLICY.replace(
        "labels: {team: platform}",
        "annotations: {kubernetes.io/description: Every Deployment names its owner.}",
    );
    let project = Project::new(&[("policies/owned.yaml", &described)]);
    let output = project.run(&["explain", "policy/owned"]);
    for text in [
        "# policy/owned",
        "Every Deployment names its owner.",
        "every Deployment has an owner",
        "`policies/owned.yaml`",
    ] {
        assert!(output.stdout.contains(text), "{}", output.stdout);
    }
    let list = project.run(&["explain"]);
    assert!(list.stdout.contains("policy/owned"), "{}", list.stdout);
    let output = project.run(&["explain", "policy/owmed"]);
    assert!(
        output.stderr.contains("did you mean `policy/owned`?"),
        "{}",
        output.stderr
    );
}
