//! `ConfigMaps` and Secrets (`ValidateConfigMap`, `ValidateSecret`). What a Secret holds is never told.

use crate::api::Fact::Keys;
use crate::api::fact::{given, text};
use crate::api::names::Spelling::ConfigKey;
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

/// The bytes that all values of an object may have together.
const MOST: usize = 1 << 20;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "core.v1.ConfigMap",
        facts: &[("data", Keys(ConfigKey)), ("binaryData", Keys(ConfigKey))],
        rules: &[both, config_size],
    },
    Definition {
        name: "core.v1.Secret",
        facts: &[("data", Keys(ConfigKey)), ("stringData", Keys(ConfigKey))],
        rules: &[secret_size, needed_keys, account, docker],
    },
];

fn both<'a>(_: &Context<'a>, config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(binary) = config.get("binaryData") else {
        return;
    };
    let keys = config
        .get("data")
        .into_iter()
        .flat_map(Node::entries)
        .map(|(key, _)| key);
    for key in keys.filter(|key| key.as_str().is_some_and(|key| binary.get(key).is_some())) {
        let message = "this key is in `binaryData` too";
        faults.push(
            Fault::new(&rules::DUPLICATE, key, message).help("remove one of the two, or rename it"),
        );
    }
}

fn of_text(value: Node<'_>) -> usize {
    value.as_str().map_or(0, str::len)
}

/// The number of bytes that a Base64 text stands for.
fn of_bytes(value: Node<'_>) -> usize {
    let text = value.as_str().unwrap_or_default().trim_end();
    let figures = text
        .bytes()
        .filter(|byte| !matches!(byte, b'\r' | b'\n' | b'='))
        .count();
    figures * 3 / 4
}

fn values(object: Node<'_>, field: &str, size: fn(Node<'_>) -> usize) -> usize {
    let entries = object.get(field).into_iter().flat_map(Node::entries);
    entries.map(|(_, value)| size(value)).sum()
}

fn too_large<'a>(object: Node<'a>, fields: [&str; 2], size: usize, faults: &mut Vec<Fault<'a>>) {
    if size > MOST {
        let place = fields
            .into_iter()
            .find_map(|field| object.entry(field))
            .map_or(object, |(key, _)| key);
        let message = format!("the values have {size} bytes, and may have {MOST} in all");
        faults.push(
            Fault::new(&rules::RANGE, place, message)
                .help("split it, or keep large files elsewhere"),
        );
    }
}

fn config_size<'a>(_: &Context<'a>, config: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let size = values(config, "data", of_text) + values(config, "binaryData", of_bytes);
    too_large(config, ["data", "binaryData"], size, faults);
}

/// What is in `stringData` takes the place of what is in `data`.
fn secret_size<'a>(_: &Context<'a>, secret: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let replaced: usize = secret
        .get("stringData")
        .into_iter()
        .flat_map(Node::entries)
        .filter_map(|(key, _)| secret.get("data")?.get(key.as_str()?))
        .map(of_bytes)
        .sum();
    let size = values(secret, "stringData", of_text) + values(secret, "data", of_bytes) - replaced;
    too_large(secret, ["data", "stringData"], size, faults);
}

/// Returns the value of a key, from the field that wins.
fn value<'a>(secret: Node<'a>, key: &str) -> Option<Node<'a>> {
    ["stringData", "data"]
        .into_iter()
        .find_map(|field| secret.get(field)?.get(key))
}

fn needs_key<'a>(secret: Node<'a>, message: String, key: &str) -> Fault<'a> {
    let fault = Fault::new(&rules::REQUIRED, secret, message);
    fault
        .below(format!("data[{key}]"))
        .help("add it to `data`, or to `stringData` as plain text")
}

fn needed_keys<'a>(_: &Context<'a>, secret: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let kind = text(secret, "type");
    let keys: &[&str] = match kind {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/basic-auth" => {
            if value(secret, "username").is_none() && value(secret, "password").is_none() {
                let message =
                    "a Secret of type `kubernetes.io/basic-auth` needs `username` or `password`"
                        .to_owned();
                faults.push(needs_key(secret, message, "username"));
            }
            return;
        }
        _ => return,
    };
    for key in keys {
        match value(secret, key) {
            None => faults.push(needs_key(
                secret,
                format!("a Secret of type `{kind}` needs the key `{key}`"),
                key,
            )),
            Some(value) if kind == "kubernetes.io/ssh-auth" && value.as_str() == Some("") => {
                faults.push(Fault::new(
                    &rules::REQUIRED,
                    value,
                    format!("`{key}` must not be empty"),
                ));
            }
            Some(_) => {}
        }
    }
}

fn account<'a>(_: &Context<'a>, secret: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    const NAME: &str = "kubernetes.io/service-account.name";
    if text(secret, "type") != "kubernetes.io/service-account-token" {
        return;
    }
    let annotations = secret.path(&["metadata", "annotations"]);
    if annotations
        .and_then(|annotations| given(annotations, NAME))
        .is_none()
    {
        let message =
            format!("a Secret with a ServiceAccount's token needs the annotation `{NAME}`");
        let fault = Fault::new(
            &rules::REQUIRED,
            secret.get("metadata").unwrap_or(secret),
            message,
        );
        faults.push(
            fault
                .below(format!("annotations[{NAME}]"))
                .help("set it to the name of the ServiceAccount"),
        );
    }
}

