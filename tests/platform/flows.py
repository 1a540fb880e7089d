"""The network policies open exactly the flows that policies/flows.yaml declares: both ends of a flow where both are
held by policies, and nothing else."""

import ipaddress

import selftest
import wiring
from project import Fault, read_yaml, selects

FLOWS = "policies/flows.yaml"
DIRECTIONS = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}

# What "the internet" must not hold: private addresses, and the address of a cloud's metadata service.
NOT_INTERNET = [
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16")
]


def check(platform):
    return compare(platform, read_yaml((platform.root / FLOWS).read_text(encoding="utf-8"))[0]["flows"])


def note(platform):
    counts = []
    for environment in platform.environments:
        opened = Opened(environment, platform)
        counts.append(
            f"{environment.name}: {len(opened.flows['Egress'])} ways out and {len(opened.flows['Ingress'])} ways in"
        )
    return "; ".join(counts)


def compare(platform, flows):
    faults = []
    for environment in platform.environments:
        declared = {}
        for index, flow in enumerate(flows):
            if environment.name in flow.get("environments", [environment.name]):
                for port in flow["ports"]:
                    declared[flow["from"], flow["to"], port] = f"flows[{index}]"
        opened = Opened(environment, platform)
        faults += opened.faults
        faults += _ends(declared, opened, environment)
        faults += _undeclared(declared, opened)
        faults += _blocked(declared, opened, environment)
    return faults


class Opened:
    """What the policies of an environment open. `flows` maps a direction's (from, to, port) to the policies that open
    it; `held` names whom policies hold in a direction."""

    def __init__(self, environment, platform):
        self.environment = environment
        self.controllers = (platform.settings.get("network") or {}).get("ingress-controllers") or []
        self.flows = {"Ingress": {}, "Egress": {}}
        self.held = {"Ingress": set(), "Egress": set()}
        self.faults = []
        self.policies = environment.of("NetworkPolicy", "CiliumNetworkPolicy")
        self.outside = {
            self.outside_name(namespace, labels): (namespace, labels)
            for namespace, pods in wiring.OUTSIDE_PODS.items()
            for labels in pods
        }
        self.workloads = {}
        for pods in environment.pods:
            if not pods.spec.get("hostNetwork"):
                self.workloads.setdefault(f"{pods.namespace}/{pods.workload}", []).append(pods)
        for item in self.policies:
            self._read(item)

    def outside_name(self, namespace, labels):
        for controller in self.controllers:
            if controller["namespace"] == namespace and selects({"matchLabels": controller["pods"]}, labels):
                return f"ingress/{controller['class']}"
        return f"{namespace}/" + ",".join(f"{key}={value}" for key, value in labels.items())

    def _read(self, item):
        selector = item.spec.get("podSelector", item.spec.get("endpointSelector"))
        own = self._named({"podSelector": selector}, item.namespace)
        for direction in _types(item):
            rules, peers = DIRECTIONS[direction]
            self.held[direction] |= own
            for rule in item.spec.get(rules) or []:
                for other in self._others(rule, peers, item):
                    for name in own:
                        ends = (name, other) if direction == "Egress" else (other, name)
                        for port in self._ports(rule, ends[1]):
                            self.flows[direction].setdefault((*ends, port), set()).add(item.path)

    def _named(self, peer, home):
        """The names of the pods that a peer means, rendered here or not."""
        names = {
            name
            for name, several in self.workloads.items()
            for pods in several
            if wiring.namespace_selected(peer, home, pods.namespace, self.environment)
            and selects(peer.get("podSelector"), pods.labels)
        }
        for name, (namespace, labels) in self.outside.items():
            if wiring.namespace_selected(peer, home, namespace, self.environment) and selects(
                peer.get("podSelector"), labels
            ):
                names.add(name)
        return names

    def _others(self, rule, peers, item):
        if item.kind == "CiliumNetworkPolicy":
            return self._cilium_peers(rule, peers, item)
        if not rule.get(peers):
            return {"anywhere"}
        others = set()
        for peer in rule[peers]:
            others |= {_range(peer["ipBlock"])} if "ipBlock" in peer else self._named(peer, item.namespace)
            if "podSelector" not in peer and "ipBlock" not in peer:
                others.add("every pod of a namespace")
        return others

    def _cilium_peers(self, rule, peers, item):
        others = {f"entity:{entity}" for entity in rule.get(f"{peers}Entities") or []}
        others |= {f"cidr:{cidr}" for cidr in rule.get(f"{peers}CIDR") or []}
        others |= {_range(block) for block in rule.get(f"{peers}CIDRSet") or []}
        for selector in rule.get(f"{peers}Endpoints") or []:
            others |= self._named({"podSelector": selector}, item.namespace)
        return others

    def _ports(self, rule, target):
        ports = [port for entry in rule.get("toPorts") or [] for port in entry["ports"]] or rule.get("ports") or []
        for port in ports:
            number = port.get("port", "every port")
            number = self._number(target, str(number))
            last = f"-{port['endPort']}" if "endPort" in port else ""
            yield f"{port.get('protocol', 'TCP')}/{number}{last}"
        if not ports:
            yield "every port"

    def _number(self, target, port):
        """The number of a named port of the pods that it is opened on."""
        for pods in self.workloads.get(target, []):
            for name, number, _ in pods.ports():
                if name == port:
                    return str(number)
        return port


