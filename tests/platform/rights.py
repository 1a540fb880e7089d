"""Rights are whole: bindings give roles that are there to accounts that are there, every role is given to somebody,
and a token is mounted where there are rights to use and nowhere else."""

import selftest

# Accounts that need a token and no rights: (namespace, account), why.
TOKEN_ONLY = {
    (
        "external-secret-operator",
        "external-secrets-webhook",
    ): "its client of the API is set up at start, and never asks",
}

# ClusterRoles that every cluster has.
BUILT_IN = {"view", "edit", "admin", "cluster-admin"}


def check(platform):
    faults = []
    for environment in platform.environments:
        for item in environment.of("RoleBinding", "ClusterRoleBinding"):
            faults += _binding(item, environment)
        faults += _unused_roles(environment)
        for pods in environment.pods:
            faults += _token(pods, environment)
    return faults


def _binding(item, environment):
    ref = item.data["roleRef"]
    namespace = item.namespace if ref["kind"] == "Role" else ""
    if not environment.get(ref["kind"], namespace, ref["name"]):
        built_in = ref["name"] in BUILT_IN or ref["name"].startswith("system:")
        if ref["kind"] == "Role" or not built_in:
            yield item.fault("roleRef.name", f"there is no {ref['kind']} `{ref['name']}`")
    for index, subject in enumerate(item.data.get("subjects") or []):
        if subject["kind"] != "ServiceAccount":
            continue
        namespace = subject.get("namespace", item.namespace)
        if not environment.get("ServiceAccount", namespace, subject["name"]):
            yield item.fault(f"subjects[{index}]", f"there is no ServiceAccount `{subject['name']}` in {namespace}")
    if not item.data.get("subjects"):
        yield item.fault("subjects", "gives its role to nobody")


def _unused_roles(environment):
    given = set()
    for item in environment.of("RoleBinding", "ClusterRoleBinding"):
        ref = item.data["roleRef"]
        given.add((ref["kind"], item.namespace if ref["kind"] == "Role" else "", ref["name"]))
    for item in environment.of("Role", "ClusterRole"):
        aggregated = any(key.startswith("rbac.authorization.k8s.io/aggregate-to-") for key in item.labels)
        if (item.kind, item.namespace, item.name) not in given and not aggregated:
            yield item.fault("", "no binding gives this role to anybody")


def bound(environment):
    """(namespace, name) of the accounts that have rights."""
    return {
        (subject.get("namespace", item.namespace), subject["name"])
        for item in environment.of("RoleBinding", "ClusterRoleBinding")
        for subject in item.data.get("subjects") or []
        if subject["kind"] == "ServiceAccount"
    }


def may(environment, account, verb, item, named=True):
    """Whether an account may do something with an object. `named` tells whether rights on this one object count."""
    for rule in _rules(environment, account, item.namespace):
        names = rule.get("resourceNames")
        if (
            _has(rule, "verbs", verb)
            and _has(rule, "apiGroups", item.group)
            and _has(rule, "resources", resource(item.kind))
            and (not names or named and item.name in names)
        ):
            return True
    return False


def _has(rule, field, value):
    return value in (rule.get(field) or []) or "*" in (rule.get(field) or [])


def _rules(environment, account, namespace):
    """The rules that hold for an account in a namespace, or cluster-wide where there is none."""
    for item in environment.of("RoleBinding", "ClusterRoleBinding"):
        if item.namespace and item.namespace != namespace:
            continue
        if any(
            subject["kind"] == "ServiceAccount"
            and (subject.get("namespace", item.namespace), subject["name"]) == account
            for subject in item.data.get("subjects") or []
        ):
            ref = item.data["roleRef"]
            role = environment.get(ref["kind"], item.namespace if ref["kind"] == "Role" else "", ref["name"])
            yield from role.data.get("rules") or [] if role else []


def resource(kind):
    """The plural that rights name a kind by."""
    name = kind.lower()
    if name.endswith("parameters"):
        return name
    if name.endswith("y"):
        return name[:-1] + "ies"
    return name + ("es" if name.endswith("s") else "s")


def _token(pods, environment):
    name = pods.spec.get("serviceAccountName", "default")
    account = environment.get("ServiceAccount", pods.namespace, name)
    mounts = pods.spec.get(
        "automountServiceAccountToken", account.data.get("automountServiceAccountToken", True) if account else True
    )
    field = f"{pods.field}.spec.automountServiceAccountToken"
    has_rights = (pods.namespace, name) in bound(environment)
    if mounts and not has_rights and (pods.namespace, name) not in TOKEN_ONLY:
        yield pods.owner.fault(field, f"mounts a token, and `{name}` has no rights to use with it")
    if has_rights and not mounts and not _projected(pods):
        yield pods.owner.fault(field, f"`{name}` has rights, and its token is not mounted")


def _projected(pods):
    return any(
        "serviceAccountToken" in source
        for volume in pods.spec.get("volumes") or []
        for source in (volume.get("projected") or {}).get("sources") or []
    )


SAMPLE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {template: {spec: {serviceAccountName: web, automountServiceAccountToken: true}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: quiet, namespace: shop}
spec: {template: {spec: {serviceAccountName: quiet}}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: quiet, namespace: shop}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader, namespace: shop}
roleRef: {kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: viewer}
roleRef: {kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: shop}]
"""


def self_test():
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            ("kind: Role, name: reader", "kind: Role, name: writer", "there is no Role `writer`"),
            ("kind: Role, name: reader", "kind: ClusterRole, name: view", "no binding gives this role to anybody"),
            ("name: view}", "name: viewer}", "there is no ClusterRole `viewer`"),
            ("name: web, namespace: shop}]", "name: wob, namespace: shop}]", "there is no ServiceAccount `wob`"),
            (
                "subjects: [{kind: ServiceAccount, name: web, namespace: shop}]\n---",
                "subjects: []\n---",
                "gives its role to nobody",
            ),
            ("Token: true", "Token: false", "`web` has rights, and its token is not mounted"),
            (
                "automountServiceAccountToken: false",
                "automountServiceAccountToken: true",
                "mounts a token, and `quiet` has no",
            ),
        ],
    )
