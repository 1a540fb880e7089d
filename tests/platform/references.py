"""What pods and certificates read is there: Secrets and ConfigMaps with their keys, accounts, volumes, claims, stores,
issuers."""

import fnmatch
import re
from dataclasses import dataclass

import selftest
from project import Object, join, texts

# Secrets that a program makes when it runs: (namespace, name, keys, why).
MADE_AT_RUN_TIME = []

# ConfigMaps and StorageClasses that clusters bring.
BROUGHT = {"ConfigMap": {"kube-root-ca.crt": {"ca.crt"}}}
STORAGE_CLASSES = {
    "default",
    "managed-csi",
    "managed-csi-premium",
    "managed-csi-premium-v2",
    "azurefile-csi",
    "azurefile-csi-premium",
}


def check(platform):
    faults = []
    for environment in platform.environments:
        made = secrets_made(environment, platform)
        faults += _twice(made)
        for pods in environment.pods:
            faults += _read_by(pods, environment, made, platform)
            faults += _volumes(pods, environment)
            faults += _account(pods, environment)
            faults += _files(pods, environment, made, platform)
        faults += _external_secrets(environment)
        faults += _issuers(environment, made, platform)
    return faults


def note(platform):
    count = sum(len(list(read_by(pods))) for environment in platform.environments for pods in environment.pods)
    return f"{count} times a Secret or ConfigMap is read"


@dataclass(frozen=True)
class Made:
    """A Secret that something makes: its keys, all of them unless other programs add to it."""

    by: Object
    field: str
    keys: frozenset
    adds: bool = False