def _types(item):
    if item.kind == "CiliumNetworkPolicy":
        return [direction for direction, (rules, _) in DIRECTIONS.items() if rules in item.spec]
    return item.spec.get("policyTypes") or ["Ingress"] + (["Egress"] if "egress" in item.spec else [])


def _range(block):
    cidr = ipaddress.ip_network(block["cidr"])
    left_out = [ipaddress.ip_network(text) for text in block.get("except") or []]
    if cidr.prefixlen == 0 and all(any(part.subnet_of(out) for out in left_out) for part in NOT_INTERNET):
        return "internet"
    return f"cidr:{cidr}"


def _ends(declared, opened, environment):
    """Both ends of a declared flow are somebody; nobody of ours goes unheld."""
    namespaces = {pods.namespace for pods in environment.pods}
    missing = {}
    for (source, target, _), field in declared.items():
        for name in (source, target):
            plain = name == "internet" or name.partition(":")[0] in ("entity", "cidr", "namespace")
            if not plain and name not in opened.workloads and name not in opened.outside:
                missing.setdefault(name, field)
    for name, field in missing.items():
        yield Fault(FLOWS, field, f"there is no `{name}` in {environment.name}")
    for name, several in opened.workloads.items():
        for direction in DIRECTIONS:
            if name not in opened.held[direction]:
                yield several[0].owner.fault("", f"no policy holds the {direction.lower()} of {name}")
    for namespace in sorted(namespaces):
        for direction in DIRECTIONS:
            if not any(
                item.namespace == namespace
                and item.kind == "NetworkPolicy"
                and direction in _types(item)
                and item.spec["podSelector"] == {}
                for item in opened.policies
            ):
                yield Fault(
                    f"rendered/{environment.name}/{namespace}",
                    "",
                    f"no policy denies all {direction.lower()} by default",
                )


def _undeclared(declared, opened):
    for direction, way in (("Egress", "out"), ("Ingress", "in")):
        for (source, target, port), paths in sorted(opened.flows[direction].items()):
            if (source, target, port) not in declared:
                for path in sorted(paths):
                    yield Fault(
                        path,
                        f"spec.{direction.lower()}",
                        f"opens a way {way} that {FLOWS} does not declare: {source} -> {target} {port}",
                    )


def _blocked(declared, opened, environment):
    for (source, target, port), field in declared.items():
        for direction, own, way in (("Egress", source, "out of"), ("Ingress", target, "into")):
            if own in opened.held[direction] and (source, target, port) not in opened.flows[direction]:
                yield Fault(
                    FLOWS,
                    field,
                    f"declared for {environment.name} and closed: {source} -> {target} {port}: "
                    f"no policy lets it {way} {own}",
                )


