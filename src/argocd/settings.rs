//! Argo CD's own settings: ConfigMaps and Secrets that it knows by name or label.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::application::ignored_difference;
use super::{PREFIX, rules};
use crate::cluster::{Cluster, Found};
use crate::finding::Severity;
use crate::manifest::Fault;
use crate::yaml::{Limits, Node, read};

/// A setting that is wrong with one value.
struct Setting {
    map: &'static str,
    key: &'static str,
    value: &'static str,
    severity: Severity,
    message: &'static str,
    help: &'static str,
}

const SETTINGS: &[Setting] = &[
    Setting {
        map: "argocd-cm",
        key: "users.anonymous.enabled",
        value: "true",
        severity: Severity::Error,
        message: "everybody who reaches Argo CD is in, without a login",
        help: "set it to \"false\", and let people log in with `oidc.config`",
    },
    Setting {
        map: "argocd-cm",
        key: "exec.enabled",
        value: "true",
        severity: Severity::Warning,
        message: "Argo CD opens shells in pods for whoever has the right `exec`, past the cluster's own rights",
        help: "set it to \"false\": `kubectl exec` asks the cluster",
    },
    Setting {
        map: "argocd-cm",
        key: "admin.enabled",
        value: "true",
        severity: Severity::Note,
        message: "the built-in user `admin` may do everything, and nobody knows who it is",
        help: "set it to \"false\" once people log in with `oidc.config`",
    },
    Setting {
        map: "argocd-cm",
        key: "oidc.tls.insecure.skip.verify",
        value: "true",
        severity: Severity::Error,
        message: "Argo CD believes any server that says who has logged in",
        help: "set it to \"false\"; `rootCA` of `oidc.config` takes an authority of your own",
    },
    Setting {
        map: "argocd-cmd-params-cm",
        key: "server.disable.auth",
        value: "true",
        severity: Severity::Error,
        message: "everybody who reaches Argo CD may do everything, without a login",
        help: "remove it",
    },
    Setting {
        map: "argocd-rbac-cm",
        key: "policy.default",
        value: "role:admin",
        severity: Severity::Error,
        message: "everybody who logs in may do everything",
        help: "set it to \"\", and give roles to groups in `policy.csv`",
    },
];

/// Checks the settings of every Argo CD among the objects.
pub(super) fn check<'a>(cluster: &Cluster<'a>, all: &mut Vec<Found<'a>>) {
    for index in cluster.of_kind("", "ConfigMap") {
        let Some(object) = cluster.get(*index) else {
            continue;
        };
        let name = object.id.name.as_str();
        if !matches!(
            name,
            "argocd-cm" | "argocd-rbac-cm" | "argocd-cmd-params-cm"
        ) {
            continue;
        }
        if let Some(data) = object.root().get("data") {
            let faults = config_map(name, data).into_iter();
            all.extend(faults.map(|fault| Found::new(*index, fault)));
        }
    }
    for index in cluster.of_kind("", "Secret") {
        if let Some(object) = cluster.get(*index) {
            let fault = repository(object.root());
            all.extend(fault.map(|fault| Found::new(*index, fault)));
        }
    }
}

fn config_map<'a>(name: &str, data: Node<'a>) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    for (key, value) in data.entries() {
        let (Some(setting), Some(text)) = (key.as_str(), value.as_str()) else {
            continue;
        };
        let wrong = SETTINGS
            .iter()
            .find(|known| known.map == name && known.key == setting && known.value == text.trim());
        if let Some(known) = wrong {
            faults.push(
                Fault::new(&rules::INSECURE, key, known.message)
                    .severity(known.severity)
                    .help(known.help),
            );
        }
        if name == "argocd-cm" && setting.starts_with("resource.customizations.ignoreDifferences.")
        {
            faults.extend(ignored(key, text));
        }
    }
    if name == "argocd-rbac-cm" {
        faults.extend(default_role(data));
    }
    faults
}

/// Says that the role that everybody has may do everything.
fn default_role(data: Node<'_>) -> Option<Fault<'_>> {
    let text = |key: &str| data.get(key).and_then(Node::as_str);
    let role = text("policy.default")
        .map(str::trim)
        .filter(|role| !role.is_empty())?;
    let (key, csv) = data.entry("policy.csv")?;
    let lines = csv.as_str()?.lines();
    let wide = lines
        .map(|line| line.split(',').map(str::trim))
        .any(|mut fields| {
            let mut next = || fields.next().unwrap_or_default();
            let (kind, subject) = (next(), next());
            let (what, action, object, effect) = (next(), next(), next(), next());
            let all = |text: &str| matches!(text, "*" | "*/*");
            kind == "p"
                && subject == role
                && what == "*"
                && action == "*"
                && all(object)
                && effect == "allow"
                || kind == "g" && subject == role && what == "role:admin"
        });
    wide.then(|| {
        let message = format!(
            "everybody who logs in may do everything: `{role}` is what `policy.default` gives them"
        );
        Fault::new(&rules::INSECURE, key, message)
            .help("give the right to a group, and let `policy.default` be \"\"")
    })
}

/// Checks differences that are ignored for all Applications.
fn ignored<'a>(key: Node<'a>, text: &str) -> Option<Fault<'a>> {
    let stream = read(&Arc::from(text), &Limits::default());
    let document = stream.documents.first()?;
    let mut faults = Vec::new();
    ignored_difference(document.root(), &mut faults);
    let fault = faults.first()?;
    // Its node is one of the text's own.
    let mut told = Fault::new(&rules::IGNORED_DIFFERENCE, key, fault.message.clone());
    told.help.clone_from(&fault.help);
    Some(told)
}

/// Says that a server of repositories, or a cluster, may be any.
fn repository(secret: Node<'_>) -> Option<Fault<'_>> {
    let labels = secret.path(&["metadata", "labels"])?;
    let kind = labels.get(&format!("{PREFIX}secret-type"))?.as_str()?;
    if !matches!(
        kind,
        "repository" | "repo-creds" | "repository-write" | "repo-write-creds"
    ) {
        return None;
    }
    let plain = |key: &str| secret.get("stringData")?.entry(key);
    let encoded = |key: &str| secret.get("data")?.entry(key);
    ["insecure", "insecureIgnoreHostKey"].iter().find_map(|name| {
        let plain = plain(name).filter(|(_, value)| value.as_str() == Some("true"));
        let is_true = |value: &str| STANDARD.decode(value.trim()).is_ok_and(|text| text == b"true");
        let encoded = encoded(name).filter(|(_, value)| value.as_str().is_some_and(is_true));
        let (key, _) = plain.or(encoded)?;
        let message = "Argo CD takes manifests from whatever server answers: it does not check who it is";
        let fault = Fault::new(&rules::INSECURE, key, message)
            .severity(Severity::Warning)
            .help("remove it, and add the server's authority to `argocd-tls-certs-cm` or its key to `argocd-ssh-known-hosts-cm`");
        Some(fault)
    })
}
