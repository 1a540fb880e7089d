"""Argo CD delivers everything once: each rendered file belongs to one Application, whose project lets it through and
whose controller has the rights to write it."""

import fnmatch
import re

import rights
import selftest
from project import read_yaml

# Who writes what is delivered.
CONTROLLER = ("argocd", "argocd-application-controller")

# Kinds that projects allow although nothing of them may be delivered yet: (kind, why).
ALLOWED_AHEAD = {
    "NginxIngressController": "values say whether there is one",
}

# Kinds that nobody's mistake in git may delete: data, or all that is in them, would go with them.
KEPT = {"Namespace", "PersistentVolumeClaim", "Secret"}

# Files that Argo CD reads as manifests.
MANIFEST = re.compile(r"\.(yaml|yml|json|jsonnet)$")


def check(platform):
    faults = []
    for environment in platform.environments:
        applications = environment.of("Application")
        covered = {}
        for application in applications:
            faults += _application(application, environment, platform)
            for item in environment.objects:
                if covers(application, item.path):
                    covered.setdefault(item.path, []).append(application.name)
                    faults += _permitted(application, item, environment)
                    faults += _writable(application, item, environment)
        # A project without any Application is delivered by something else.
        for item in environment.objects if applications else []:
            names = covered.get(item.path, [])
            if len(names) != 1:
                faults.append(item.fault("", f"belongs to {'no Application' if not names else ' and '.join(names)}"))
        for item in environment.of("AppProject"):
            faults += _project(item, environment, applications, platform)
        faults += _excluded(environment)
    return faults


def note(platform):
    counts = [
        f"{environment.name}: {len(environment.of('Application'))} Applications"
        for environment in platform.environments
    ]
    return ", ".join(counts)


def covers(application, path):
    """Whether an Application's source holds a file."""
    source = application.spec["source"]
    directory = source.get("directory") or {}
    if not path.startswith(source["path"] + "/"):
        return False
    relative = path[len(source["path"]) + 1 :]
    if "/" in relative and not directory.get("recurse"):
        return False
    if directory.get("exclude") and glob(directory["exclude"]).match(relative):
        return False
    return bool(MANIFEST.search(path)) and (
        not directory.get("include") or bool(glob(directory["include"]).match(relative))
    )


def glob(pattern):
    """A pattern as Argo CD reads it: `*` matches `/`, too, and `{a,b}` is a choice."""
    parts, depth = [], 0
    for token in re.findall(r"\\.|\[[^]]*\]|\*+|.", pattern):
        if token.startswith("*"):
            parts.append(".*")
        elif token == "?":
            parts.append(".")
        elif token == "{":
            depth += 1
            parts.append("(?:")
        elif token == "}" and depth:
            depth -= 1
            parts.append(")")
        elif token == "," and depth:
            parts.append("|")
        elif len(token) > 1 and token.startswith("["):
            parts.append(token.replace("[!", "[^"))
        else:
            parts.append(token if token.startswith("\\") else re.escape(token))
    return re.compile("".join(parts) + r"\Z", re.DOTALL)


def _application(application, environment, platform):
    project = environment.get("AppProject", application.namespace, application.spec["project"])
    if not project:
        yield application.fault("spec.project", f"there is no AppProject `{application.spec['project']}`")
        return
    source, destination = application.spec["source"], application.spec["destination"]
    if not any(fnmatch.fnmatchcase(source["repoURL"], allowed) for allowed in project.spec.get("sourceRepos") or []):
        yield application.fault("spec.source.repoURL", f"the project {project.name} does not allow it")
    if _foreign(application, platform):
        if not re.fullmatch(r"v?\d+(\.\d+)+|[0-9a-f]{40}", source["targetRevision"]):
            yield application.fault(
                "spec.source.targetRevision", "another's repository is taken at a version, not as it is today"
            )
    else:
        yield from _own_source(application, source, environment, platform)
    if not _destination(project, destination, destination["namespace"]):
        yield application.fault("spec.destination", f"the project {project.name} does not allow it")
    for index, rule in enumerate(application.spec.get("ignoreDifferences") or []):
        if not any(
            covers(application, item.path)
            and (item.group, item.kind) == (rule.get("group", ""), rule["kind"])
            and rule.get("name", item.name) == item.name
            for item in environment.objects
        ):
            yield application.fault(f"spec.ignoreDifferences[{index}]", "means nothing of what it delivers")


