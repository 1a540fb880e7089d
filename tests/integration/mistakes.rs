//! A small platform with the mistakes that the policies of this repository are there to find.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::project::{Project, tree};

/// Where a mistake is told: its rule, the object, the line to mend, and the environments.
const MISTAKES: &[(&str, &str, &str, &str, &[&str])] = &[
    // The administrator's password stands in the template.
    (
        "secret/literal",
        "monitoring/Deployment/grafana",
        "templates/monitoring/grafana.yaml",
        "value: audioprothese2024!",
        BOTH,
    ),
    (
        "policy/grafana-access",
        "monitoring/Deployment/grafana",
        "templates/monitoring/grafana.yaml",
        "value: audioprothese2024!",
        BOTH,
    ),
    // Whoever signs in is Admin.
    (
        "policy/grafana-access",
        "monitoring/Deployment/grafana",
        "templates/monitoring/grafana.yaml",
        "value: Admin",
        BOTH,
    ),
    // `latest`, written out and left out.
    (
        "policy/image-tag",
        "monitoring/Deployment/grafana",
        "templates/monitoring/grafana.yaml",
        "image: docker.io/grafana/grafana:latest",
        BOTH,
    ),
    (
        "policy/image-tag",
        "openmrs/Deployment/gateway",
        "templates/openmrs/gateway.yaml",
        "image: docker.io/openmrs/openmrs-reference-application-3-gateway",
        BOTH,
    ),
    (
        "policy/image-digest",
        "argocd/Deployment/argocd-redis",
        "templates/argocd/redis.yaml",
        "image: docker.io/library/redis:7.4.1",
        &["prod"],
    ),
    // A console without TLS and without a sign-in.
    (
        "policy/ingress-tls",
        "monitoring/Ingress/grafana",
        "templates/monitoring/grafana.yaml",
        // Where `tls` is missing: in the spec.
        "ingressClassName: webapprouting.kubernetes.azure.com",
        BOTH,
    ),
    (
        "policy/console-authentication",
        "monitoring/Ingress/grafana",
        "templates/monitoring/grafana.yaml",
        "metadata: {name: grafana}",
        BOTH,
    ),
    // prod answers to dev's name.
    (
        "policy/ingress-host",
        "openmrs/Ingress/openmrs",
        "templates/openmrs/gateway.yaml",
        "- host: {{ values.openmrs.host }}",
        &["prod"],
    ),
    // One identity for all namespaces.
    (
        "policy/workload-identity",
        "monitoring/ServiceAccount/identity",
        "templates/monitoring/namespace.yaml",
        "azure.workload.identity/client-id: {{ values.identity }}",
        BOTH,
    ),
    (
        "policy/workload-identity",
        "openmrs/ServiceAccount/identity",
        "templates/openmrs/identity.yaml",
        "azure.workload.identity/client-id: {{ values.identity }}",
        BOTH,
    ),
    // A store that every namespace may read.
    (
        "policy/secret-store-scope",
        "ClusterSecretStore/vault",
        "templates/monitoring/namespace.yaml",
        // Where `conditions` are missing: in the spec.
        "provider:",
        BOTH,
    ),
    (
        "policy/redis-password",
        "argocd/Deployment/argocd-redis",
        "templates/argocd/redis.yaml",
        "- name: redis",
        BOTH,
    ),
];

const BOTH: &[&str] = &["dev", "prod"];

/// Makes the project of a folder, with the policies and schemas of this repository.
pub(crate) fn project() -> Project {
    let project = Project::new(&[]);
    let copy = |from: &str, to: &str| {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(from);
        for (path, bytes) in tree(&from) {
            project.write(&format!("{to}{path}"), &bytes);
        }
    };
    copy("tests/fixtures/mistakes", "");
    copy("policies", "policies/");
    copy("schemas", "schemas/");
    // Which are about this repository's own objects.
    fs::remove_dir_all(project.path("policies/tests")).unwrap();
    for file in ["flows.yaml", "waivers.yaml"] {
        fs::remove_file(project.path("policies").join(file)).unwrap();
    }
    project
}

fn object(finding: &Value) -> String {
    let text = |key: &str| finding["resource"][key].as_str().unwrap_or_default();
    let namespace = text("namespace");
    let slash = if namespace.is_empty() { "" } else { "/" };
    format!("{namespace}{slash}{}/{}", text("kind"), text("name"))
}

#[test]
fn each_mistake_is_told_at_the_line_to_mend() {
    let project = project();
    let findings = project.findings();
    for (rule, of, file, line, environments) in MISTAKES {
        let text = fs::read_to_string(project.path(file)).unwrap();
        let told = findings.iter().filter(|finding| {
            let number = finding["location"]["line"].as_u64().unwrap_or_default();
            let at = text
                .lines()
                .nth(usize::try_from(number).unwrap().wrapping_sub(1));
            finding["rule"] == *rule
                && object(finding) == *of
                && finding["location"]["file"] == *file
                && at.is_some_and(|at| at.trim() == *line)
        });
        let told: Vec<&Value> = told.collect();
        let of_rule = || {
            let found = findings.iter().filter(|finding| finding["rule"] == *rule);
            found.map(ToString::to_string).collect::<Vec<_>>()
        };
        let mut seen: Vec<&str> = told
            .iter()
            .map(|finding| finding["environment"].as_str().unwrap())
            .collect();
        seen.sort_unstable();
        // Each address that is missing is told by itself.
        seen.dedup();
        assert_eq!(seen, *environments, "{rule} of {of}: {:#?}", of_rule());
        for finding in told {
            assert_eq!(finding["severity"], "error", "{finding}");
            let shown = finding.to_string();
            assert!(!shown.contains("audioprothese2024"), "{shown}");
        }
    }
}
