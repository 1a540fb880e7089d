//! Services.

use crate::cluster::Settings;
use crate::reference::testing::{found, found_in_steps, whole};

/// A Deployment whose pods have labels and containers.
fn deployment(name: &str, labels: &str, containers: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  template:\n    \
         metadata: {{labels: {{{labels}}}}}\n    spec: {{containers: [{containers}]}}\n"
    )
}

fn service(spec: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop}}\nspec: {{{spec}}}\n"
    )
}

const WEB: &str = "{name: web, ports: [{name: http, containerPort: 8080}, {name: dns, containerPort: 53, protocol: UDP}]}";

#[test]
fn a_selector_that_selects_no_pod_is_told_with_what_is_near() {
    let web = deployment("web", "app: web, tier: front", WEB);
    for (selector, expected) in [
        ("app: web", None),
        ("app: web, tier: front", None),
        (
            "app: wbe",
            Some(
                "app: the Service selects no pod of namespace `shop`: none matches `app=wbe`; did you mean `app=web`?",
            ),
        ),
        (
            "ap: web",
            Some(
                "ap: the Service selects no pod of namespace `shop`: none matches `ap=web`; did you mean `app=web`?",
            ),
        ),
        (
            "app: web, tier: back",
            Some(
                "tier: the Service selects no pod of namespace `shop`: `Deployment/web` matches all but `tier=back`, it has `tier=front`",
            ),
        ),
        (
            "app: web, zone: a",
            Some(
                "zone: the Service selects no pod of namespace `shop`: `Deployment/web` matches all but `zone=a`, it has no label `zone`",
            ),
        ),
        (
            "app: x, tier: none",
            Some(
                ": the Service selects no pod of namespace `shop`: none matches `app=x,tier=none`",
            ),
        ),
        // Labels that pods get once they run.
        ("app: web, vault-active: 'true'", None),
        ("app: web, role: master", None),
        ("app: web, statefulset.kubernetes.io/pod-name: web-0", None),
        // A label of a domain that nothing here has: an operator's.
        ("cnpg.io/cluster: db", None),
    ] {
        let yaml = web.clone() + &service(&format!("selector: {{{selector}}}"));
        let lines = found(&yaml, &whole());
        let expected: Vec<String> = expected
            .map(|text| {
                let dot = if text.starts_with(':') { "" } else { "." };
                format!("error reference/selects-nothing Service/web spec.selector{dot}{text}")
            })
            .into_iter()
            .collect();
        assert_eq!(lines, expected, "{selector}");
    }
}

#[test]
fn what_may_be_there_unseen_is_not_told() {
    let web = deployment("web", "app: web", WEB);
    let other = service("selector: {app: other}");
    let told = |yaml: &str, settings: &Settings| !found(yaml, settings).is_empty();
    assert!(told(&(web.clone() + &other), &whole()));
    // Nothing is known of the namespace.
    assert!(!told(&other, &whole()));
    let namespace = "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    assert!(told(&(namespace.to_owned() + &other), &whole()));
    for more in [
        "apiVersion: example.org/v1\nkind: Database\nmetadata: {name: db, namespace: shop}",
        "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: db, namespace: shop}",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: argocd}\nspec: {source: {repoURL: 'https://charts.example.com', chart: db}, destination: {namespace: shop}}",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: flux}\nspec: {targetNamespace: shop}",
    ] {
        let all = format!("{web}{other}---\n{more}\n");
        let lines = found(&all, &whole());
        let nothing = lines.iter().filter(|line| line.contains("selects-nothing"));
        assert_eq!(nothing.count(), 0, "{more}");
    }
    let plain = Settings::default();
    let lines = found(&(web.clone() + &other), &plain);
    assert!(
        lines[0].starts_with("warning reference/selects-nothing"),
        "{lines:?}"
    );
    // Manifests that name no namespace may be applied to this one.
    let unnamed = web
        .replace(", namespace: shop", "")
        .replace("app: web", "app: other");
    assert!(!told(&(web.clone() + &unnamed + &other), &plain));
}

#[test]
fn services_without_a_selector_or_with_pods_elsewhere_are_not_told() {
    let web = deployment("web", "app: web", WEB);
    for spec in [
        "type: ExternalName, externalName: x.example.com, selector: {app: none}",
        "ports: [{port: 80}]",
        "selector: {}",
    ] {
        assert_eq!(
            found(&(web.clone() + &service(spec)), &whole()),
            [""; 0],
            "{spec}"
        );
    }
}