def _foreign(application, platform):
    """Whether an Application takes what another project publishes."""
    url = (platform.settings.get("repository") or {}).get("url")
    return bool(url) and application.spec["source"]["repoURL"] != url


def _own_source(application, source, environment, platform):
    revision = (platform.settings.get("repository") or {}).get("revision")
    if revision and source["targetRevision"] != revision:
        yield application.fault("spec.source.targetRevision", f"tympan.yaml says `{revision}`")
    if not f"{source['path']}/".startswith(f"rendered/{environment.name}/"):
        yield application.fault("spec.source.path", f"is not of {environment.name}")
    if not any(covers(application, item.path) for item in environment.objects):
        yield application.fault("spec.source.path", "holds nothing")


def _excluded(environment):
    """What Argo CD is told not to look at, it does not deliver."""
    settings = environment.get("ConfigMap", CONTROLLER[0], "argocd-cm")
    text = (settings.data.get("data") or {}).get("resource.exclusions", "") if settings else ""
    for index, entry in enumerate(rule for document in read_yaml(text) for rule in document):
        for item in environment.objects:
            if any(fnmatch.fnmatchcase(item.group, group) for group in entry.get("apiGroups", ["*"])) and any(
                fnmatch.fnmatchcase(item.kind, kind) for kind in entry.get("kinds", ["*"])
            ):
                yield settings.fault(
                    'data["resource.exclusions"]', f"entry {index} leaves out {item}, which is delivered"
                )


def _writable(application, item, environment):
    """Whether the controller has the rights to deliver an object."""
    if not environment.get("ServiceAccount", *CONTROLLER):
        return
    policy = application.spec.get("syncPolicy") or {}
    by_server = "ServerSideApply=true" in (policy.get("syncOptions") or [])
    needed = ["get", "list", "watch", "create", "patch"]
    if (policy.get("automated") or {}).get("prune") and item.kind not in KEPT:
        needed.append("delete")
    for verb in needed:
        # A list is of no one object, and so is a plain create; rights by name do not reach these.
        named = verb not in ("list", "watch") and (verb != "create" or by_server)
        if rights.may(environment, CONTROLLER, verb, item, named):
            continue
        if item.kind != "Secret" or verb not in ("list", "watch") or not _known_by_name(environment):
            yield item.fault("kind", f"{CONTROLLER[1]} may not {verb} it")
    if item.kind in KEPT and rights.may(environment, CONTROLLER, "delete", item):
        yield item.fault("kind", f"{CONTROLLER[1]} may delete it, and what is in it goes, too")


def _known_by_name(environment):
    """With `resource.respectRBAC` Argo CD does without lists of what it may not list."""
    settings = environment.get("ConfigMap", CONTROLLER[0], "argocd-cm")
    return bool(settings) and (settings.data.get("data") or {}).get("resource.respectRBAC") in ("normal", "strict")


def _destination(project, destination, namespace):
    """Whether a project lets something into a namespace of this cluster."""
    allowed = False
    for entry in project.spec.get("destinations") or []:
        same = all(
            fnmatch.fnmatchcase(destination[key], entry[key])
            for key in ("server", "name")
            if key in destination and key in entry
        ) and any(key in destination and key in entry for key in ("server", "name"))
        denied = entry["namespace"].startswith("!")
        if same and fnmatch.fnmatchcase(namespace, entry["namespace"].lstrip("!")):
            if denied:
                return False
            allowed = True
    return allowed


