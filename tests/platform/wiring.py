"""What finds others by labels, names and ports finds them: Services, budgets, network policies, Ingresses, probes,
webhooks, and the addresses of Services in configuration."""

import re

import selftest
from project import NAME_LABEL, join, selects, texts

# Namespaces that the cluster brings: what is in them is not rendered here.
OUTSIDE = {"kube-system", "app-routing-system", "default"}

# Pods outside that may be selected, by their namespace.
OUTSIDE_PODS = {
    "kube-system": [{"k8s-app": "kube-dns"}, {"app": "konnectivity-agent"}],
    "app-routing-system": [{"app": "nginx"}, {"app": "external-dns"}],
}

NGINX = "nginx.ingress.kubernetes.io/"
# What nginx takes as an address: an Ingress with anything else in it, a comma for instance, is not served.
ADDRESS = r"[-._~A-Za-z0-9/:?&=$]+"
# The settings that an Ingress may have. Among those that are missing are all snippets, which are configuration of the
# whole nginx in the hands of whoever may write an Ingress.
NGINX_SETTINGS = {
    "auth-signin": ADDRESS,
    "auth-url": ADDRESS,
    "backend-protocol": "HTTPS",
    "force-ssl-redirect": "true",
    "proxy-body-size": r"[0-9]+[km]",
    "proxy-read-timeout": r"[0-9]+",
    "whitelist-source-range": r"[0-9./]+(,[0-9./]+)*",
}


