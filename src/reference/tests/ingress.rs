//! Ingresses and routes.

use crate::cluster::Settings;
use crate::project::{External, IngressController};
use crate::reference::testing::{found, whole};

const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}, {name: admin, port: 9000}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside, namespace: shop}
spec: {type: ExternalName, externalName: x.example.com}
";

fn ingress(name: &str, metadata: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop{metadata}}}\nspec: {{{spec}}}\n"
    )
}

fn backend(service: &str) -> String {
    format!(
        "rules: [{{http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {service}}}}}]}}}}]"
    )
}

const AT: &str = "Ingress/i spec.rules[0].http.paths[0].backend.service";

#[test]
fn backends_are_services_with_ports() {
    for (service, expected) in [
        ("{name: web, port: {name: http}}", None),
        ("{name: web, port: {number: 9000}}", None),
        ("{name: outside, port: {number: 8443}}", None),
        ("{name: web, port: {name: use-annotation}}", None),
        (
            "{name: wbe, port: {name: http}}",
            Some(format!(
                "missing {AT}.name: the Service `wbe` is not among the objects of namespace `shop`; did you mean `web`?"
            )),
        ),
        (
            "{name: web, port: {name: htpp}}",
            Some(format!(
                "missing-port {AT}.port.name: the Service `web` has no port `htpp`; did you mean `http`?"
            )),
        ),
        (
            "{name: web, port: {number: 8080}}",
            Some(format!(
                "missing-port {AT}.port.number: the Service `web` has no port `8080`"
            )),
        ),
    ] {
        let yaml = SERVICE.to_owned() + &ingress("i", "", &backend(service));
        let expected: Vec<String> = expected
            .map(|text| format!("error reference/{text}"))
            .into_iter()
            .collect();
        assert_eq!(found(&yaml, &whole()), expected, "{service}");
    }
    let default = ingress(
        "i",
        "",
        "defaultBackend: {service: {name: none, port: {number: 1}}}",
    );
    let lines = found(&(SERVICE.to_owned() + &default), &whole());
    assert_eq!(
        lines,
        [
            "error reference/missing Ingress/i spec.defaultBackend.service.name: the Service `none` is not among the objects of namespace `shop`"
        ]
    );
    // A part of a whole that holds no Service.
    let two =
        ingress("i", "", &backend("{name: wbe}")) + &ingress("j", "", &backend("{name: wbe}"));
    assert_eq!(found(&two, &Settings::default()), [""; 0]);
}

#[test]
fn certificates_are_there_or_will_be() {
    let tls = "tls: [{hosts: [a.example.com], secretName: cert}]";
    let missing = "error reference/missing Ingress/i spec.tls[0].secretName: the Secret `cert` is not among the objects of namespace `shop`";
    let with = |more: &str, metadata: &str| {
        found(
            &(format!("{SERVICE}---\n{more}\n") + &ingress("i", metadata, tls)),
            &whole(),
        )
    };
    let other =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root-ca.crt, namespace: shop}";
    let told = |lines: Vec<String>| {
        lines
            .iter()
            .filter(|line| line.contains("missing"))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(told(with(other, "")), [missing]);
    for (more, metadata) in [
        (
            "apiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: shop}",
            "",
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: c, namespace: shop}\nspec: {secretName: cert}",
            "",
        ),
        (
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: cert, namespace: shop}\nspec: {}",
            "",
        ),
        (other, ", annotations: {kubernetes.io/tls-acme: 'true'}"),
    ] {
        assert_eq!(told(with(more, metadata)), [""; 0], "{more} {metadata}");
    }
}

#[test]
fn a_class_is_one_of_those_there_are_where_some_are_known() {
    let yaml = SERVICE.to_owned() + &ingress("i", "", "ingressClassName: ngnix");
    assert_eq!(found(&yaml, &whole()), [""; 0]);
    let class =
        "---\napiVersion: networking.k8s.io/v1\nkind: IngressClass\nmetadata: {name: nginx}\n";
    let missing = "error reference/missing Ingress/i spec.ingressClassName: the IngressClass `ngnix` is not among the objects";
    assert_eq!(
        found(&(yaml.clone() + class), &whole()),
        [format!("{missing}; did you mean `nginx`?")]
    );
    let mut settings = whole();
    settings
        .network
        .ingress_controllers
        .push(IngressController {
            class: "nginx".to_owned(),
            ..IngressController::default()
        });
    assert_eq!(found(&yaml, &settings), [missing]);
    assert_eq!(found(&yaml.replace("ngnix", "nginx"), &settings), [""; 0]);
    settings.external.push(External {
        kind: "IngressClass".to_owned(),
        name: "ng*".to_owned(),
        namespace: None,
    });
    assert_eq!(found(&yaml, &settings), [""; 0]);
}

