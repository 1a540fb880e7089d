//! Ingresses and their classes (`k8s.io/kubernetes/pkg/apis/networking/validation`).

use crate::api::Fact::{OneOf, Required, Spelled, Within};
use crate::api::address::parse_address;
use crate::api::fact::{given, spelled, text, wanting};
use crate::api::names::Spelling::{Label, PathSegment, PortName, Subdomain, WildcardSubdomain};
use crate::api::{Context, Definition, rules};
use crate::manifest::Fault;
use crate::yaml::Node;

pub(super) const TABLE: &[Definition] = &[
    Definition {
        name: "networking.v1.Ingress",
        facts: &[],
        rules: &[class_annotation, has_spec],
    },
    Definition {
        name: "networking.v1.IngressSpec",
        facts: &[("ingressClassName", Spelled(Subdomain))],
        rules: &[needs_rules],
    },
    Definition {
        name: "networking.v1.IngressRule",
        facts: &[],
        rules: &[rule_host],
    },
    Definition {
        name: "networking.v1.IngressTLS",
        facts: &[("secretName", Spelled(Subdomain))],
        rules: &[tls_hosts],
    },
    Definition {
        name: "networking.v1.HTTPIngressRuleValue",
        facts: &[("paths", Required)],
        rules: &[],
    },
    Definition {
        name: "networking.v1.HTTPIngressPath",
        facts: &[
            ("pathType", Required),
            (
                "pathType",
                OneOf(&["Exact", "Prefix", "ImplementationSpecific"]),
            ),
        ],
        rules: &[path],
    },
    Definition {
        name: "networking.v1.IngressBackend",
        facts: &[],
        rules: &[backend],
    },
    Definition {
        name: "networking.v1.IngressServiceBackend",
        facts: &[("name", Required)],
        rules: &[backend_service],
    },
    Definition {
        name: "networking.v1.ServiceBackendPort",
        facts: &[("name", Spelled(PortName))],
        rules: &[backend_port],
    },
    Definition {
        name: "networking.v1.IngressClass",
        facts: &[],
        rules: &[class_spec],
    },
    Definition {
        name: "networking.v1.IngressClassSpec",
        facts: &[("controller", Required)],
        rules: &[controller],
    },
    Definition {
        name: "networking.v1.IngressClassParametersReference",
        facts: &[
            ("apiGroup", Spelled(Subdomain)),
            ("kind", Required),
            ("kind", Spelled(PathSegment)),
            ("name", Required),
            ("name", Spelled(PathSegment)),
            ("scope", OneOf(&["Cluster", "Namespace"])),
            ("namespace", Spelled(Label)),
        ],
        rules: &[class_scope],
    },
];

fn class_annotation<'a>(_: &Context<'a>, ingress: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let annotation = ingress.path(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    let class = ingress.path(&["spec", "ingressClassName"]);
    if let (Some(annotation), Some(class)) = (annotation, class)
        && !class.is_null()
        && annotation.as_str() != class.as_str()
    {
        let message = "this must be the same as `ingressClassName`";
        faults
            .push(Fault::new(&rules::CONFLICT, annotation, message).help("remove the annotation"));
    }
}

fn has_spec<'a>(_: &Context<'a>, ingress: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if ingress.get("spec").is_none_or(Node::is_null) {
        faults.push(wanting(
            ingress,
            "spec",
            "an Ingress needs `rules` or a `defaultBackend`",
        ));
    }
}

fn needs_rules<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if given(spec, "rules").is_none() && spec.get("defaultBackend").is_none_or(Node::is_null) {
        let message = "an Ingress needs `rules` or a `defaultBackend`";
        faults.push(
            Fault::new(&rules::REQUIRED, spec, message).help("add a rule or a default backend"),
        );
    }
}

fn host<'a>(host: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let text = host.as_str().unwrap_or_default();
    let spelling = if text.contains('*') {
        WildcardSubdomain
    } else {
        Subdomain
    };
    let stray = text.contains('*') && !text.starts_with("*.");
    if stray || spelling.fault(text).is_some() {
        let message = format!("this must be {}", WildcardSubdomain.words());
        let help = match spelling
            .corrected(text)
            .filter(|_| !text.contains([':', '/']))
        {
            Some(corrected) => format!("write `{corrected}`"),
            None => "write the host name alone, without scheme, port or path".to_owned(),
        };
        faults.push(Fault::new(&rules::NAME, host, message).help(help));
    }
}