def _permitted(application, item, environment):
    project = environment.get("AppProject", application.namespace, application.spec["project"])
    if not project:
        return
    spec = project.spec
    if item.namespace:
        if not _destination(project, application.spec["destination"], item.namespace):
            yield item.fault("metadata.namespace", f"the project {project.name} does not allow {item.namespace}")
        white, black = spec.get("namespaceResourceWhitelist"), spec.get("namespaceResourceBlacklist")
        permitted = white is None or _listed(white, item)
    else:
        white, black = spec.get("clusterResourceWhitelist"), spec.get("clusterResourceBlacklist")
        permitted = _listed(white, item)
    if not permitted or _listed(black, item):
        yield item.fault(
            "kind",
            f"the project {project.name} does not allow {item.kind} of "
            f"{item.group or 'the core group'} named {item.name}",
        )


def _listed(entries, item):
    return any(
        fnmatch.fnmatchcase(item.group, entry["group"])
        and fnmatch.fnmatchcase(item.kind, entry["kind"])
        and fnmatch.fnmatchcase(item.name, entry.get("name", "*"))
        for entry in entries or []
    )


def _project(item, environment, applications, platform):
    own = [application for application in applications if application.spec["project"] == item.name]
    if item.name == "default":
        # Argo CD makes this one where it is not there, and then it allows everything.
        if own or any(item.spec.get(field) for field in ("sourceRepos", "destinations", "clusterResourceWhitelist")):
            yield item.fault("spec", "the default project is to allow nothing")
        return
    if not own:
        yield item.fault("", "no Application is in this project")
    if not any(_foreign(application, platform) for application in own):
        yield from _allows_too_much(item, own, environment)
    for index, entry in enumerate(item.spec.get("destinationServiceAccounts") or []):
        namespace, _, name = entry["defaultServiceAccount"].rpartition(":")
        namespace = namespace or entry["namespace"]
        if not environment.get("ServiceAccount", namespace, name):
            yield item.fault(
                f"spec.destinationServiceAccounts[{index}]", f"there is no ServiceAccount `{name}` in {namespace}"
            )
    names = {other.namespace for other in environment.objects} | {app.spec["destination"]["namespace"] for app in own}
    for index, entry in enumerate(item.spec.get("destinations") or []):
        if "*" not in entry["namespace"] and entry["namespace"].lstrip("!") not in names:
            yield item.fault(f"spec.destinations[{index}].namespace", f"nothing is in `{entry['namespace']}`")


def _allows_too_much(item, own, environment):
    delivered = [other for other in environment.objects if any(covers(application, other.path) for application in own)]
    for field, namespaced in (("namespaceResourceWhitelist", True), ("clusterResourceWhitelist", False)):
        for index, entry in enumerate(item.spec.get(field) or []):
            if entry["kind"] not in ALLOWED_AHEAD and not any(
                bool(other.namespace) == namespaced and _listed([entry], other) for other in delivered
            ):
                yield item.fault(f"spec.{field}[{index}]", f"allows {entry['kind']}, and nothing of it is delivered")


SAMPLE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data: {resource.exclusions: "[{apiGroups: ['*'], kinds: [Lease]}]"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: argocd-application-controller, namespace: argocd}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: controller}
rules:
- {apiGroups: [""], resources: [namespaces, configmaps, serviceaccounts], verbs: [get, list, watch, create, patch]}
- {apiGroups: [""], resources: [configmaps], resourceNames: [web], verbs: [delete]}
- {apiGroups: [argoproj.io, rbac.authorization.k8s.io], resources: ["*"], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: controller}
roleRef: {kind: ClusterRole, name: controller}
subjects: [{kind: ServiceAccount, name: argocd-application-controller, namespace: argocd}]
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: argocd}
spec:
  project: all
  syncPolicy: {automated: {prune: true}}
  source: {repoURL: "https://example.org/r", targetRevision: main, path: rendered/prod/shop, directory: {recurse: true}}
  destination: {server: "https://here", namespace: shop}
  ignoreDifferences: [{kind: ConfigMap, name: web}]
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: argocd, namespace: argocd}
spec:
  project: all
  source:
    repoURL: https://example.org/r
    targetRevision: main
    path: rendered/prod
    directory: {recurse: true, include: "{argocd/*,_cluster/*}", exclude: "*.json"}
  destination: {server: "https://here", namespace: argocd}
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: all, namespace: argocd}
spec:
  sourceRepos: ["https://example.org/*"]
  destinations: [{server: "https://here", namespace: "shop"}, {server: "https://here", namespace: argocd}]
  clusterResourceWhitelist: [{group: "", kind: Namespace}, {group: rbac.authorization.k8s.io, kind: "*"}]
  namespaceResourceWhitelist: [{group: "", kind: ConfigMap}, {group: "", kind: ServiceAccount}, {group: argoproj.io, kind: "App*"}]