def secrets_made(environment, platform):
    """(namespace, name) -> who makes the Secret."""
    made = {}

    def add(namespace, name, by, field, keys, adds=False):
        made.setdefault((namespace, name), []).append(Made(by, field, frozenset(keys), adds))

    for item in environment.of("ExternalSecret"):
        target = item.spec["target"]
        add(
            item.namespace,
            target.get("name", item.name),
            item,
            "spec.target",
            external_keys(item),
            target.get("creationPolicy") in ("Merge", "CreateOrMerge"),
        )
    for item in environment.of("Certificate"):
        add(item.namespace, item.spec["secretName"], item, "spec.secretName", ("tls.crt", "tls.key", "ca.crt"))
    for item in environment.of("Ingress"):
        if any(key in item.annotations for key in ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer")):
            for index, tls in enumerate(item.spec.get("tls") or []):
                add(item.namespace, tls["secretName"], item, f"spec.tls[{index}].secretName", ("tls.crt", "tls.key"))
    for item in environment.of("ClusterIssuer"):
        if "acme" in item.spec:
            add(
                "cert-manager",
                item.spec["acme"]["privateKeySecretRef"]["name"],
                item,
                "spec.acme.privateKeySecretRef",
                ("tls.key",),
            )
    return made


def external_keys(item):
    """The keys of the Secret that an ExternalSecret makes."""
    fetched = {entry["secretKey"] for entry in item.spec.get("data") or []}
    template = item.spec["target"].get("template") or {}
    written = set(template.get("data") or {})
    if not written:
        return fetched
    return written | fetched if template.get("mergePolicy") == "Merge" else written


def _twice(made):
    for (namespace, name), makers in made.items():
        owners = [maker for maker in makers if not maker.adds]
        # Ingresses of one host share their certificate's Secret.
        if len({(maker.by.kind, maker.by.name) for maker in owners}) > 1 and any(
            m.by.kind != "Ingress" for m in owners
        ):
            for maker in owners[1:]:
                yield maker.by.fault(maker.field, f"{owners[0].by} makes the Secret `{name}` of {namespace}, too")


@dataclass(frozen=True)
class Read:
    """A Secret or ConfigMap that pods read: one key, or all."""

    kind: str
    name: str
    key: str | None
    optional: bool
    field: str


def read_by(pods):
    """What pods read from Secrets and ConfigMaps."""
    for field, container in pods.containers():
        for index, entry in enumerate(container.get("env") or []):
            for kind, source in (("Secret", "secretKeyRef"), ("ConfigMap", "configMapKeyRef")):
                if ref := (entry.get("valueFrom") or {}).get(source):
                    yield Read(
                        kind,
                        ref["name"],
                        ref["key"],
                        ref.get("optional", False),
                        f"{field}.env[{index}].valueFrom.{source}",
                    )
        for index, entry in enumerate(container.get("envFrom") or []):
            for kind, source in (("Secret", "secretRef"), ("ConfigMap", "configMapRef")):
                if ref := entry.get(source):
                    yield Read(
                        kind, ref["name"], None, ref.get("optional", False), f"{field}.envFrom[{index}].{source}"
                    )
    for index, volume in enumerate(pods.spec.get("volumes") or []):
        field = f"{pods.field}.spec.volumes[{index}]"
        for source_field, source in [(field, volume)] + [
            (f"{field}.projected.sources[{number}]", entry)
            for number, entry in enumerate((volume.get("projected") or {}).get("sources") or [])
        ]:
            yield from _read_by_volume(source_field, source)
    for index, ref in enumerate(pods.spec.get("imagePullSecrets") or []):
        yield Read("Secret", ref["name"], ".dockerconfigjson", False, f"{pods.field}.spec.imagePullSecrets[{index}]")


def _read_by_volume(field, volume):
    for kind, source, name_key in (
        ("Secret", "secret", "secretName"),
        ("Secret", "secret", "name"),
        ("ConfigMap", "configMap", "name"),
    ):
        entry = volume.get(source) or {}
        if name_key not in entry:
            continue
        optional = entry.get("optional", False)
        if not entry.get("items"):
            yield Read(kind, entry[name_key], None, optional, f"{field}.{source}")
        for index, item in enumerate(entry.get("items") or []):
            yield Read(kind, entry[name_key], item["key"], optional, f"{field}.{source}.items[{index}]")


def _read_by(pods, environment, made, platform):
    for read in read_by(pods):
        keys = keys_of(read.kind, pods.namespace, read.name, environment, made, platform)
        if keys is None:
            if not read.optional:
                yield pods.owner.fault(read.field, f"nothing makes the {read.kind} `{read.name}` in {pods.namespace}")
        elif read.key and not any(fnmatch.fnmatchcase(read.key, key) for key in keys):
            if not read.optional or read.kind == "ConfigMap":
                yield pods.owner.fault(
                    read.field, f"the {read.kind} `{read.name}` has no key `{read.key}`; it has {_listed(keys)}"
                )


def _listed(keys):
    return ", ".join(f"`{key}`" for key in sorted(keys)) or "none"


def keys_of(kind, namespace, name, environment, made, platform):
    """The keys of a Secret or ConfigMap, `*` for any; None where there is none."""
    keys = set(BROUGHT.get(kind, {}).get(name, ()))
    found = bool(keys)
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in platform.external(kind, namespace)):
        found, keys = True, keys | {"*"}
    if kind == "ConfigMap":
        if item := environment.get("ConfigMap", namespace, name):
            found, keys = True, keys | set(item.data.get("data") or {}) | set(item.data.get("binaryData") or {})
        return keys if found else None
    for maker in made.get((namespace, name), []):
        found, keys = True, keys | maker.keys
    for other_namespace, other_name, other_keys, _ in MADE_AT_RUN_TIME:
        if (other_namespace, other_name) == (namespace, name):
            found, keys = True, keys | set(other_keys)
    return keys if found else None


def _volumes(pods, environment):
    """Mounts have a volume, volumes are mounted, claims and their classes are there."""
    claims = {claim["metadata"]["name"]: claim for claim in pods.owner.spec.get("volumeClaimTemplates") or []}
    volumes = {volume["name"]: volume for volume in pods.spec.get("volumes") or []}
    mounted = set()
    for field, container in pods.containers():
        for index, mount in enumerate(container.get("volumeMounts") or []):
            mounted.add(mount["name"])
            place = f"{field}.volumeMounts[{index}]"
            if mount["name"] not in volumes and mount["name"] not in claims:
                yield pods.owner.fault(place, f"there is no volume `{mount['name']}`")
            elif mount.get("subPath"):
                yield from _sub_path(pods, environment, volumes.get(mount["name"], {}), mount["subPath"], place)
    for name in [*volumes, *claims]:
        if name not in mounted:
            yield pods.owner.fault(f"{pods.field}.spec.volumes", f"nothing mounts the volume `{name}`")
    for index, volume in enumerate(pods.spec.get("volumes") or []):
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if claim and not environment.get("PersistentVolumeClaim", pods.namespace, claim):
            yield pods.owner.fault(f"{pods.field}.spec.volumes[{index}]", f"there is no claim `{claim}`")
    specs = [(f"spec.volumeClaimTemplates[{index}].spec", claim["spec"]) for index, claim in enumerate(claims.values())]
    for field, spec in specs + ([("spec", pods.owner.spec)] if pods.owner.kind == "PersistentVolumeClaim" else []):
        yield from _storage_class(pods.owner, field, spec, environment)


