"""What the policies of an environment allow is what the environment has, and no more: a host, registry, vault or account
that is gone must not be allowed for ever. That what it has is allowed, the policies themselves say."""

import selftest

# Annotations that values turn on.
AHEAD = {"whitelist-source-range"}

NGINX = "nginx.ingress.kubernetes.io/"
CLIENT_ID = "azure.workload.identity/client-id"


def check(platform):
    faults = []
    for environment in platform.environments:
        found = environment.of("PolicyParameters")
        if len(found) != 1 and environment.of("ValidatingAdmissionPolicy"):
            item = (found or environment.of("ValidatingAdmissionPolicy"))[0]
            faults.append(item.fault("", f"{environment.name} has {len(found)} PolicyParameters, and policies take one"))
        for item in found:
            for field, message in [
                *_images(item.spec["images"], environment),
                *_ingress(item.spec["ingress"], environment),
                *_accounts(item.spec["serviceAccounts"], environment),
                *_rest(item.spec, environment),
                *_others(item, platform),
            ]:
                faults.append(item.fault(f"spec.{field}", message))
    return faults


def note(platform):
    count = {environment.name: len(environment.of("ValidatingAdmissionPolicy")) for environment in platform.environments}
    return ", ".join(f"{name}: {number} policies" for name, number in count.items())


def _images(spec, environment):
    images = {
        container["image"] for pods in environment.pods for _, container in pods.containers() if "image" in container
    }
    for index, registry in enumerate(spec["registries"]):
        if not any(image.startswith(registry + "/") for image in images):
            yield f"images.registries[{index}]", f"no image comes from {registry}"
    digests = spec["digests"]
    for index, repository in enumerate(digests.get("exceptions") or []):
        own = [image for image in images if image.partition("@")[0].rpartition(":")[0] == repository]
        if not any("@" not in image for image in own):
            what = "its images have digests" if own else "no image is of it"
            yield f"images.digests.exceptions[{index}]", f"{repository}: {what}"


def _ingress(spec, environment):
    ingresses = environment.of("Ingress")
    annotations = {key[len(NGINX) :] for item in ingresses for key in item.annotations if key.startswith(NGINX)}
    for index, name in enumerate(spec["annotations"]):
        if name not in annotations | AHEAD:
            yield f"ingress.annotations[{index}]", f"no Ingress has {name}"
    for index, name in enumerate(spec["classes"]):
        if not any(item.spec.get("ingressClassName") == name for item in ingresses):
            yield f"ingress.classes[{index}]", f"no Ingress is of {name}"
    for index, host in enumerate(spec["hosts"]):
        field = f"ingress.hosts[{index}]"
        own = [
            (item, rule)
            for item in ingresses
            for rule in item.spec.get("rules") or []
            if item.namespace == host["namespace"] and rule.get("host") == host["name"]
        ]
        services = {path["backend"]["service"]["name"] for _, rule in own for path in rule["http"]["paths"]}
        if services != set(host["services"]):
            yield field, f"{host['name']} leads to {', '.join(sorted(services)) or 'nothing'}"
        if own and host.get("console", False) != any(NGINX + "auth-url" in item.annotations for item, _ in own):
            yield field, f"{host['name']} is a console, or is none, by its Ingress"


def _accounts(spec, environment):
    tokens = {
        (pods.namespace, pods.spec.get("serviceAccountName", "default"))
        for pods in environment.pods
        if pods.spec.get("automountServiceAccountToken", True)
    }
    for index, account in enumerate(spec):
        key = (account["namespace"], account["name"])
        item = environment.get("ServiceAccount", *key)
        field = f"serviceAccounts[{index}]"
        if not item:
            yield field, f"there is no ServiceAccount {'/'.join(key)}"
        elif account.get("token") and key not in tokens:
            yield field, f"no pod mounts a token of {'/'.join(key)}"
        elif account.get("identity") and CLIENT_ID not in item.annotations:
            yield field, f"{'/'.join(key)} has no Azure identity"
        elif "clientId" in account and item.annotations.get(CLIENT_ID) != account["clientId"]:
            yield field, f"{'/'.join(key)} has another identity"


def _rest(spec, environment):
    for index, name in enumerate(spec["namespaces"]["privileged"]):
        item = environment.get("Namespace", "", name)
        if not item or item.labels.get("pod-security.kubernetes.io/enforce") != "privileged":
            yield f"namespaces.privileged[{index}]", f"{name} enforces a Pod Security Standard"
    vaults = {
        ((item.spec.get("provider") or {}).get("azurekv") or {}).get("vaultUrl") for item in environment.of("SecretStore")
    }
    for index, vault in enumerate(spec["vaults"]):
        if vault not in vaults:
            yield f"vaults[{index}]", f"no SecretStore reads {vault}"


def _others(item, platform):
    """A text that tells another environment stands there, and not here."""
    for index, text in enumerate(item.spec["otherEnvironments"]):
        if not any(
            other.environment != item.environment and other.kind != "PolicyParameters" and text in str(other.data)
            for other in platform.objects
        ):
            yield f"otherEnvironments[{index}]", f"`{text}` is of no other environment"


SAMPLE = """
apiVersion: policy.audioprothese.ovh/v1
kind: PolicyParameters
metadata: {name: zero-trust}
spec:
  images: {registries: [registry.example/team], digests: {required: true, exceptions: [registry.example/team/web]}}
  ingress:
    annotations: [auth-url, whitelist-source-range]
    classes: [managed]
    hosts: [{name: shop.example, namespace: shop, services: [web], console: true}]
  namespaces: {privileged: [shop]}
  otherEnvironments: []
  serviceAccounts: [{namespace: shop, name: web, token: true, identity: true}]
  vaults: [https://vault.example/]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: some}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: privileged}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, annotations: {azure.workload.identity/client-id: a}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: web, containers: [{name: web, image: "registry.example/team/web:1"}]}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {nginx.ingress.kubernetes.io/auth-url: x}}
spec:
  ingressClassName: managed
  rules: [{host: shop.example, http: {paths: [{backend: {service: {name: web}}}]}}]
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: shop}
spec: {provider: {azurekv: {vaultUrl: "https://vault.example/"}}}
"""


def self_test():
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            ("kind: PolicyParameters", "kind: Other", "has 0 PolicyParameters"),
            ("registries: [registry.example/team]", "registries: [other.example]", "no image comes from other.example"),
            ("exceptions: [registry.example/team/web]", "exceptions: [registry.example/gone]", "no image is of it"),
            ("team/web:1", "team/web:1@sha256:a", "its images have digests"),
            ("annotations: [auth-url", "annotations: [server-alias", "no Ingress has server-alias"),
            ("classes: [managed]", "classes: [other]", "no Ingress is of other"),
            ("hosts: [{name: shop.example", "hosts: [{name: old.example", "old.example leads to nothing"),
            ("services: [web]", "services: [web, api]", "shop.example leads to web"),
            ("console: true", "console: false", "is a console, or is none"),
            ("privileged: [shop]", "privileged: [other]", "other enforces a Pod Security Standard"),
            ("otherEnvironments: []", "otherEnvironments: [shop.dev]", "is of no other environment"),
            ("name: web, token: true", "name: gone, token: true", "there is no ServiceAccount shop/gone"),
            ("{serviceAccountName: web,", "{automountServiceAccountToken: false,", "no pod mounts a token of shop/web"),
            ("client-id: a", "other: a", "shop/web has no Azure identity"),
            ("identity: true", "identity: true, clientId: b", "shop/web has another identity"),
            ("vaults: [https://vault.example/]", "vaults: [https://old.example/]", "no SecretStore reads"),
        ],
    )