#[test]
fn a_path_is_served_by_one_ingress() {
    let rule = |class: &str, path: &str, kind: &str| {
        format!(
            "ingressClassName: {class}, rules: [{{host: a.example.com, http: {{paths: [{{path: {path}, pathType: {kind}, backend: {{service: {{name: web}}}}}}]}}}}]"
        )
    };
    let at = "Ingress/j spec.rules[0].http.paths[0].path";
    let first = ingress("i", "", &rule("nginx", "/x", "Prefix"));
    for (class, path, kind, metadata, expected) in [
        ("nginx", "/x", "Prefix", "", true),
        ("nginx", "/x/", "Prefix", "", true),
        ("nginx", "/x", "ImplementationSpecific", "", true),
        ("nginx", "/x", "Exact", "", false),
        ("nginx", "/y", "Prefix", "", false),
        ("other", "/x", "Prefix", "", false),
        (
            "nginx",
            "/x",
            "Prefix",
            ", annotations: {nginx.ingress.kubernetes.io/canary: 'true'}",
            false,
        ),
    ] {
        let second = ingress("j", metadata, &rule(class, path, kind));
        let lines = found(&(format!("{SERVICE}{first}{second}")), &whole());
        let expected: Vec<String> = expected
            .then(|| format!("error reference/conflict {at}: the path `{path}` of `a.example.com` is already served by the Ingress `shop/i`"))
            .into_iter()
            .collect();
        assert_eq!(lines, expected, "{class} {path} {kind}");
    }
    for (class, expected) in [
        ("traefik", 1),
        ("alb", 0),
        ("gce-internal", 0),
        ("cilium", 0),
    ] {
        let rule = rule(class, "/x", "Prefix");
        let yaml = SERVICE.to_owned() + &ingress("i", "", &rule) + &ingress("j", "", &rule);
        let lines = found(&yaml, &whole());
        assert_eq!(lines.len(), expected, "{class}");
        assert!(
            lines
                .iter()
                .all(|line| line.starts_with("warning reference/conflict")),
            "{lines:?}"
        );
    }
}

#[test]
fn routes_lead_to_services_of_gateways() {
    let gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: infra}\nspec: {listeners: [{name: https, tls: {certificateRefs: [{name: cert}]}}]}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: infra}\ntype: kubernetes.io/tls\n";
    let namespaces = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: infra}\n";
    let grant = "---\napiVersion: gateway.networking.k8s.io/v1beta1\nkind: ReferenceGrant\nmetadata: {name: g, namespace: shop}\nspec: {from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: infra}], to: [{group: '', kind: Service}]}\n";
    let route = |namespace: &str, parent: &str, backend: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, namespace: {namespace}}}\nspec: {{parentRefs: [{{{parent}}}], rules: [{{backendRefs: [{{{backend}}}]}}]}}\n"
        )
    };
    let edge = "name: edge, namespace: infra, sectionName: https";
    for (route, more, expected) in [
        (route("shop", edge, "name: web, port: 80"), "", None),
        (
            route(
                "shop",
                "name: edge, namespace: infra",
                "name: web, port: 80",
            ),
            "",
            None,
        ),
        (
            route(
                "shop",
                "kind: Service, group: '', name: none",
                "kind: Bucket, group: x.io, name: none",
            ),
            "",
            None,
        ),
        (
            route(
                "shop",
                "name: egde, namespace: infra",
                "name: web, port: 80",
            ),
            "",
            Some(
                "missing HTTPRoute/r spec.parentRefs[0].name: the Gateway `egde` is not among the objects of namespace `infra`; did you mean `edge`?",
            ),
        ),
        (
            route(
                "shop",
                "name: edge, namespace: infra, sectionName: http",
                "name: web, port: 80",
            ),
            "",
            Some(
                "missing-port HTTPRoute/r spec.parentRefs[0].sectionName: the Gateway `edge` has no listener `http`; did you mean `https`?",
            ),
        ),
        (
            route("shop", edge, "name: web, port: 81"),
            "",
            Some(
                "missing-port HTTPRoute/r spec.rules[0].backendRefs[0].port: the Service `web` has no port `81`",
            ),
        ),
        (
            route("infra", edge, "name: web, namespace: shop, port: 80"),
            "",
            Some(
                "not-allowed HTTPRoute/r spec.rules[0].backendRefs[0].namespace: the Service `web` of namespace `shop` may not be used from namespace `infra`",
            ),
        ),
        (
            route("infra", edge, "name: web, namespace: shop, port: 80"),
            grant,
            None,
        ),
    ] {
        let yaml = format!("{SERVICE}{gateway}{namespaces}{route}{more}");
        let expected: Vec<String> = expected
            .map(|text| format!("error reference/{text}"))
            .into_iter()
            .collect();
        assert_eq!(found(&yaml, &whole()), expected, "{route}");
    }
}