def _storage_class(item, field, spec, environment):
    name = spec.get("storageClassName")
    if name and name not in STORAGE_CLASSES and not environment.get("StorageClass", "", name):
        yield item.fault(f"{field}.storageClassName", f"there is no StorageClass `{name}`")


def _sub_path(pods, environment, volume, path, place):
    """A file mounted by itself is one of the volume's: a wrong name would become an empty folder."""
    source = volume.get("configMap")
    if not source:
        return
    config_map = environment.get("ConfigMap", pods.namespace, source["name"])
    paths = {item["path"] for item in source.get("items") or []} or set(
        (config_map.data.get("data") or {}) if config_map else {}
    )
    if path.split("/")[0] not in {name.split("/")[0] for name in paths}:
        yield pods.owner.fault(f"{place}.subPath", f"the volume has no file `{path}`; it has {_listed(paths)}")


def _files(pods, environment, made, platform):
    """Files that a container's command and environment name are in the ConfigMaps and Secrets mounted there."""
    volumes = {volume["name"]: volume for volume in pods.spec.get("volumes") or []}
    for field, container in pods.containers():
        mounts = {}
        for mount in container.get("volumeMounts") or []:
            paths = _paths(volumes.get(mount["name"], {}), pods, environment, made, platform)
            if paths is not None and not mount.get("subPath"):
                mounts[mount["mountPath"].rstrip("/") + "/"] = paths
        named = {key: container.get(key) for key in ("command", "args", "env")}
        for place, text in texts(named, ""):
            for path in re.findall(r"(?<![\w.}~-])/[\w./@-]+", text):
                for folder, paths in mounts.items():
                    inside = path[len(folder) :].rstrip("/")
                    if path.startswith(folder) and inside and not _holds(paths, inside):
                        yield pods.owner.fault(
                            f"{field}.{place}", f"nothing mounts `{path}`; {folder} has {_listed(paths)}"
                        )


def _paths(volume, pods, environment, made, platform):
    """The files of a volume; None where they are not known."""
    paths = set()
    sources = [volume] if "projected" not in volume else volume["projected"].get("sources") or []
    for source in sources:
        for kind, key in (("ConfigMap", "configMap"), ("Secret", "secret")):
            if key not in source:
                continue
            entry = source[key]
            name = entry.get("name") or entry.get("secretName")
            keys = keys_of(kind, pods.namespace, name, environment, made, platform)
            items = {item["path"] for item in entry.get("items") or []}
            if not items and (keys is None or "*" in keys):
                return None
            paths |= items or keys
            break
        else:
            return None
    return paths


def _holds(paths, inside):
    """Whether a file, a folder, or the files of a pattern are among a volume's."""
    return any(path == inside or path.startswith(inside + "/") for path in paths)


def _account(pods, environment):
    name = pods.spec.get("serviceAccountName", "default")
    account = environment.get("ServiceAccount", pods.namespace, name)
    if not account and name != "default":
        yield pods.owner.fault(f"{pods.field}.spec.serviceAccountName", f"there is no ServiceAccount `{name}`")
    if pods.labels.get("azure.workload.identity/use") == "true" and not (
        account and account.annotations.get("azure.workload.identity/client-id")
    ):
        yield pods.owner.fault(f"{pods.field}.metadata.labels", f"the ServiceAccount `{name}` names no Azure identity")