#[test]
fn ports_lead_to_ports_of_the_pods() {
    let silent = "{name: other}";
    let meshed =
        web_with("metadata: {labels: {app: web}, annotations: {sidecar.istio.io/inject: 'true'}}");
    let web = deployment("web", "app: web", WEB);
    let two = deployment("web", "app: web", &format!("{WEB}, {silent}"));
    let sidecar = web.replace(
        "spec: {containers",
        "spec: {initContainers: [{name: s, restartPolicy: Always, ports: [{name: mesh, containerPort: 1}]}, {name: i, ports: [{name: init, containerPort: 2}]}], containers",
    );
    let no_name = |name: &str, hint: &str| {
        format!(
            "missing-port Service/web spec.ports[0].targetPort: no container of the selected pods has a port named `{name}`{hint}"
        )
    };
    for (pods, ports, expected) in [
        (&web, "{port: 80, targetPort: http}", None),
        (&web, "{port: 80, targetPort: 8080}", None),
        (&web, "{port: 8080}", None),
        (&web, "{port: 53, targetPort: dns, protocol: UDP}", None),
        (&web, "{port: 80, targetPort: htpp}", Some(("error", no_name("htpp", "; did you mean `http`?")))),
        (
            &web,
            "{port: 53, targetPort: dns}",
            Some((
                "error",
                "missing-port Service/web spec.ports[0].targetPort: the port `dns` of the pods is UDP, and this one leads to TCP".to_owned(),
            )),
        ),
        (
            &web,
            "{port: 80}",
            Some((
                "warning",
                "undeclared-port Service/web spec.ports[0].port: no container of the selected pods declares port 80".to_owned(),
            )),
        ),
        (
            &web,
            "{port: 53}",
            Some((
                "warning",
                "undeclared-port Service/web spec.ports[0].port: the selected pods declare port 53 for UDP, and this one leads to TCP".to_owned(),
            )),
        ),
        (
            &web,
            "{port: 81, targetPort: 81}, {port: 80, targetPort: http}",
            Some((
                "note",
                "undeclared-port Service/web spec.ports[0].targetPort: no container of the selected pods declares port 81".to_owned(),
            )),
        ),
        // A container that declares nothing may listen on any port, but has none by name.
        (&two, "{port: 80}", None),
        (&two, "{port: 80, targetPort: x}", Some(("error", no_name("x", "")))),
        // A service mesh brings containers of its own.
        (&meshed, "{port: 80, targetPort: http-envoy-prom}", None),
        (&sidecar, "{port: 80, targetPort: mesh}", None),
        (&sidecar, "{port: 80, targetPort: init}", Some(("error", no_name("init", "")))),
        (&web, "{port: 80, targetPort: 0}", Some((
            "warning",
            "undeclared-port Service/web spec.ports[0].port: no container of the selected pods declares port 80".to_owned(),
        ))),
    ] {
        let yaml = pods.clone() + &service(&format!("selector: {{app: web}}, ports: [{ports}]"));
        let expected: Vec<String> = expected
            .map(|(severity, text)| format!("{severity} reference/{text}"))
            .into_iter()
            .collect();
        assert_eq!(found(&yaml, &whole()), expected, "{ports}");
    }
    let headless =
        "clusterIP: None, selector: {app: web}, ports: [{port: 81}, {port: 80, targetPort: x}]";
    let lines = found(&(web + &service(headless)), &whole());
    assert_eq!(
        lines,
        [
            "warning reference/missing-port Service/web spec.ports[1].targetPort: no container of the selected pods has a port named `x`"
        ]
    );
}

fn web_with(metadata: &str) -> String {
    deployment("web", "app: web", WEB).replace("metadata: {labels: {app: web}}", metadata)
}

