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

const WORKLOAD: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: {{ values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: {{ values.image }}
";

const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: demo}\n";

const IMAGES: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: images}
spec:
  failurePolicy: Fail
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: object.spec.containers.all(c, c.image.startsWith(params.data.registry))
    messageExpression: \"'images come from ' + params.data.registry\"
";

/// The findings of policies: severity, environment, field, message, and the line of their place.
fn of_policies(findings: &[serde_json::Value]) -> Vec<String> {
    let text =
        |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or("-").to_owned();
    let of = findings.iter().filter(|finding| {
        let rule = finding["rule"].as_str().unwrap();
        rule.starts_with("policy/") && rule != "policy/parity" || rule == "api/expression"
    });
    let lines = of.map(|finding| {
        format!(
            "{} {} {} {} {}:{} {}",
            text(finding, "severity"),
            text(finding, "rule"),
            text(finding, "environment"),
            text(finding, "field"),
            finding["location"]["file"].as_str().unwrap(),
            finding["location"]["line"],
            text(finding, "message"),
        )
    });
    lines.collect()
}

#[test]
fn policies_of_a_project_refuse_in_every_environment() {
    let registry = |name: &str| {
        PARAMS.replace(
            "environment: dev",
            &format!("registry: {name}.example.org/"),
        )
    };
    let project = Project::new(&[
        (
            "tympan.yaml",
            "environments: {prod: {policy-actions: [Audit]}}\n",
        ),
        ("values/common.yaml", "replicas: 2\n"),
        ("values/dev.yaml", "image: dev.example.org/web:1\n"),
        ("values/prod.yaml", "image: dev.example.org/web:1\n"),
        ("templates/demo/web.yaml", WORKLOAD),
        ("templates/demo/namespace.yaml", NAMESPACE),
        ("policies/images.yaml", IMAGES),
        ("policies/dev/params.yaml", &registry("dev")),
        ("policies/prod/params.yaml", &registry("prod")),
    ]);
    let findings = project.findings();
    let field = "spec.template.spec.containers[0].image";
    let expected = format!(
        "error policy/images prod {field} templates/demo/web.yaml:12 images come from prod.example.org/ (in the pods of this Deployment)"
    );
    assert_eq!(of_policies(&findings), [expected]);
    let finding = findings
        .iter()
        .find(|finding| finding["rule"] == "policy/images")
        .unwrap();
    assert_eq!(
        finding["rendered"]["file"],
        "rendered/prod/demo/deployment-web.yaml"
    );
    let related = finding["related"].as_array().unwrap().iter();
    let related: Vec<String> = related
        .map(|place| format!("{}:{}", place["file"].as_str().unwrap(), place["line"]))
        .collect();
    assert_eq!(related, ["values/prod.yaml:1", "policies/images.yaml:11"]);
    assert_eq!(project.run(&["check"]).code, 1);
    // The severity of a policy is the project's to say, as that of any rule.
    project.write("tympan.yaml", b"rules: {policy/images: warning}\n");
    assert!(of_policies(&project.findings())[0].starts_with("warning "));
    // Without its params, a policy is not passed over.
    project.write("policies/prod/params.yaml", b"");
    let told = of_policies(&project.findings());
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("there is no `ConfigMap` at all: without params the policy `images` refuses every object that it is about"), "{told:?}");
}

const REPLICAS: &str = "\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: replicas}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}
  validations:
  - expression: object.spec.replicas <= 5
    message: at most five replicas
";

/// Plain manifests with policies beside them.
fn plain() -> Project {
    let object = WORKLOAD
        .replace("{{ values.replicas }}", "9")
        .replace("{{ values.image }}", "web:1");
    let before = object.replace("replicas: 9", "replicas: 8");
    let tests = "policy: replicas\ncases: []\n";
    Project::new(&[
        ("web.yaml", &object),
        ("policies/replicas.yaml", REPLICAS),
        // What a project has beside its policies is no policy.
        ("policies/flows.yaml", "flows: []\n"),
        ("policies/tests/replicas.yaml", tests),
        ("old/web.yaml", &before),
    ])
}

fn check(project: &Project, more: &[&str]) -> Vec<String> {
    let mut all = vec!["check", "web.yaml", "--format", "json"];
    all.extend(more);
    let output = project.run(&all);
    let report: serde_json::Value =
        serde_json::from_str(&output.stdout).unwrap_or_else(|_| panic!("{}", output.stderr));
    of_policies(report["findings"].as_array().unwrap())
}

#[test]
fn policies_beside_plain_manifests_refuse_what_they_are_about() {
    let project = plain();
    let told = "error policy/replicas - spec.replicas web.yaml:5 at most five replicas";
    assert_eq!(check(&project, &[]), [""; 0]);
    assert_eq!(check(&project, &["--policies", "policies"]), [told]);
    assert_eq!(
        check(
            &project,
            &["--policies", "policies/replicas.yaml", "--base", "old"]
        ),
        [told]
    );
}

#[test]
fn what_is_wrong_with_policies_beside_plain_manifests_is_told_at_its_line() {
    let project = plain();
    let with = |text: &str| project.write("policies/replicas.yaml", text.as_bytes());
    let run = || project.run(&["check", "web.yaml", "--policies", "policies"]);
    with(&REPLICAS.replace("object.spec", "objet.spec"));
    assert_eq!(
        check(&project, &["--policies", "policies"]),
        [
            "error api/expression - spec.validations[0].expression policies/replicas.yaml:9 `objet` is not declared; did you mean `object`? (column 1 of the expression)"
        ]
    );
    for (text, rule) in [
        (
            REPLICAS.replace("validations:", "validation:"),
            "error[schema/unknown-field]",
        ),
        ("a: [\n".to_owned(), "error[yaml/syntax]"),
    ] {
        with(&text);
        let output = run();
        assert!(output.stdout.contains(rule), "{}", output.stdout);
        assert_eq!(output.code, 1);
    }
    with("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b}\n");
    let output = run();
    assert_eq!(output.code, 2, "{}", output.stdout);
    let told = "`--policies` names no policy";
    assert!(output.stderr.contains(told), "{}", output.stderr);
    let nowhere = project.run(&["check", "web.yaml", "--policies", "nowhere"]);
    assert_eq!(nowhere.code, 2);
}
