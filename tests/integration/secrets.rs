//! Secrets in the clear are found wherever they come from, and no report shows them, nor how long they are.

use tympan::report::FORMATS;

use crate::program::run;
use crate::project::Project;

/// Files in which a secret stands in every way it can; `@` is the secret.
const FILES: &[(&str, &str)] = &[
    (
        "templates/_lib.yaml",
        "{% macro variable(name, value) %}\n- name: {{ name }}\n  value: {{ value }}\n{% endmacro %}\n",
    ),
    (
        "templates/demo/literal.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: literal}\ndata:\n  DB_PASSWORD: @\n  flow.json: '{\"password\": \"@\"}'\n  app.ini: |\n    a = b\n    password = @\n  app.yaml: |\n    db:\n      user: b\n      password: |\n        @\n  pgpass: |\n    db:5432:app:app:@\n  userlist.txt: |\n    \"app\" \"@\"\n",
    ),
    (
        "templates/demo/pod.yaml",
        "{% from '_lib.yaml' import variable %}\napiVersion: v1\nkind: Pod\nmetadata: {name: pod}\nspec:\n  containers:\n  - name: a\n    image: a:1\n    args: [--requirepass, @]\n    command: [sh, -c, 'mysql -uroot -p@']\n    env:\n    {{ variable('A_PASSWORD', '@') | indent(4) }}\n    {{ variable('B_PASSWORD', values.db.password) | indent(4) }}\n    - {name: C_PASSWORD, value: \"{{ values.db.password }}\"}\n    - {name: URL, value: \"postgres://a:{{ values.db.password }}@db/a\"}\n    - {name: HALF, value: \"postgres://a:@{{ values.db.half }}@db/a\"}\n    - {name: D_PASSWORD, value: {{ '@' }}}\n",
    ),
    (
        "templates/demo/secret.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {a-b: '@', c: {{ values.db.password }}}\ndata: {d: {{ values.db.password | b64encode }}, bad: '@!'}\n",
    ),
    (
        "templates/demo/secret-type.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: other}\ntype: kubernetes.io/tls\nstringData: {number: {{ values.db.number }}, 'a b': '@'}\n",
    ),
    (
        "values/dev.yaml",
        "db:\n  password: @\n  half: x\n  number: 1\n  unused: {password: '@'}\n",
    ),
];

fn project(secret: &str) -> Project {
    let filled = FILES.iter().map(|(path, text)| {
        // What stands before `db` is no secret's place.
        let text = text.replace("@db", "\u{1}").replace('@', secret);
        (*path, text.replace('\u{1}', "@db"))
    });
    let filled: Vec<(&str, String)> = filled.collect();
    let files: Vec<(&str, &str)> = filled
        .iter()
        .map(|(path, text)| (*path, text.as_str()))
        .collect();
    Project::new(&files)
}

/// Reports in every format. The secrets of these tests are not those of the rules' pages, which SARIF quotes.
fn reports(secret: &str) -> Vec<String> {
    let project = project(secret);
    let outputs = FORMATS
        .iter()
        .map(|(format, _, _)| project.run(&["check", "--format", format]));
    outputs
        .map(|output| output.stdout + &output.stderr)
        .collect()
}

#[test]
fn no_report_shows_a_secret_nor_how_long_it_is() {
    let (short, long) = ("Hoerro2024", "Hoerro2024AndMuchLonger77");
    for (one, other) in reports(short).into_iter().zip(reports(long)) {
        assert!(!one.contains("Hoerro") && !one.contains("SG9lcn"), "{one}");
        assert_eq!(one, other);
    }
}