#[test]
fn a_service_of_two_programs_is_told() {
    let pods = |name: &str, labels: &str, port: &str| {
        deployment(name, labels, &format!("{{name: c, ports: [{port}]}}"))
    };
    let http = "{name: http, containerPort: 8080}";
    let api = "app.kubernetes.io/name: api, team: x";
    let message = |other: &str| {
        format!(
            "warning reference/selects-too-much Service/web spec.selector: the Service selects the pods of two programs: `Deployment/api` and `{other}`"
        )
    };
    let service = service("selector: {team: x}, ports: [{port: 80, targetPort: 8080}]");
    for (other, expected) in [
        (
            pods("web", "app.kubernetes.io/name: web, team: x", http),
            true,
        ),
        // Variants of one program.
        (
            pods(
                "canary",
                "app.kubernetes.io/name: api-canary, team: x",
                http,
            ),
            false,
        ),
        (
            pods(
                "v2",
                "app.kubernetes.io/name: api, team: x, version: v2",
                http,
            ),
            false,
        ),
        (
            pods(
                "part",
                "app.kubernetes.io/name: api, app.kubernetes.io/component: x, team: x",
                http,
            ),
            false,
        ),
        // Nothing tells what it is.
        (pods("web", "team: x", ""), false),
    ] {
        let lines = found(&(pods("api", api, http) + &other + &service), &whole());
        assert_eq!(!lines.is_empty(), expected, "{lines:?}");
        if expected {
            assert_eq!(lines, [message("Deployment/web")]);
        }
    }
    // A part of the program that has no such port.
    let parts = |name: &str, port| {
        pods(
            name,
            &format!("app.kubernetes.io/name: api, app.kubernetes.io/component: {name}, team: x"),
            port,
        )
    };
    let lines = found(
        &(parts("api", http) + &parts("jobs", "") + &service),
        &whole(),
    );
    assert_eq!(lines, [message("Deployment/jobs")]);
    let named = service.replace("8080", "http");
    assert_eq!(
        found(
            &(parts("api", http) + &parts("jobs", "") + &named),
            &whole()
        ),
        [""; 0]
    );
    let job = pods("migrate", api, "")
        .replace("apps/v1", "batch/v1")
        .replace("Deployment", "Job");
    let lines = found(&(pods("api", api, http) + &job + &service), &whole());
    assert_eq!(lines, [message("Job/migrate")]);
}

#[test]
fn the_service_of_a_stateful_set_gives_its_pods_names() {
    let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: shop}\nspec:\n  serviceName: web\n  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: c}]}\n";
    let other = deployment("x", "app: x", "{name: c}");
    let told = "StatefulSet/db spec.serviceName: the Service `web` gives the pods no names of their own: it";
    for (spec, expected) in [
        ("clusterIP: None, selector: {app: db}", None),
        (
            "clusterIPs: [None], selector: {app: db, role: leader}",
            None,
        ),
        ("clusterIP: None", None),
        ("selector: {app: db}", Some("has an address of its own")),
        (
            "clusterIP: None, selector: {app: x}",
            Some("does not select them"),
        ),
    ] {
        let lines = found(&(set.to_owned() + &other + &service(spec)), &whole());
        let expected: Vec<String> = expected
            .map(|why| format!("warning reference/governing-service {told} {why}"))
            .into_iter()
            .collect();
        assert_eq!(lines, expected, "{spec}");
    }
    let lines = found(&(set.to_owned() + &other), &whole());
    assert_eq!(
        lines,
        [
            "warning reference/missing StatefulSet/db spec.serviceName: the Service `web` is not among the objects of namespace `shop`"
        ]
    );
    let plain = Settings::default();
    assert_eq!(found(&(set.to_owned() + &other), &plain), [""; 0]);
}

#[test]
fn slices_of_endpoints_belong_to_a_service() {
    let slice = "---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, namespace: shop, labels: {kubernetes.io/service-name: web}}\n";
    let web = service("ports: [{port: 80}]");
    assert_eq!(found(&(web.clone() + slice), &whole()), [""; 0]);
    let other = web.replace("name: web", "name: wbe");
    assert_eq!(
        found(&(other + slice), &whole()),
        [
            "warning reference/missing EndpointSlice/s metadata.labels[kubernetes.io/service-name]: the Service `web` is not among the objects of namespace `shop`; did you mean `wbe`?"
        ]
    );
}

#[test]
fn what_is_too_much_work_is_told() {
    let yaml = "\
apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: a}}
spec: {containers: [{name: c, image: a}]}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {app: b}, ports: [{port: 80}]}
";
    let nothing = "error reference/selects-nothing Service/s";
    let undecided = "warning reference/selects-nothing Pod/p metadata.name: which objects choose, name and reach which others takes more work to find out than is done in one run: not all references are checked";
    let settings = whole();
    assert_eq!(found_in_steps(yaml, &settings, 0), [undecided]);
    let found = found_in_steps(yaml, &settings, 10_000);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with(nothing), "{found:?}");
}