fn rule_host<'a>(_: &Context<'a>, rule: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(name) = given(rule, "host") else {
        return;
    };
    if name
        .as_str()
        .is_some_and(|text| parse_address(text).is_some())
    {
        let message = "a host must be a name, not an address";
        faults.push(
            Fault::new(&rules::NAME, name, message)
                .help("write a host name, or leave `host` out for all of them"),
        );
    } else {
        host(name, faults);
    }
}

fn tls_hosts<'a>(_: &Context<'a>, tls: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    tls.get("hosts")
        .into_iter()
        .flat_map(Node::items)
        .for_each(|item| host(item, faults));
}

/// What an exact path or a prefix may not hold.
const SEQUENCES: &[&str] = &["//", "/./", "/../", "%2f", "%2F"];

fn path<'a>(_: &Context<'a>, item: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let (kind, path) = (text(item, "pathType"), given(item, "path"));
    let is_strict = matches!(kind, "Exact" | "Prefix");
    let Some(path) = path else {
        if is_strict {
            let message = format!("a path of type `{kind}` must be given, beginning with `/`");
            faults.push(
                Fault {
                    rule: rules::PATH.id.clone(),
                    ..wanting(item, "path", message)
                }
                .help("set `path: /` for all paths"),
            );
        }
        return;
    };
    let text = path.as_str().unwrap_or_default();
    if !text.starts_with('/') && (is_strict || kind == "ImplementationSpecific") {
        faults.push(Fault::new(&rules::PATH, path, "this must begin with `/`"));
    }
    if is_strict {
        let inside = SEQUENCES.iter().find(|sequence| text.contains(**sequence));
        let end = ["/..", "/."].iter().find(|suffix| text.ends_with(**suffix));
        if let Some(found) = inside.or(end) {
            let message = format!("a path of type `{kind}` must not hold `{found}`");
            let help = "write the plain path, or `pathType: ImplementationSpecific` for a pattern of your controller";
            faults.push(Fault::new(&rules::PATH, path, message).help(help));
        }
    }
}

fn backend<'a>(_: &Context<'a>, backend: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let is_set = |field: &str| backend.get(field).filter(|value| !value.is_null());
    match (is_set("resource"), is_set("service")) {
        (None, None) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                backend,
                "a backend needs `service` or `resource`",
            )
            .help("name the Service and its port under `service`"),
        ),
        (Some(resource), Some(_)) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                resource,
                "`resource` cannot stand beside `service`",
            )
            .help("keep only one of the two"),
        ),
        (Some(resource), None) => {
            for field in ["kind", "name"] {
                match given(resource, field) {
                    Some(value) => spelled(PathSegment, value, faults),
                    None => faults.push(wanting(resource, field, format!("`{field}` is missing"))),
                }
            }
            if let Some(group) = given(resource, "apiGroup") {
                spelled(Subdomain, group, faults);
            }
        }
        (None, Some(_)) => {}
    }
}

fn backend_service<'a>(context: &Context<'a>, service: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if let Some(name) = given(service, "name") {
        spelled(context.service_name(), name, faults);
    }
    if service.get("port").is_none_or(Node::is_null) {
        let message = "a backend needs its Service's port";
        faults.push(wanting(service, "port", message).help("set `port.number` or `port.name`"));
    }
}

fn backend_port<'a>(_: &Context<'a>, port: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let number = port
        .get("number")
        .filter(|number| number.as_int().is_some_and(|number| number != 0));
    match (given(port, "name"), number) {
        (Some(_), Some(number)) => faults.push(
            Fault::new(
                &rules::ALTERNATIVES,
                number,
                "`number` cannot stand beside `name`",
            )
            .help("keep only one of the two"),
        ),
        (None, None) => faults.push(
            Fault::new(&rules::REQUIRED, port, "a backend needs its Service's port")
                .help("set `number` or `name`"),
        ),
        (None, Some(number)) => Within(1, 65_535).of_value(number, faults),
        (Some(_), None) => {}
    }
}

fn class_spec<'a>(_: &Context<'a>, class: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    if class.get("spec").is_none_or(Node::is_null) {
        let fault = Fault::new(
            &rules::REQUIRED,
            class,
            "an IngressClass needs a `controller`",
        )
        .below("spec.controller");
        faults.push(fault.help("set `spec.controller`"));
    }
}