def check(platform):
    faults = []
    for environment in platform.environments:
        faults += _namespaces(environment)
        for item in environment.of("Service"):
            faults += _service(item, environment)
        for item in environment.of("PodDisruptionBudget"):
            if not environment.selected(item.namespace, item.spec.get("selector")):
                faults.append(item.fault("spec.selector", "selects no pods"))
            if item.spec.get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
                faults.append(item.fault("spec", "a pod that never gets ready would keep its node from being drained"))
        for item in environment.of("StatefulSet"):
            faults += _governing_service(item, environment)
            if item.spec.get("podManagementPolicy") != "Parallel":
                faults.append(item.fault("spec", "a pod that never gets ready would not be replaced by a mended one"))
        for item in environment.of("HorizontalPodAutoscaler"):
            ref = item.spec["scaleTargetRef"]
            if not environment.get(ref["kind"], item.namespace, ref["name"]):
                faults.append(item.fault("spec.scaleTargetRef", f"there is no {ref['kind']} `{ref['name']}`"))
        for pods in environment.pods:
            faults += _workload(pods)
        for item in environment.of("NetworkPolicy", "CiliumNetworkPolicy"):
            faults += _policy(item, environment)
        for item in environment.of("Ingress"):
            faults += _ingress(item, environment, platform)
        for item in environment.of("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
            faults += _webhooks(item, environment)
        for item in environment.objects:
            faults += _addresses(item, environment, platform)
    return faults


def _namespaces(environment):
    there = {item.name for item in environment.of("Namespace")}
    for item in environment.objects:
        if item.namespace and item.namespace not in there | OUTSIDE:
            yield item.fault("metadata.namespace", f"there is no Namespace `{item.namespace}`")


def _service(item, environment):
    selector = item.spec.get("selector")
    if not selector:
        if item.spec.get("type") != "ExternalName":
            yield item.fault("spec.selector", "selects nothing")
        return
    selected = environment.selected(item.namespace, {"matchLabels": selector})
    if not selected:
        if not selects_outside(item.namespace, {"matchLabels": selector}):
            yield item.fault("spec.selector", "selects no pods")
        return
    for index, port in enumerate(item.spec.get("ports") or []):
        target = port.get("targetPort", port["port"])
        for pods in selected:
            if not any(
                target in (name, number) and port.get("protocol", "TCP") == protocol
                for name, number, protocol in pods.ports()
            ):
                yield item.fault(f"spec.ports[{index}].targetPort", f"{pods.owner} has no port `{target}`")


def selects_outside(namespace, selector):
    return any(selects(selector, labels) for labels in OUTSIDE_PODS.get(namespace, []))


def _governing_service(item, environment):
    service = environment.get("Service", item.namespace, item.spec.get("serviceName", ""))
    labels = item.spec["template"]["metadata"]["labels"]
    if not service:
        yield item.fault("spec.serviceName", f"there is no Service `{item.spec.get('serviceName', '')}`")
    elif not selects({"matchLabels": service.spec.get("selector")}, labels):
        yield item.fault("spec.serviceName", f"the Service `{service.name}` does not select these pods")
    elif service.spec.get("clusterIP") != "None":
        yield item.fault("spec.serviceName", f"the Service `{service.name}` is not headless")


PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _workload(pods):
    """A workload selects its own pods; its containers' probes and hooks call ports that they have."""
    selector = pods.owner.spec.get("selector")
    if selector and not selects(selector, pods.labels):
        yield pods.owner.fault("spec.selector", "does not select the workload's own pods")
    for index, spread in enumerate(pods.spec.get("topologySpreadConstraints") or []):
        if not selects(spread.get("labelSelector"), pods.labels):
            yield pods.owner.fault(
                f"{pods.field}.spec.topologySpreadConstraints[{index}]", "does not select the workload's own pods"
            )
    for field, container in pods.containers():
        ports = container.get("ports") or []
        handlers = [(name, container.get(name) or {}) for name in PROBES]
        handlers += [
            (f"lifecycle.{hook}", (container.get("lifecycle") or {}).get(hook) or {})
            for hook in ("postStart", "preStop")
        ]
        for name, handler in handlers:
            for kind in ("httpGet", "tcpSocket", "grpc"):
                port = (handler.get(kind) or {}).get("port")
                known = {entry.get("name") for entry in ports} | {entry["containerPort"] for entry in ports}
                if port is not None and port not in known:
                    yield pods.owner.fault(f"{field}.{name}.{kind}.port", f"the container has no port `{port}`")


def _policy(item, environment):
    selector = item.spec.get("podSelector", item.spec.get("endpointSelector"))
    selected = environment.selected(item.namespace, selector)
    if not selected and not selects_outside(item.namespace, selector):
        yield item.fault("spec.podSelector", "selects no pods")
    for name in _names(selector):
        if not any(pods.labels.get(NAME_LABEL) == name for pods in selected):
            yield item.fault("spec.podSelector", f"there are no pods of `{name}`")
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for index, rule in enumerate(item.spec.get(direction) or []):
            field = f"spec.{direction}[{index}]"
            found = []
            for number, peer in enumerate(rule.get(peers) or []):
                if "ipBlock" in peer:
                    continue
                pods = peer_pods(peer, item.namespace, environment)
                found += pods
                if not pods and not _peer_outside(peer, item.namespace):
                    yield item.fault(f"{field}.{peers}[{number}]", "selects no pods")
            targets = selected if direction == "ingress" else found
            yield from _policy_ports(item, f"{field}.ports", rule.get("ports") or [], targets, direction)


def _names(selector):
    """The workloads that a selector names."""
    for rule in (selector or {}).get("matchExpressions") or []:
        if rule["key"] == NAME_LABEL and rule["operator"] == "In":
            yield from rule["values"]


def peer_pods(peer, namespace, environment):
    """The rendered pods that a peer of a NetworkPolicy means."""
    return [
        pods
        for pods in environment.pods
        if namespace_selected(peer, namespace, pods.namespace, environment)
        and selects(peer.get("podSelector"), pods.labels)
    ]


def namespace_selected(peer, home, namespace, environment):
    if "namespaceSelector" not in peer:
        return namespace == home
    item = environment.get("Namespace", "", namespace)
    labels = (item.labels if item else {}) | {"kubernetes.io/metadata.name": namespace}
    return selects(peer["namespaceSelector"], labels)


def _peer_outside(peer, home):
    spaces = OUTSIDE_PODS if "namespaceSelector" in peer else {home: OUTSIDE_PODS.get(home, [])}
    return any(
        selects_outside(namespace, peer.get("podSelector"))
        and (
            "namespaceSelector" not in peer
            or selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": namespace})
        )
        for namespace in spaces
    )


def _policy_ports(item, field, ports, targets, direction):
    """Ports of a policy are ports of the pods it opens, where these are ours."""
    known = {entry for pods in targets for name, number, _ in pods.ports() for entry in (name, number)}
    for index, port in enumerate(ports):
        number = port.get("port")
        if targets and number is not None and number not in known and "endPort" not in port:
            whose = "the selected pods" if direction == "ingress" else "the pods of its peers"
            yield item.fault(f"{field}[{index}].port", f"{whose} have no port `{number}`")


def _ingress(item, environment, platform):
    classes = {entry["class"] for entry in (platform.settings.get("network") or {}).get("ingress-controllers") or []}
    classes |= {other.spec.get("ingressClassName") for other in environment.of("NginxIngressController")}
    if item.spec.get("ingressClassName") not in classes:
        yield item.fault("spec.ingressClassName", f"there is no class `{item.spec.get('ingressClassName')}`")
    for key, value in (item.data["metadata"].get("annotations") or {}).items():
        if key.startswith(NGINX) and not re.fullmatch(NGINX_SETTINGS.get(key.removeprefix(NGINX), "(?!)"), value):
            yield item.fault(f"metadata.annotations.{key}", "this setting, or its value, is not one we know to be safe")
    covered = {host for tls in item.spec.get("tls") or [] for host in tls.get("hosts") or []}
    for index, rule in enumerate(item.spec.get("rules") or []):
        if rule.get("host") not in covered:
            yield item.fault(f"spec.rules[{index}].host", f"no certificate covers `{rule.get('host')}`")
        for number, path in enumerate((rule.get("http") or {}).get("paths") or []):
            field = f"spec.rules[{index}].http.paths[{number}].backend.service"
            backend = path["backend"]["service"]
            port = backend["port"].get("name", backend["port"].get("number"))
            yield from _service_port(item, field, environment, item.namespace, backend["name"], port)


def _service_port(item, field, environment, namespace, name, port):
    service = environment.get("Service", namespace, name)
    if not service:
        yield item.fault(field, f"there is no Service `{name}` in {namespace}")
    elif port is not None and port not in _ports(service, environment):
        yield item.fault(field, f"the Service `{name}` of {namespace} has no port `{port}`")


def _ports(service, environment):
    """Names and numbers of a Service's ports; behind a headless one they are those of its pods."""
    ports = {known for entry in service.spec["ports"] for known in (entry.get("name"), entry["port"])}
    if service.spec.get("clusterIP") == "None":
        for pods in environment.selected(service.namespace, {"matchLabels": service.spec.get("selector") or {}}):
            ports |= {known for name, number, _ in pods.ports() for known in (name, number)}
    return ports


def _webhooks(item, environment):
    for index, webhook in enumerate(item.data.get("webhooks") or []):
        service = webhook["clientConfig"].get("service")
        field = f"webhooks[{index}].clientConfig.service"
        if service:
            yield from _service_port(
                item, field, environment, service["namespace"], service["name"], service.get("port", 443)
            )
    source = item.annotations.get("cert-manager.io/inject-ca-from")
    if source:
        namespace, _, name = source.partition("/")
        if not environment.get("Certificate", namespace, name):
            yield item.fault(
                join("metadata.annotations", "cert-manager.io/inject-ca-from"), f"there is no Certificate `{source}`"
            )


ADDRESS = re.compile(r"\b([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?\b\.?(?::(\d+))?")


def _addresses(item, environment, platform):
    """Addresses of Services in any text: <service>.<namespace>.svc, and the port where one follows."""
    for field, text in texts(item.data):
        if ".svc" not in text:
            continue
        for name, namespace, port in ADDRESS.findall(text):
            if namespace in OUTSIDE or name in platform.external("Service", namespace):
                continue
            yield from _service_port(item, field, environment, namespace, name, int(port) if port else None)


SAMPLE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  podManagementPolicy: Parallel
  serviceName: web-headless
  selector: {matchLabels: {app.kubernetes.io/name: web}}
  template:
    metadata: {labels: {app.kubernetes.io/name: web}}
    spec:
      topologySpreadConstraints: [{labelSelector: {matchLabels: {app.kubernetes.io/name: web}}}]
      containers:
      - name: web
        ports: [{name: http, containerPort: 8080}]
        livenessProbe: {httpGet: {port: http}}
        lifecycle: {preStop: {httpGet: {port: 8080}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app.kubernetes.io/name: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-headless, namespace: shop}
spec: {clusterIP: None, selector: {app.kubernetes.io/name: web}, ports: [{name: http, port: 8080}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {unhealthyPodEvictionPolicy: AlwaysAllow, selector: {matchLabels: {app.kubernetes.io/name: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec: {scaleTargetRef: {kind: StatefulSet, name: web}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [web]}]}
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: app-routing-system}}
      podSelector: {matchLabels: {app: nginx}}
    - podSelector: {matchLabels: {app.kubernetes.io/name: web}}
    ports: [{port: 8080}]
  egress:
  - to: [{podSelector: {matchLabels: {app.kubernetes.io/name: web}}}]
    ports: [{port: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/auth-url: "http://web.shop.svc.cluster.local:80/auth"
    peer: "web-0.web-headless.shop.svc:8080"
spec:
  ingressClassName: nginx
  tls: [{hosts: [example.org]}]
  rules: [{host: example.org, http: {paths: [{backend: {service: {name: web, port: {name: http}}}}]}}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web, annotations: {cert-manager.io/inject-ca-from: shop/web}}
webhooks: [{clientConfig: {service: {name: web, namespace: shop, port: 80}}}]
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: shop}
"""


def self_test():
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            (
                "kind: Namespace\nmetadata: {name: shop}",
                "kind: Namespace\nmetadata: {name: shap}",
                "no Namespace `shop`",
            ),
            ("serviceName: web-headless", "serviceName: headless", "there is no Service `headless`"),
            ("serviceName: web-headless", "serviceName: web", "the Service `web` is not headless"),
            (
                "selector: {matchLabels: {app.kubernetes.io/name: web}}\n  template",
                "selector: {matchLabels: {a: b}}\n  template",
                "does not select the workload's own pods",
            ),
            (
                "{labelSelector: {matchLabels: {app.kubernetes.io/name: web}}}",
                "{labelSelector: {matchLabels: {a: b}}}",
                "topologySpreadConstraints[0]: does not select",
            ),
            ("livenessProbe: {httpGet: {port: http}}", "livenessProbe: {httpGet: {port: htpp}}", "has no port `htpp`"),
            ("preStop: {httpGet: {port: 8080}}", "preStop: {httpGet: {port: 80}}", "preStop.httpGet.port"),
            ("targetPort: http", "targetPort: web", "has no port `web`"),
            ("port: 8080}]}", "port: 8081}]}", "has no port `8081`"),
            (
                "spec: {selector: {app.kubernetes.io/name: web}",
                "spec: {selector: {a: b}",
                "spec.selector: selects no pods",
            ),
            (
                "AlwaysAllow, selector: {matchLabels: {app.kubernetes.io/name: web}}}",
                "AlwaysAllow, selector: {matchLabels: {a: b}}}",
                "poddisruptionbudget-web.yaml: spec.selector: selects no pods",
            ),
            ("AlwaysAllow", "IfHealthyBudget", "keep its node from being drained"),
            ("Parallel", "OrderedReady", "not be replaced"),
            ("/auth-url: ", "/auth-snippet: ", "not one we know to be safe"),
            (":80/auth", ":80/auth?allowed_groups=a,b", "not one we know to be safe"),
            ("kind: StatefulSet, name: web", "kind: Deployment, name: web", "there is no Deployment `web`"),
            ("values: [web]", "values: [web, wob]", "there are no pods of `wob`"),
            ("app: nginx", "app: engine", "spec.ingress[0].from[0]: selects no pods"),
            (
                "- podSelector: {matchLabels: {app.kubernetes.io/name: web}}\n    ports",
                "- podSelector: {matchLabels: {a: b}}\n    ports",
                "spec.ingress[0].from[1]: selects no pods",
            ),
            (
                "ports: [{port: 8080}]",
                "ports: [{port: 80}]",
                "spec.ingress[0].ports[0].port: the selected pods have no",
            ),
            ("ports: [{port: http}]", "ports: [{port: web}]", "the pods of its peers have no port `web`"),
            ("ingressClassName: nginx", "ingressClassName: other", "there is no class `other`"),
            ("hosts: [example.org]", "hosts: [example.com]", "no certificate covers `example.org`"),
            (
                "service: {name: web, port: {name: http}}",
                "service: {name: web, port: {name: htpp}}",
                "has no port `htpp`",
            ),
            (
                "service: {name: web, port: {name: http}}",
                "service: {name: wob, port: {name: http}}",
                "no Service `wob`",
            ),
            ("namespace: shop, port: 80", "namespace: shop, port: 443", "has no port `443`"),
            ("inject-ca-from: shop/web", "inject-ca-from: shop/wob", "there is no Certificate `shop/wob`"),
            ("web.shop.svc.cluster.local:80/", "web.shop.svc.cluster.local:81/", "has no port `81`"),
            ("web-headless.shop.svc:8080", "web-headless.shop.svc:80", "has no port `80`"),
            ("web.shop.svc.cluster.local:80/", "web.shap.svc/", "there is no Service `web` in shap"),
        ],
        {"network": {"ingress-controllers": [{"class": "nginx"}]}},
    )
