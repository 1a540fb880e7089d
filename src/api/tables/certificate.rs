//! Certificate requests, and APIs that other servers answer (`pkg/apis/certificates/validation`,
//! `k8s.io/kube-aggregator/pkg/apis/apiregistration/validation`).

use std::collections::HashSet;

use crate::api::Fact::{AtLeast, OneOf, Required, Spelled, Within};
use crate::api::fact::{given, is_empty, text, wanting};
use crate::api::names::Spelling::{Label1035, Subdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "certificates.v1.CertificateSigningRequestSpec",
        facts: &[
            ("request", Required),
            ("signerName", Required),
            ("usages", Required),
            ("usages", OneOf(USAGES)),
            ("expirationSeconds", AtLeast(600)),
        ],
        rules: &[usages, signer, request],
    },
    Definition {
        name: "certificates.*.ClusterTrustBundle",
        facts: &[],
        rules: &[bundle_name],
    },
    Definition {
        name: "certificates.*.ClusterTrustBundleSpec",
        facts: &[("trustBundle", Required)],
        rules: &[bundle],
    },
    Definition {
        name: "apiregistration.v1.APIService",
        facts: &[],
        rules: &[api_service],
    },
    Definition {
        name: "apiregistration.v1.APIServiceSpec",
        facts: &[
            ("group", Spelled(Subdomain)),
            ("version", Required),
            ("version", Spelled(Label1035)),
            ("groupPriorityMinimum", Within(1, 20_000)),
            ("versionPriority", Within(1, 1_000)),
        ],
        rules: &[served_elsewhere],
    },
];

const USAGES: &[&str] = &[
    "signing",
    "digital signature",
    "content commitment",
    "key encipherment",
    "key agreement",
    "data encipherment",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
    "any",
    "server auth",
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "timestamping",
    "ocsp signing",
    "microsoft sgc",
    "netscape sgc",
];

fn usages<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let mut seen = HashSet::new();
    for usage in spec.get("usages").into_iter().flat_map(Node::items) {
        if !seen.insert(usage.as_str()) {
            faults.push(
                Fault::new(&rules::DUPLICATE, usage, "this usage is there twice")
                    .help("remove one of them"),
            );
        }
    }
}

fn signer<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(name) = given(spec, "signerName") else {
        return;
    };
    let text = name.as_str().unwrap_or_default();
    let fits = text.split_once('/').is_some_and(|(domain, path)| {
        Subdomain.fault(domain).is_none()
            && domain.contains('.')
            && path.split('.').all(|part| Subdomain.fault(part).is_none())
    });
    if !fits {
        let message = "this must be a domain and a name";
        faults.push(
            Fault::new(&rules::NAME, name, message).help("write it like `example.com/signer`"),
        );
    } else if text == "kubernetes.io/legacy-unknown" {
        let message = "`certificates.k8s.io/v1` has no signer of this name";
        faults.push(
            Fault::new(&rules::ENUM, name, message).help("name the signer that is to sign it"),
        );
    }
}

fn request<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    use base64::Engine as _;
    let Some(request) = given(spec, "request") else {
        return;
    };
    let packed = request
        .as_str()
        .unwrap_or_default()
        .replace(['\r', '\n'], "");
    // The schema says where it is no Base64.
    let Ok(bytes) = base64::engine::general_purpose::STANDARD.decode(packed) else {
        return;
    };
    if !String::from_utf8_lossy(&bytes).contains("-----BEGIN CERTIFICATE REQUEST-----") {
        let message = "this must be a certificate request in PEM";
        let help =
            "write the Base64 of the file that begins with `-----BEGIN CERTIFICATE REQUEST-----`";
        faults.push(Fault::new(&rules::FORMAT, request, message).help(help));
    }
}

/// The bundle of a signer has its name before its own.
fn bundle_name<'a>(_: &Context<'a>, bundle: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let signer = bundle
        .path(&["spec", "signerName"])
        .and_then(Node::as_str)
        .unwrap_or_default();
    let Some(name) = bundle
        .path(&["metadata", "name"])
        .filter(|name| !is_empty(*name))
    else {
        return;
    };
    let text = name.as_str().unwrap_or_default();
    let prefix = if signer.is_empty() {
        String::new()
    } else {
        format!("{}:", signer.replace('/', ":"))
    };
    if text
        .strip_prefix(&*prefix)
        .is_none_or(|rest| Subdomain.fault(rest).is_some())
    {
        let message =
            "the name of a signer's bundle begins with the signer's, and no other holds `:`";
        faults.push(
            Fault::new(&rules::NAME, name, message).help(format!("write it like `{prefix}roots`")),
        );
    }
}

fn bundle<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(bundle) = given(spec, "trustBundle")
        && !text(spec, "trustBundle").contains("-----BEGIN CERTIFICATE-----")
    {
        let message = "this must be certificates in PEM";
        faults.push(
            Fault::new(&rules::FORMAT, bundle, message)
                .help("a certificate begins with `-----BEGIN CERTIFICATE-----`"),
        );
    }
}