/// `example.com/ingress-controller`, of at most 250 bytes.
fn controller<'a>(_: &Context<'a>, spec: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let Some(controller) = given(spec, "controller") else {
        return;
    };
    let text = controller.as_str().unwrap_or_default();
    let of_path = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%!$&'()*+,;=:".contains(&byte);
    let fits = text.split_once('/').is_some_and(|(domain, path)| {
        Subdomain.fault(domain).is_none() && !path.is_empty() && path.bytes().all(of_path)
    });
    if !fits || text.len() > 250 {
        let message = "this must be a domain and a path, of at most 250 characters in all";
        faults.push(
            Fault::new(&rules::NAME, controller, message)
                .help("write it like `example.com/ingress-controller`"),
        );
    }
}

fn class_scope<'a>(_: &Context<'a>, parameters: Node<'a>, faults: &mut Vec<Fault<'a>>) {
    let namespace = parameters
        .get("namespace")
        .filter(|namespace| !namespace.is_null());
    match (text(parameters, "scope"), namespace) {
        ("Namespace", None) => faults.push(
            wanting(
                parameters,
                "namespace",
                "parameters of scope `Namespace` need a namespace",
            )
            .help("set `namespace`"),
        ),
        ("" | "Cluster", Some(namespace)) => faults.push(
            Fault::new(
                &rules::CONFLICT,
                namespace,
                "parameters of scope `Cluster` have no namespace",
            )
            .help("remove it, or set `scope: Namespace`"),
        ),
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::too_many_lines, reason = "cases are lines of a table")]
mod tests {
    use crate::api::testing::{accepted, refused};

    const INGRESS: &str = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com, '*.example.org'], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http:
        paths:
          - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
          - {path: /api, pathType: Exact, backend: {service: {name: api, port: {name: http}}}}
";
    const CLASS: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: web}
spec:
  controller: example.com/ingress-controller
  parameters: {apiGroup: example.com, kind: Parameters, name: web}