SAMPLE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {metadata: {labels: {app.kubernetes.io/name: web}}, spec: {containers: [{ports: [{name: http, containerPort: 8080}]}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: shop}
spec: {template: {metadata: {labels: {app.kubernetes.io/name: db}}, spec: {containers: [{ports: [{containerPort: 3306}]}]}}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: default-deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress, Egress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: web}}
  policyTypes: [Ingress, Egress]
  ingress:
  - from:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: app-routing-system}}
      podSelector: {matchLabels: {app: nginx}}
    ports: [{protocol: TCP, port: http}]
  egress:
  - to: [{podSelector: {matchLabels: {app.kubernetes.io/name: db}}}]
    ports: [{protocol: TCP, port: 3306}]
  - to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16]}}]
    ports: [{protocol: TCP, port: 443}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app.kubernetes.io/name: db}}
  ingress:
  - from: [{podSelector: {matchLabels: {app.kubernetes.io/name: web}}}]
    ports: [{protocol: TCP, port: 3306}]
---
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  endpointSelector: {matchExpressions: [{key: app.kubernetes.io/name, operator: In, values: [web]}]}
  egress: [{toEntities: [kube-apiserver], toPorts: [{ports: [{port: "443", protocol: TCP}]}]}]
"""

DECLARED = [
    {"from": "ingress/nginx", "to": "shop/web", "ports": ["TCP/8080"]},
    {"from": "shop/web", "to": "shop/db", "ports": ["TCP/3306"], "environments": ["prod"]},
    {"from": "shop/web", "to": "internet", "ports": ["TCP/443"]},
    {"from": "shop/web", "to": "entity:kube-apiserver", "ports": ["TCP/443"]},
    {"from": "shop/db", "to": "internet", "ports": ["TCP/443"], "environments": ["dev"]},
]


def self_test():
    settings = {
        "network": {
            "ingress-controllers": [{"class": "nginx", "namespace": "app-routing-system", "pods": {"app": "nginx"}}]
        }
    }
    selftest.broken_samples(
        lambda platform: compare(platform, DECLARED),
        SAMPLE,
        [
            ("port: http", "port: 80", "ingress/nginx -> shop/web TCP/8080: no policy lets it into shop/web"),
            (
                "port: http",
                "port: 80",
                "opens a way in that policies/flows.yaml does not declare: ingress/nginx -> shop/web TCP/80",
            ),
            ("app: nginx", "app: external-dns", "external-dns -> shop/web TCP/8080"),
            ("port: 3306}]\n  - to", "port: 3306}, {protocol: UDP, port: 53}]\n  - to", "shop/web -> shop/db UDP/53"),
            ("port: 3306}]\n  - to", "port: 3307}]\n  - to", "no policy lets it out of shop/web"),
            ("port: 3306}]\n---", "port: 3307}]\n---", "no policy lets it into shop/db"),
            (
                "- to: [{podSelector: {matchLabels: {app.kubernetes.io/name: db}}}]\n    ports: [{protocol: TCP, port: 3306}]",
                "- {}",
                "shop/web -> anywhere every port",
            ),
            (", 169.254.0.0/16", "", "shop/web -> cidr:0.0.0.0/0 TCP/443"),
            ("[kube-apiserver]", "[kube-apiserver, host]", "shop/web -> entity:host TCP/443"),
            ("[kube-apiserver]", "[host]", "shop/web -> entity:kube-apiserver TCP/443: no policy lets it out"),
            ("values: [web]", "values: [web, db]", "shop/db -> entity:kube-apiserver TCP/443"),
            (
                "- from: [{podSelector: {matchLabels: {app.kubernetes.io/name: web}}}]",
                "- from: [{podSelector: {}}]",
                "shop/db -> shop/db TCP/3306",
            ),
            (
                "- from: [{podSelector: {matchLabels: {app.kubernetes.io/name: web}}}]",
                "- from: [{namespaceSelector: {}}]",
                "every pod of a namespace -> shop/db TCP/3306",
            ),
            (
                "{podSelector: {}, policyTypes: [Ingress, Egress]}",
                "{podSelector: {}, policyTypes: [Ingress]}",
                "no policy holds the egress of shop/db",
            ),
            (
                "{podSelector: {}, policyTypes: [Ingress, Egress]}",
                "{podSelector: {}, policyTypes: [Ingress]}",
                "no policy denies all egress by default",
            ),
            (
                "name: db, namespace: shop}\nspec: {template: {metadata: {labels: {app.kubernetes.io/name: db}}",
                "name: db, namespace: shop}\nspec: {template: {metadata: {labels: {app.kubernetes.io/name: sql}}",
                "there is no `shop/db` in prod",
            ),
        ],
        settings,
    )