fn api_service<'a>(_: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(spec) = service.get("spec").filter(|spec| !spec.is_null()) else {
        faults.push(wanting(
            service,
            "spec",
            "an APIService needs its group and version",
        ));
        return;
    };
    let (group, version) = (text(spec, "group"), text(spec, "version"));
    let name = service
        .path(&["metadata", "name"])
        .filter(|name| !is_empty(*name));
    if let Some(name) =
        name.filter(|name| *name.as_str().unwrap_or_default() != *format!("{version}.{group}"))
    {
        let message = "the name must be the version, a dot and the group";
        faults.push(
            Fault::new(&rules::NAME, name, message).help(format!("write `{version}.{group}`")),
        );
    }
    if group.is_empty() && version != "v1" {
        faults.push(wanting(spec, "group", "only `v1` has no group").help("set `group`"));
    }
}

fn served_elsewhere<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let bundle = given(spec, "caBundle");
    let insecure = spec
        .get("insecureSkipTLSVerify")
        .filter(|flag| flag.as_bool() == Some(true));
    match spec.get("service").filter(|service| !service.is_null()) {
        None => {
            for (field, value) in [("caBundle", bundle), ("insecureSkipTLSVerify", insecure)] {
                if let Some(value) = value {
                    let message = format!("`{field}` is for an API that a Service answers");
                    faults.push(
                        Fault::new(&rules::CONFLICT, value, message)
                            .help("remove it, or set `service`"),
                    );
                }
            }
        }
        Some(service) => {
            for field in ["namespace", "name"] {
                if given(service, field).is_none() {
                    faults.push(
                        wanting(service, field, format!("`{field}` is missing"))
                            .help(format!("set `{field}`")),
                    );
                }
            }
            if let Some(port) = service.get("port") {
                Within(1, 65_535).of_value(port, faults);
            }
            if let (Some(flag), Some(_)) = (insecure, bundle) {
                let message = "`insecureSkipTLSVerify` cannot stand beside `caBundle`";
                faults.push(
                    Fault::new(&rules::ALTERNATIVES, flag, message)
                        .help("remove it: the bundle says whom to trust"),
                );
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    const REQUEST: &str = "
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: 'web:a'}
spec:
  request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K
  signerName: kubernetes.io/kube-apiserver-client
  usages: [client auth, digital signature]
  expirationSeconds: 600
";
    const SERVICE: &str = "
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {name: metrics, namespace: kube-system, port: 8443}
";

    #[test]
    fn requests_are_checked() {
        refused(
            REQUEST,
            &[
                (
                    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K",
                    "aGVsbG8=",
                    "api/format",
                    "spec.request",
                    "aGVsbG8=",
                ),
                (
                    "kubernetes.io/kube-apiserver-client",
                    "client",
                    "api/name",
                    "spec.signerName",
                    "client",
                ),
                (
                    "kubernetes.io/kube-apiserver-client",
                    "kubernetes.io/legacy-unknown",
                    "api/enum",
                    "spec.signerName",
                    "kubernetes.io/legacy-unknown",
                ),
                (
                    "client auth",
                    "client-auth",
                    "api/enum",
                    "spec.usages[0]",
                    "client-auth",
                ),
                (
                    "client auth",
                    "digital signature",
                    "api/duplicate",
                    "spec.usages[1]",
                    "digital signature",
                ),
                (
                    "expirationSeconds: 600",
                    "expirationSeconds: 60",
                    "api/range",
                    "spec.expirationSeconds",
                    "60",
                ),
                (
                    "  usages: [client auth, digital signature]\n",
                    "",
                    "api/required",
                    "spec.usages",
                    "request: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K",
                ),
            ],
        );
    }

    #[test]
    fn trust_bundles_are_checked() {
        let bundle = "apiVersion: certificates.k8s.io/v1beta1\nkind: ClusterTrustBundle\nmetadata: {name: 'example.com:signer:roots'}\nspec: {signerName: example.com/signer, trustBundle: '-----BEGIN CERTIFICATE-----'}\n";
        refused(
            bundle,
            &[
                (
                    "example.com:signer:roots",
                    "roots",
                    "api/name",
                    "metadata.name",
                    "'roots'",
                ),
                (
                    "'-----BEGIN CERTIFICATE-----'",
                    "roots",
                    "api/format",
                    "spec.trustBundle",
                    "roots",
                ),
            ],
        );
    }

    #[test]
    fn api_services_are_checked() {
        refused(
            SERVICE,
            &[
                (
                    "name: v1beta1.metrics.k8s.io",
                    "name: metrics",
                    "api/name",
                    "metadata.name",
                    "metrics",
                ),
                (
                    "groupPriorityMinimum: 100",
                    "groupPriorityMinimum: 0",
                    "api/range",
                    "spec.groupPriorityMinimum",
                    "0",
                ),
                (
                    "versionPriority: 100",
                    "versionPriority: 1001",
                    "api/range",
                    "spec.versionPriority",
                    "1001",
                ),
                (
                    "  service: {name: metrics, namespace: kube-system, port: 8443}\n",
                    "",
                    "api/conflict",
                    "spec.insecureSkipTLSVerify",
                    "true",
                ),
                (
                    "Verify: true",
                    "Verify: true\n  caBundle: YQ==",
                    "api/alternatives",
                    "spec.insecureSkipTLSVerify",
                    "true",
                ),
                (
                    "name: metrics, ",
                    "",
                    "api/required",
                    "spec.service.name",
                    "{namespace: kube-system, port: 8443}",
                ),
                (
                    "port: 8443",
                    "port: 0",
                    "api/range",
                    "spec.service.port",
                    "0",
                ),
            ],
        );
        accepted(
            SERVICE,
            &[
                ("Verify: true", "Verify: false\n  caBundle: YQ=="),
                (", port: 8443", ""),
            ],
        );
    }
}