def _external_secrets(environment):
    for item in environment.of("ExternalSecret"):
        ref = item.spec["secretStoreRef"]
        if not environment.get(ref["kind"], item.namespace, ref["name"]):
            yield item.fault("spec.secretStoreRef", f"there is no {ref['kind']} `{ref['name']}` in {item.namespace}")
        fetched = {entry["secretKey"] for entry in item.spec.get("data") or []}
        template = item.spec["target"].get("template") or {}
        used = set()
        for field, text in texts(template, "spec.target.template"):
            for name in template_keys(text):
                used.add(name)
                if name not in fetched:
                    yield item.fault(field, f"uses `{name}`, which is not fetched")
        if template.get("data") and template.get("mergePolicy") != "Merge":
            for name in sorted(fetched - used):
                yield item.fault("spec.data", f"`{name}` is fetched, and its template does not use it")
    for item in environment.of("SecretStore"):
        name = item.spec["provider"]["azurekv"]["serviceAccountRef"]["name"]
        account = environment.get("ServiceAccount", item.namespace, name)
        if not account:
            yield item.fault("spec.provider.azurekv.serviceAccountRef", f"there is no ServiceAccount `{name}`")
        elif not account.annotations.get("azure.workload.identity/client-id"):
            yield item.fault(
                "spec.provider.azurekv.serviceAccountRef", f"the ServiceAccount `{name}` names no Azure identity"
            )
        if not any(
            other.spec["secretStoreRef"]["name"] == item.name
            for other in environment.of("ExternalSecret")
            if other.namespace == item.namespace
        ):
            yield item.fault("", "no ExternalSecret reads this store")


def template_keys(text):
    """The fetched keys that a template of External Secrets uses."""
    keys = set()
    for action in re.findall(r"\{\{(.*?)\}\}", text, flags=re.DOTALL):
        code = re.sub(r'index \. "([^"]+)"', lambda match: keys.add(match[1]) or "", action)
        code = re.sub(r'"(?:\\.|[^"\\])*"|`[^`]*`', "", code)
        keys |= set(re.findall(r"(?<![\w.$)])\.([A-Za-z_]\w*)", code))
    return keys


def _issuers(environment, made, platform):
    for item in environment.of("Certificate"):
        ref = item.spec["issuerRef"]
        namespace = item.namespace if ref["kind"] == "Issuer" else ""
        if not environment.get(ref["kind"], namespace, ref["name"]):
            yield item.fault("spec.issuerRef", f"there is no {ref['kind']} `{ref['name']}`")
    for item in environment.of("Ingress"):
        for key, kind, namespace in (("cluster-issuer", "ClusterIssuer", ""), ("issuer", "Issuer", item.namespace)):
            name = item.annotations.get(f"cert-manager.io/{key}")
            if name and not environment.get(kind, namespace, name):
                yield item.fault(join("metadata.annotations", f"cert-manager.io/{key}"), f"there is no {kind} `{name}`")
        for index, tls in enumerate(item.spec.get("tls") or []):
            if keys_of("Secret", item.namespace, tls["secretName"], environment, made, platform) is None:
                yield item.fault(f"spec.tls[{index}].secretName", f"nothing makes the Secret `{tls['secretName']}`")
    for item in environment.of("Issuer", "ClusterIssuer"):
        name = (item.spec.get("ca") or {}).get("secretName")
        namespace = item.namespace or "cert-manager"
        if name and keys_of("Secret", namespace, name, environment, made, platform) is None:
            yield item.fault("spec.ca.secretName", f"nothing makes the Secret `{name}` in {namespace}")


SAMPLE = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {azure.workload.identity/use: "true"}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        args: ["--key=/tls/key", "--settings=/etc/web/web.conf"]
        env:
        - {name: A, valueFrom: {secretKeyRef: {name: db, key: password}}}
        - {name: B, valueFrom: {configMapKeyRef: {name: web, key: SIZE}}}
        - {name: C, valueFrom: {secretKeyRef: {name: not-there, key: x, optional: true}}}
        envFrom: [{configMapRef: {name: web}}]
        volumeMounts:
        - {name: files, mountPath: /etc/web/web.conf, subPath: web.conf}
        - {name: tls, mountPath: /tls}
        - {name: data, mountPath: /data}
      volumes:
      - {name: files, configMap: {name: web, items: [{key: SIZE, path: web.conf}]}}
      - {name: tls, projected: {sources: [{secret: {name: web-tls, items: [{key: tls.key, path: key}]}}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: managed-csi}}]
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop, annotations: {azure.workload.identity/client-id: x}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {SIZE: "3"}
---
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: db, namespace: shop}
spec:
  secretStoreRef: {kind: SecretStore, name: vault}
  data: [{secretKey: plain, remoteRef: {key: db-password}}]
  target: {name: db, template: {data: {password: "{{ .plain }}"}}}