/// The server reads the JSON of a registry's credentials, and wants a map.
fn docker<'a>(_: &Context<'a>, secret: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    use base64::Engine as _;
    let key = match text(secret, "type") {
        "kubernetes.io/dockercfg" => ".dockercfg",
        "kubernetes.io/dockerconfigjson" => ".dockerconfigjson",
        _ => return,
    };
    let plain = secret.get("stringData").and_then(|data| data.get(key));
    let Some(node) = value(secret, key) else {
        return;
    };
    let written = node.as_str().unwrap_or_default();
    let text = if plain.is_some() {
        written.to_owned()
    } else {
        let packed = written.replace(['\r', '\n'], "");
        match base64::engine::general_purpose::STANDARD.decode(packed) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            // The schema says so.
            Err(_) => return,
        }
    };
    let value: Result<serde_json::Value, _> = serde_json::from_str(&text);
    if !value.is_ok_and(|value| value.is_object() || value.is_null()) {
        let message = format!("`{key}` must be the JSON text of a map");
        faults.push(
            Fault::new(&rules::FORMAT, node, message)
                .help("make it with `kubectl create secret docker-registry`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::api::testing::{accepted, faults, refused};

    const CONFIG: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {a.txt: x}
binaryData: {b.bin: aGVsbG8=}
";

    fn secret(kind: &str, data: &str) -> String {
        format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: web}}\ntype: {kind}\n{data}\n")
    }

    #[test]
    fn config_maps_are_checked() {
        refused(
            CONFIG,
            &[
                ("a.txt", "a b", "api/name", "data[a b]", "a b"),
                ("a.txt", "..", "api/name", "data[..]", ".."),
                ("b.bin", "b/bin", "api/name", "binaryData[b/bin]", "b/bin"),
                ("a.txt", "b.bin", "api/duplicate", "data[b.bin]", "b.bin"),
                (
                    "aGVsbG8=",
                    "hello!",
                    "schema/format",
                    "binaryData[b.bin]",
                    "hello!",
                ),
            ],
        );
        accepted(
            CONFIG,
            &[
                ("a.txt: x", ".a_B-1: ''"),
                ("{a.txt: x}", "null"),
                ("aGVsbG8=", "''"),
            ],
        );
        let text = "x".repeat((1 << 20) - 5);
        accepted(CONFIG, &[("a.txt: x", &format!("a.txt: {text}"))]);
        refused(
            CONFIG,
            &[(
                "data: {a.txt: x}",
                &format!("data: {{a.txt: x{text}}}"),
                "api/range",
                "data",
                "data",
            )],
        );
    }

    #[test]
    fn secrets_have_the_keys_of_their_types() {
        let rules = |kind: &str, data: &str| {
            let found = faults(&secret(kind, data));
            found
                .into_iter()
                .map(|(rule, field, _)| format!("{rule} {field}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let json = "eyJhdXRocyI6e319";
        for (kind, data, expected) in [
            ("kubernetes.io/tls", "data: {tls.crt: '', tls.key: ''}", ""),
            (
                "kubernetes.io/tls",
                "stringData: {tls.crt: a}",
                "api/required data[tls.key]",
            ),
            (
                "kubernetes.io/ssh-auth",
                "stringData: {ssh-privatekey: a}",
                "",
            ),
            (
                "kubernetes.io/ssh-auth",
                "stringData: {ssh-privatekey: ''}",
                "api/required stringData.ssh-privatekey",
            ),
            (
                "kubernetes.io/ssh-auth",
                "data: {}",
                "api/required data[ssh-privatekey]",
            ),
            ("kubernetes.io/basic-auth", "stringData: {username: a}", ""),
            ("kubernetes.io/basic-auth", "data: {password: ''}", ""),
            (
                "kubernetes.io/basic-auth",
                "data: {user: ''}",
                "api/required data[username]",
            ),
            (
                "kubernetes.io/dockerconfigjson",
                &format!("data: {{.dockerconfigjson: {json}}}"),
                "",
            ),
            (
                "kubernetes.io/dockerconfigjson",
                "stringData: {.dockerconfigjson: 'null'}",
                "",
            ),
            (
                "kubernetes.io/dockerconfigjson",
                "stringData: {.dockerconfigjson: '{'}",
                "api/format stringData[.dockerconfigjson]",
            ),
            (
                "kubernetes.io/dockerconfigjson",
                "stringData: {.dockerconfigjson: '[]'}",
                "api/format stringData[.dockerconfigjson]",
            ),
            (
                "kubernetes.io/dockerconfigjson",
                &format!("data: {{.dockercfg: {json}}}"),
                "api/required data[.dockerconfigjson]",
            ),
            (
                "kubernetes.io/dockercfg",
                "data: {.dockercfg: ''}",
                "api/format data[.dockercfg]",
            ),
            (
                "kubernetes.io/service-account-token",
                "data: {}",
                "api/required metadata.annotations[kubernetes.io/service-account.name]",
            ),
            ("bootstrap.kubernetes.io/token", "data: {}", ""),
            ("example.com/own", "data: {a: b}", "schema/format data.a"),
            ("Opaque", "stringData: {a b: x}", "api/name stringData[a b]"),
            ("''", "immutable: true", ""),
        ] {
            assert_eq!(rules(kind, data), expected, "{kind}: {data}");
        }
    }

    #[test]
    fn what_a_secret_says_twice_counts_once() {
        let half = "A".repeat(700 << 10);
        let twice = format!("stringData: {{a: {half}}}\ndata: {{a: {half}}}");
        assert_eq!(faults(&secret("Opaque", &twice)), []);
        let two = format!("stringData: {{a: {half}, b: {half}}}");
        assert_eq!(faults(&secret("Opaque", &two)).len(), 1);
    }
}