---
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: default, namespace: argocd}
spec: {sourceRepos: [], destinations: []}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: definitions, namespace: argocd}
spec:
  project: all
  source: {repoURL: "https://example.org/theirs", targetRevision: v1.2.3, path: crds}
  destination: {server: "https://here", namespace: shop}
"""


def self_test():
    settings = {"repository": {"url": "https://example.org/r", "revision": "main"}}
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            ("project: all", "project: some", "there is no AppProject `some`"),
            ("example.org/*", "example.com/*", "spec.source.repoURL: the project all does not allow it"),
            ("targetRevision: main", "targetRevision: HEAD", "tympan.yaml says `main`"),
            ("targetRevision: v1.2.3", "targetRevision: main", "another's repository is taken at a version"),
            ("kinds: [Lease]", "kinds: ['Config*']", "entry 0 leaves out ConfigMap shop/web"),
            ("resourceNames: [web]", "resourceNames: [wob]", "argocd-application-controller may not delete it"),
            (
                "[namespaces, configmaps",
                "[configmaps",
                "namespace-shop.yaml: kind: argocd-application-controller may not get it",
            ),
            ("[get, list, watch, create, patch]", "[get, list, watch, patch]", "may not create it"),
            (
                "[get, list, watch, create, patch]",
                "[get, list, watch, create, patch, delete]",
                "may delete it, and what",
            ),
            (
                "spec: {sourceRepos: [], destinations: []}",
                'spec: {sourceRepos: ["*"]}',
                "the default project is to allow nothing",
            ),
            ("path: rendered/prod/shop", "path: rendered/dev/shop", "is not of prod"),
            ("path: rendered/prod/shop", "path: rendered/prod/shap", "spec.source.path: holds nothing"),
            ("path: rendered/prod/shop", "path: rendered/prod/shap", "configmap-web.yaml: belongs to no Application"),
            ("{argocd/*,_cluster/*}", "*", "configmap-web.yaml: belongs to shop and argocd"),
            ('exclude: "*.json"', 'exclude: "_cluster/*"', "namespace-shop.yaml: belongs to no Application"),
            (
                'namespace: "shop"',
                'namespace: "shap"',
                "configmap-web.yaml: metadata.namespace: the project all does not allow shop",
            ),
            ('namespace: "shop"', 'namespace: "!shop"', "spec.destination: the project all does not allow it"),
            ("kind: ConfigMap}", "kind: Secret}", "the project all does not allow ConfigMap"),
            ('{group: "", kind: Namespace}', '{group: "", kind: Namespace, name: other}', "does not allow Namespace"),
            ("clusterResourceWhitelist", "clusterResourceBlacklist", "does not allow Namespace"),
            ("{kind: ConfigMap, name: web}", "{kind: ConfigMap, name: wob}", "ignoreDifferences[0]: means nothing"),
            (
                "  sourceRepos",
                "  destinationServiceAccounts: [{server: x, namespace: shop, defaultServiceAccount: d}]\n  sourceRepos",
                "there is no ServiceAccount `d` in shop",
            ),
            (
                'here", namespace: argocd}]',
                'here", namespace: argocd}, {server: "https://here", namespace: nowhere}]',
                "nothing is in `nowhere`",
            ),
        ],
        settings,
    )
    own = SAMPLE[
        : SAMPLE.index("---\napiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: definitions")
    ]
    selftest.broken_samples(
        check,
        own,
        [
            (
                '{group: "", kind: ConfigMap}',
                '{group: "", kind: ConfigMap}, {group: apps, kind: Job}',
                "allows Job, and nothing",
            ),
        ],
        settings,
    )