---
apiVersion: external-secrets.io/v1
kind: SecretStore
metadata: {name: vault, namespace: shop}
spec: {provider: {azurekv: {serviceAccountRef: {name: web}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {cert-manager.io/cluster-issuer: own}}
spec: {tls: [{secretName: shop-tls}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: shop}
spec: {secretName: web-tls, issuerRef: {kind: ClusterIssuer, name: own}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: authority, namespace: cert-manager}
spec: {secretName: authority, issuerRef: {kind: ClusterIssuer, name: own}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: own}
spec: {ca: {secretName: authority}}
"""


def self_test():
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            (
                "name: db, key: password",
                "name: db, key: passwort",
                "the Secret `db` has no key `passwort`; it has `password`",
            ),
            ("{secretKeyRef: {name: db", "{secretKeyRef: {name: database", "nothing makes the Secret `database`"),
            ("name: web, key: SIZE", "name: web, key: LENGTH", "the ConfigMap `web` has no key `LENGTH`"),
            ("configMapRef: {name: web}", "configMapRef: {name: wob}", "nothing makes the ConfigMap `wob`"),
            ("items: [{key: tls.key", "items: [{key: tls.pem", "the Secret `web-tls` has no key `tls.pem`"),
            (
                "/tls/key",
                "/tls/kay",
                "spec.template.spec.containers[0].args[0]: nothing mounts `/tls/kay`; /tls/ has `key`",
            ),
            ("subPath: web.conf", "subPath: wob.conf", "the volume has no file `wob.conf`"),
            ("{name: data, mountPath", "{name: date, mountPath", "there is no volume `date`"),
            ("- {name: data, mountPath: /data}", "", "nothing mounts the volume `data`"),
            ("storageClassName: managed-csi", "storageClassName: fast", "there is no StorageClass `fast`"),
            ("serviceAccountName: web", "serviceAccountName: wob", "there is no ServiceAccount `wob`"),
            ("client-id: x", "client-name: x", "the ServiceAccount `web` names no Azure identity"),
            ("volumes:", "imagePullSecrets: [{name: pull}]\n      volumes:", "nothing makes the Secret `pull`"),
            ("volumes:", "volumes:\n      - {name: v, persistentVolumeClaim: {claimName: c}}", "there is no claim `c`"),
            ("SecretStore, name: vault", "SecretStore, name: cellar", "there is no SecretStore `cellar`"),
            ("{{ .plain }}", "{{ .plane }}", "uses `plane`, which is not fetched"),
            ("{{ .plain }}", "fixed", "`plain` is fetched, and its template does not use it"),
            ("serviceAccountRef: {name: web}", "serviceAccountRef: {name: wob}", "there is no ServiceAccount `wob`"),
            ("cluster-issuer: own", "cluster-issuer: other", "there is no ClusterIssuer `other`"),
            (
                "annotations: {cert-manager.io/cluster-issuer: own}",
                "annotations: {}",
                "nothing makes the Secret `shop-tls`",
            ),
            ("kind: ClusterIssuer, name: own", "kind: Issuer, name: own", "there is no Issuer `own`"),
            (
                "ca: {secretName: authority}",
                "ca: {secretName: none}",
                "nothing makes the Secret `none` in cert-manager",
            ),
            ("secretName: web-tls", "secretName: db", "makes the Secret `db` of shop, too"),
        ],
    )
    if template_keys('{{ .a | b64enc }}{{ printf "%s.no" (index . "b-c") }}{{ $x.no }}') != {"a", "b-c"}:
        raise selftest.SelfTestFailed("keys of templates are not found")
