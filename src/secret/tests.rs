use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::cluster::Settings;
use crate::manifest::{Scopes, field_path, flatten};
use crate::yaml::{Limits, read};

/// Checks objects and returns what is told: rule, field, message, help, and the hidden texts.
fn told(yaml: &str, whole: bool) -> Vec<Told> {
    let stream = read(&Arc::from(yaml), &Limits::default());
    let documents = stream.documents.into_iter().flat_map(flatten);
    let resources: Vec<Resource> = documents.map(Resource::new).collect();
    let settings = Settings {
        whole,
        ..Settings::default()
    };
    let cluster = Cluster::new(resources.iter().collect(), Scopes::default(), &settings);
    let found = check(&cluster).into_iter().map(|found| {
        let root = resources[found.object].root();
        Told {
            rule: found.fault.rule.as_str().to_owned(),
            severity: found.fault.severity,
            field: field_path(root, found.fault.node),
            at: found.fault.node.as_str().unwrap_or_default().to_owned(),
            message: found.fault.message.clone(),
            help: found.fault.help.as_deref().unwrap_or_default().to_owned(),
            hidden: found
                .hidden
                .iter()
                .filter_map(|node| node.as_str())
                .map(str::to_owned)
                .collect(),
        }
    });
    found.collect()
}

#[derive(Debug)]
struct Told {
    rule: String,
    severity: Severity,
    field: String,
    at: String,
    message: String,
    help: String,
    hidden: Vec<String>,
}

/// Splits a line of words as a shell would, quotes with `\"` in them included.
fn split(words: &str) -> Vec<String> {
    let (mut all, mut word, mut quoted, mut escaped) = (Vec::new(), String::new(), false, false);
    for c in words.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            '\\' if !escaped => escaped = true,
            ' ' if !quoted => all.push(std::mem::take(&mut word)),
            c => {
                escaped = false;
                word.push(c);
            }
        }
    }
    all.push(word);
    all
}

/// Makes an object that holds a text of the tables.
fn object(context: &str, text: &str) -> Value {
    let (kind, file) = context.split_once(' ').unwrap_or((context, ""));
    let pair = || {
        let (name, value) = text.split_once('=').unwrap();
        (name, value.replace("\\n", "\n"))
    };
    match kind {
        "env" => {
            let (name, value) = pair();
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
                "spec": {"containers": [{"name": "c", "env": [{"name": name, "value": value}]}]}})
        }
        "args" => json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
            "spec": {"containers": [{"name": "c", "args": split(text)}]}}),
        "field" => {
            let (name, value) = pair();
            json!({"apiVersion": "example.org/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {name: value}})
        }
        "header" => {
            let (name, value) = pair();
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [{"name": "c",
                "livenessProbe": {"httpGet": {"path": "/", "port": 80, "httpHeaders": [{"name": name, "value": value}]}}}]}})
        }
        "annotation" => {
            let (name, value) = pair();
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "annotations": {name: value}}})
        }
        "file" => {
            let text = text
                .replace("\\\\", "\u{1}")
                .replace("\\n", "\n")
                .replace('\u{1}', "\\");
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {file: text}})
        }
        other => panic!("{other}"),
    }
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter(|line| !line.starts_with('#'))
}