#[test]
fn they_are_found_wherever_they_come_from() {
    let findings = project("Hoerro2024").findings();
    let of_family = findings.iter().filter(|finding| {
        let rule = finding["rule"].as_str().unwrap();
        rule.starts_with("secret/")
    });
    let told: Vec<String> = of_family
        .map(|finding| {
            format!(
                "{} {}:{} {}",
                finding["rule"].as_str().unwrap(),
                finding["location"]["file"].as_str().unwrap(),
                finding["location"]["line"],
                finding["field"].as_str().unwrap(),
            )
        })
        .collect();
    let pod = "templates/demo/pod.yaml";
    let container = "spec.containers[0]";
    assert_eq!(
        told,
        [
            "secret/literal templates/_lib.yaml:3 spec.containers[0].env[0].value",
            "secret/literal templates/_lib.yaml:3 spec.containers[0].env[1].value",
            "secret/literal templates/demo/literal.yaml:5 data.DB_PASSWORD",
            "secret/literal templates/demo/literal.yaml:6 data[flow.json]",
            "secret/literal templates/demo/literal.yaml:7 data[app.ini]",
            "secret/literal templates/demo/literal.yaml:10 data[app.yaml]",
            "secret/literal templates/demo/literal.yaml:15 data.pgpass",
            "secret/literal templates/demo/literal.yaml:17 data[userlist.txt]",
            &format!("secret/literal {pod}:9 {container}.args[0]"),
            &format!("secret/literal {pod}:10 {container}.command[2]"),
            &format!("secret/literal {pod}:14 {container}.env[2].value"),
            &format!("secret/address {pod}:15 {container}.env[3].value"),
            &format!("secret/address {pod}:16 {container}.env[4].value"),
            &format!("secret/literal {pod}:17 {container}.env[5].value"),
            "secret/manifest templates/demo/secret-type.yaml:5 stringData[a b]",
            "secret/manifest templates/demo/secret.yaml:5 data.d",
        ]
    );
    let errors = findings
        .iter()
        .filter(|finding| finding["severity"] == "error");
    assert!(errors.count() >= told.len());
}

#[test]
fn plain_manifests_are_warned_of() {
    let text = FILES[1].1.replace('@', "Hoerro2024");
    let project = Project::new(&[("a.yaml", text.as_str())]);
    let path = project.path("a.yaml");
    let output = run(&["check", path.to_str().unwrap()]);
    assert_eq!(output.code, 0, "{}", output.stdout);
    assert!(
        output.stdout.contains("warning[secret/literal]"),
        "{}",
        output.stdout
    );
}

#[test]
fn a_line_that_cannot_be_read_hides_them_too() {
    let project = Project::new(&[("a.yaml", "kind: A\nspec:\n  password: \"Hoerro2024\n")]);
    let path = project.path("a.yaml");
    for (format, _, _) in FORMATS {
        let output = run(&["check", path.to_str().unwrap(), "--format", format]);
        assert!(output.stdout.contains("yaml/syntax"), "{}", output.stdout);
        assert!(!output.stdout.contains("Hoerro"), "{}", output.stdout);
    }
}

#[test]
fn other_families_do_not_tell_them_either() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ntype: kubernetes.io/dockerconfigjson\ndata: {pin: 0777123, .dockerconfigjson: Hoerro}\nstringData: {time: 12:30:45}\n";
    let project = Project::new(&[("a.yaml", text)]);
    let path = project.path("a.yaml");
    for (format, _, _) in FORMATS {
        let output = run(&["check", path.to_str().unwrap(), "--format", format]).stdout;
        for rule in [
            "yaml/ambiguous-scalar",
            "schema/type",
            "schema/format",
            "secret/manifest",
        ] {
            assert!(output.contains(rule), "{output}");
        }
        for secret in ["777123", "261715", "12:30:45", "Hoerro"] {
            assert!(!output.contains(secret), "{output}");
        }
    }
}

#[test]
fn what_a_secret_holds_elsewhere_is_not_shown_either() {
    let applied = "metadata: {name: a, nmae: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{\"data\": {\"a\": \"Hoerro\"}}'}}";
    for body in [
        "metadata: {name: a}\nstringdata: {a: Hoerro, b: [Hoerro]}",
        "metadata: {name: a}\nDATA: Hoerro",
        "metadata: {name: a}\nstringDatas: {x: {y: Hoerro}}",
        applied,
    ] {
        let text = format!("apiVersion: v1\nkind: Secret\n{body}\n");
        let project = Project::new(&[("a.yaml", text.as_str())]);
        let path = project.path("a.yaml");
        for (format, _, _) in FORMATS {
            let output = run(&["check", path.to_str().unwrap(), "--format", format]).stdout;
            assert!(!output.contains("Hoerro"), "{output}");
        }
    }
}