";
    const FIRST: &str = "spec.rules[0].http.paths[0]";

    #[test]
    fn hosts_are_checked() {
        refused(
            INGRESS,
            &[
                (
                    "- host: shop.example.com",
                    "- host: 10.0.0.1",
                    "api/name",
                    "spec.rules[0].host",
                    "10.0.0.1",
                ),
                (
                    "- host: shop.example.com",
                    "- host: https://shop",
                    "api/name",
                    "spec.rules[0].host",
                    "https://shop",
                ),
                (
                    "- host: shop.example.com",
                    "- host: shop:80",
                    "api/name",
                    "spec.rules[0].host",
                    "shop:80",
                ),
                (
                    "- host: shop.example.com",
                    "- host: 'a.*.com'",
                    "api/name",
                    "spec.rules[0].host",
                    "'a.*.com'",
                ),
                (
                    "- host: shop.example.com",
                    "- host: '*'",
                    "api/name",
                    "spec.rules[0].host",
                    "'*'",
                ),
                (
                    "[shop.example.com,",
                    "[Shop.example.com,",
                    "api/name",
                    "spec.tls[0].hosts[0]",
                    "Shop.example.com",
                ),
                (
                    "secretName: shop-tls",
                    "secretName: shop_tls",
                    "api/name",
                    "spec.tls[0].secretName",
                    "shop_tls",
                ),
                (
                    "ingressClassName: nginx",
                    "ingressClassName: Nginx",
                    "api/name",
                    "spec.ingressClassName",
                    "Nginx",
                ),
            ],
        );
        accepted(
            INGRESS,
            &[
                ("- host: shop.example.com", "- host: '*.example.com'"),
                ("- host: shop.example.com\n      http", "- http"),
                ("[shop.example.com, '*.example.org']", "[]"),
                (", secretName: shop-tls", ""),
                ("  ingressClassName: nginx\n", ""),
            ],
        );
    }

    #[test]
    fn paths_and_backends_are_checked() {
        let at = |end: &str| format!("{FIRST}{end}");
        let service = "{service: {name: web, port: {number: 80}}}";
        refused(
            INGRESS,
            &[
                (
                    "path: /, ",
                    "",
                    "api/path",
                    &at(".path"),
                    "{pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}",
                ),
                ("path: /, ", "path: api, ", "api/path", &at(".path"), "api"),
                (
                    "path: /, ",
                    "path: /a//b, ",
                    "api/path",
                    &at(".path"),
                    "/a//b",
                ),
                (
                    "path: /, ",
                    "path: /a/.., ",
                    "api/path",
                    &at(".path"),
                    "/a/..",
                ),
                (
                    "path: /, ",
                    "path: /a%2Fb, ",
                    "api/path",
                    &at(".path"),
                    "/a%2Fb",
                ),
                (
                    "pathType: Prefix",
                    "pathType: prefix",
                    "api/enum",
                    &at(".pathType"),
                    "prefix",
                ),
                (service, "{}", "api/alternatives", &at(".backend"), "{}"),
                (
                    "{number: 80}",
                    "{}",
                    "api/required",
                    &at(".backend.service.port"),
                    "{}",
                ),
                (
                    "{number: 80}",
                    "{number: 70000}",
                    "api/range",
                    &at(".backend.service.port.number"),
                    "70000",
                ),
                (
                    "{number: 80}",
                    "{number: 80, name: a}",
                    "api/alternatives",
                    &at(".backend.service.port.number"),
                    "80",
                ),
                (
                    "{name: web, port: {number: 80}}",
                    "{name: web}",
                    "api/required",
                    &at(".backend.service.port"),
                    "{name: web}",
                ),
                (
                    "{name: http}",
                    "{name: HTTP}",
                    "api/name",
                    "spec.rules[0].http.paths[1].backend.service.port.name",
                    "HTTP",
                ),
                (
                    "name: api",
                    "name: a.b",
                    "api/name",
                    "spec.rules[0].http.paths[1].backend.service.name",
                    "a.b",
                ),
                (
                    service,
                    "{resource: {kind: a/b, name: b}}",
                    "api/name",
                    &at(".backend.resource.kind"),
                    "a/b",
                ),
            ],
        );
        accepted(
            INGRESS,
            &[
                (
                    service,
                    "{resource: {apiGroup: example.com, kind: Bucket, name: b}}",
                ),
                (
                    "path: /, pathType: Prefix",
                    "path: /a//b/.., pathType: ImplementationSpecific",
                ),
                (
                    "path: /, pathType: Prefix",
                    "pathType: ImplementationSpecific",
                ),
                ("path: /, ", "path: '/a*{b}', "),
            ],
        );
    }

    #[test]
    fn an_ingress_leads_somewhere() {
        let empty = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web}\nspec: {defaultBackend: {service: {name: a, port: {number: 1}}}}\n";
        refused(
            empty,
            &[
                (
                    "{defaultBackend: {service: {name: a, port: {number: 1}}}}",
                    "{}",
                    "api/required",
                    "spec",
                    "{}",
                ),
                (
                    "\nspec: {defaultBackend: {service: {name: a, port: {number: 1}}}}",
                    "",
                    "api/required",
                    "spec",
                    "apiVersion: networking.k8s.io/v1",
                ),
                (
                    "spec: {",
                    "spec: {rules: [{http: {paths: []}}], ",
                    "api/required",
                    "spec.rules[0].http.paths",
                    "[]",
                ),
            ],
        );
    }

    #[test]
    fn classes_are_checked() {
        refused(
            CLASS,
            &[
                (
                    "controller: example.com/ingress-controller",
                    "controller: nginx",
                    "api/name",
                    "spec.controller",
                    "nginx",
                ),
                (
                    "  controller: example.com/ingress-controller\n",
                    "",
                    "api/required",
                    "spec.controller",
                    "parameters: {apiGroup: example.com, kind: Parameters, name: web",
                ),
                (
                    "kind: Parameters",
                    "scope: Namespace, kind: P",
                    "api/required",
                    "spec.parameters.namespace",
                    "{apiGroup: example.com, scope: Namespace, kind: P, name: web}",
                ),
                (
                    "kind: Parameters",
                    "namespace: a, kind: P",
                    "api/conflict",
                    "spec.parameters.namespace",
                    "a",
                ),
                (
                    "kind: Parameters",
                    "scope: cluster, kind: P",
                    "api/enum",
                    "spec.parameters.scope",
                    "cluster",
                ),
            ],
        );
        accepted(
            CLASS,
            &[(
                "kind: Parameters",
                "scope: Namespace, namespace: a, kind: P",
            )],
        );
    }
}