#[test]
fn what_is_no_secret_is_passed_over() {
    let table = include_str!("tests/benign.txt");
    let mut wrong = Vec::new();
    for line in lines(table) {
        let (context, text) = line.split_once(" | ").unwrap();
        let found = told(&object(context, text).to_string(), true);
        if !found.is_empty() {
            wrong.push(format!(
                "{line}: {:?}",
                found.iter().map(|told| &told.message).collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(lines(table).count() >= 150);
}

#[test]
fn what_is_a_secret_is_found_and_never_told() {
    let table = include_str!("tests/leaking.txt").replace("@@", "");
    let mut wrong = Vec::new();
    for line in lines(&table) {
        let mut parts = line.splitn(3, " | ");
        let (rule, context, text) = (
            parts.next().unwrap(),
            parts.next().unwrap(),
            parts.next().unwrap(),
        );
        let found = told(&object(context, text).to_string(), true);
        let rules: Vec<&str> = found.iter().map(|told| told.rule.as_str()).collect();
        if rules != [format!("secret/{rule}")] {
            wrong.push(format!("{line}: {found:#?}"));
        }
        for told in &found {
            assert_eq!(told.severity, Severity::Error);
            assert!(!told.hidden.is_empty(), "{line}");
            for secret in ["Gehoer", "q8Zr3", "k3T9f", "9f86d", "b3BzO"] {
                assert!(
                    !told.message.contains(secret) && !told.help.contains(secret),
                    "{line}"
                );
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines(&table).count() >= 100);
}

/// Makes a line of each finding: its rule, field, the text that is pointed at, and the message.
fn lines_of(yaml: &str) -> Vec<String> {
    let found = told(yaml, true).into_iter();
    found
        .map(|told| {
            let rule = told.rule.trim_start_matches("secret/");
            for hidden in &told.hidden {
                // A report would not show it, and so not say what is wrong.
                let quoted = format!("`{hidden}`");
                assert!(!told.message.contains(&quoted), "{}", told.message);
            }
            format!("{rule} {} [{}] {}", told.field, told.at, told.message)
        })
        .collect()
}

#[test]
fn what_is_said_names_the_place() {
    let yaml = "\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  initContainers:
  - name: i
    command: [sh, -c, 'redis-cli -a Gehoer2024 ping', --x]
  containers:
  - name: c
    args: [--requirepass, Gehoer2024, '--client-secret=Gehoer2024x!']
    env:
    - {name: A_PASSWORD, value: Gehoer2024}
    - {name: B_PASSWORD, value: admin}
    - {name: OPTS, value: '-Dx.password=Gehoer2024 -Dy=z'}
    livenessProbe:
      httpGet: {path: /, port: 80, httpHeaders: [{name: X-Api-Token, value: q8Zr3vTn1LxW7pKd}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  a.ini: |
    password = Gehoer2024
    # password = Gehoer2024
    other_password = Gehoer2024
    third_password = prom-operator
  b: amqp://guest:guest@mq
---
apiVersion: example.org/v1
kind: Thing
metadata: {name: a}
spec: {password: 20240817, nested: [{list: ['https://a:Gehoer2024@b/']}]}
";
    assert_eq!(
        lines_of(yaml),
        [
            "literal spec.initContainers[0].command[2] [redis-cli -a Gehoer2024 ping] `-a` is given its value in the clear",
            "literal spec.containers[0].args[0] [--requirepass] `--requirepass` is given its value in the clear",
            "literal spec.containers[0].args[2] [--client-secret=Gehoer2024x!] `--client-secret` is given its value in the clear",
            "literal spec.containers[0].env[0].value [value] `A_PASSWORD` has its value in the clear",
            "default-password spec.containers[0].env[1].value [value] the password in `B_PASSWORD` is one that is tried first everywhere",
            "literal spec.containers[0].env[2].value [value] `OPTS` gives `-Dx.password` in the clear",
            "literal spec.containers[0].livenessProbe.httpGet.httpHeaders[0].value [value] `X-Api-Token` has its value in the clear",
            "literal data[a.ini] [a.ini] line 1 of `a.ini` gives `password` in the clear; see line 3 too",
            "default-password data[a.ini] [a.ini] the password of `third_password` in line 4 of `a.ini` is one that everybody knows: that of Grafana in kube-prometheus-stack",
            "default-password data.b [b] the password in `b` is one that everybody knows: that of RabbitMQ",
            "literal spec.password [password] `password` has its value in the clear",
            "address spec.nested[0].list[0] [https://a:Gehoer2024@b/] this text holds an address with its password",
        ]
    );
}

#[test]
fn a_secret_counts_by_what_it_holds() {
    let secret = |kind: &str, data: &str| {
        let found = lines_of(&format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ntype: {kind}\n{data}\n"
        ));
        found.join(" | ")
    };
    let opaque = |data: &str| secret("Opaque", data);
    for data in [
        "data: {}",
        "data:",
        "data: {a: ''}",
        "stringData: {a: ' '}",
        "stringData: {username: a, host: b, url: 'https://x/y', githubAppID: '123456', port: '5432'}",
        "stringData: {password: <path:kv/data/a#b>, b: '${B}', c: '{{ .c }}', d: 'a-${D}'}",
        "stringData: {a: 'ENC[AES256_GCM,data:x]', b: 'vault:kv/data/a#b', c: 'ref+vault://x', d: REPLACE_ME}",
        "data: {password: PHBhdGg6a3YvZGF0YS9hI2I+}",
        "stringData: {enabled: 'true', shard: '1'}",
        "stringData: {config: '{\"tlsClientConfig\":{\"insecure\":false}}'}",
        "stringData: {values.yaml: \"a: b\\nauth: {existingSecret: x}\\n\"}",
        "stringData: {tls.crt: \"-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n\"}",
        "stringData: {.dockerconfigjson: '{\"auths\":{}}'}",
        "stringData: {admin.passwordMtime: '2026-01-31T12:00:00Z'}",
    ] {
        assert_eq!(opaque(data), "", "{data}");
    }
    assert_eq!(
        secret("helm.sh/release.v1", "data: {release: SDRzSUFBQUFB}"),
        ""
    );
    for (data, expected) in [
        (
            "stringData: {a: x9}",
            "manifest stringData.a [a] this Secret holds `a` in the clear",
        ),
        (
            "data: {user: eA==, a: eDk=}",
            "manifest data.a [a] this Secret holds `a` in the clear: base64 hides nothing",
        ),
        (
            "data: {a: not-base64!}",
            "manifest data.a [a] this Secret holds `a` in the clear: base64 hides nothing",
        ),
        (
            "data: {a: /w==}",
            "manifest data.a [a] this Secret holds `a` in the clear: base64 hides nothing",
        ),
        (
            "stringData: {a: x9, b: x9, c: x9, d: x9, e: x9, f: x9}",
            "manifest stringData.a [a] this Secret holds `a`, `b`, `c`, `d` and 2 more in the clear",
        ),
        (
            "stringData: {admin.password: $2a$10$rRyBsGSHK6.uc8fntPwVIuLVHgsAhAX7TcdrqW/RADU0uh7CaChLa}",
            "manifest stringData[admin.password] [admin.password] this Secret holds `admin.password` in the clear",
        ),
        (
            "stringData: {values.yaml: 'password: Gehoer2024'}",
            "manifest stringData[values.yaml] [values.yaml] this Secret holds `values.yaml` in the clear",
        ),
        (
            "stringData: {url: 'https://a:Gehoer2024@b/'}",
            "manifest stringData.url [url] this Secret holds `url` in the clear",
        ),
        (
            "data: {admin-password: YWRtaW4=}",
            "manifest data.admin-password [admin-password] this Secret holds `admin-password` in the clear: base64 hides nothing | \
             default-password data.admin-password [admin-password] the password in `admin-password` is one that is tried first everywhere",
        ),
    ] {
        assert_eq!(opaque(data), expected, "{data}");
    }
}

#[test]
fn what_is_encrypted_is_passed_over() {
    for yaml in [
        "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {encryptedData: {password: AgBy3i4OJSWK8PiTySYZZA9rO43cGDEq}}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {password: 'ENC[AES256_GCM,data:x8J2kQ7w]'}\nsops: {mac: 'ENC[x]', secret: q8Zr3vTn1LxW7pKd}\n",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {description: 'password: Gehoer2024'}\n",
    ] {
        assert_eq!(lines_of(yaml), Vec::<String>::new(), "{yaml}");
    }
    let sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: a}\nspec: {template: {data: {password: Gehoer2024}}}\n";
    assert_eq!(
        lines_of(sealed),
        ["literal spec.template.data.password [password] `password` has its value in the clear"]
    );
}

#[test]
fn plain_manifests_are_warned_of() {
    let found = told(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: x9}\n",
        false,
    );
    assert_eq!(found[0].severity, Severity::Warning);
}

#[test]
fn hostile_objects_are_looked_at() {
    let many = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a.ini: \"{}\"}}\n",
        "password = Gehoer2024\\n".repeat(2000)
    );
    let found = lines_of(&many);
    assert_eq!(
        found,
        [
            "literal data[a.ini] [a.ini] line 1 of `a.ini` gives `password` in the clear; see lines 2, 3, 4, 5 and 59 more too"
        ]
    );
    // A secret behind what is more than any file has.
    let hidden = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata: {{a.ini: \"{}password = Gehoer2024\\n\"}}\n",
        "password = ${X}\\n".repeat(2000)
    );
    assert_eq!(
        lines_of(&hidden),
        [
            "literal data[a.ini] [a.ini] line 2001 of `a.ini` and what follows may hold passwords: no file has so many names for them, and they are not looked at"
        ]
    );
    for yaml in [
        "a",
        "[]",
        "{spec: {args: [[], {}, 1, null]}}",
        "{data: 1, kind: Secret, apiVersion: v1}",
    ] {
        assert_eq!(lines_of(yaml), Vec::<String>::new());
    }
}

#[test]
fn the_help_fits_the_place() {
    let help = |yaml: &str| told(yaml, true).remove(0).help;
    for (yaml, expected) in [
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations: {kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"password\":\"R2Vob2VyMjAyNA==\"}}'}\n",
            "leave this annotation out: `kubectl apply` writes it; and change the value: it can have been read",
        ),
        (
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a}\nspec: {source: {repoURL: 'https://a:Gehoer2024@b/'}}\n",
            "leave user and password out of the address, and let a Secret give them; and change the value: it can have been read",
        ),
    ] {
        assert_eq!(help(yaml), expected);
    }
    let secret =
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: admin}\n";
    assert_eq!(
        told(secret, true)[1].help,
        "set a password that nobody knows, in the vault that fills this Secret"
    );
}
