"""Every object is one that Kubernetes takes: its own kinds by Kubernetes' schemas, custom ones by schemas/ and, where
the reference data is there, by the definitions that their projects publish. Unknown fields are faults."""

import functools
import json
import re

import crd
import jsonschema
import kubernetes_validate
import project
import selftest
from kubernetes_validate import utils as schemas
from referencing import Registry, Resource

VERSIONS = ("1.34", "1.35", "1.36", "1.37")


def check(platform):
    # What policies take for parameters is defined beside them.
    own = crd.load(platform.root / "schemas", platform.root) | crd.load(platform.root / "policies", platform.root)
    custom = [own]
    if platform.reference:
        custom.append(crd.load(platform.reference))
    return faults_of(platform, *custom)


def note(platform):
    against = "schemas/ and what their projects publish" if platform.reference else "schemas/"
    return f"{len(platform.objects)} objects, Kubernetes {', '.join(VERSIONS)}, custom resources against {against}"


def faults_of(platform, ours, upstream=None):
    faults = []
    seen = {}
    for item in platform.objects:
        text = json.dumps(item.data, sort_keys=True)
        if text not in seen:
            seen[text] = list(judge(item.data, ours, upstream or {}))
        faults += [item.fault(field, message) for field, message in seen[text]]
    return faults


def judge(data, ours, upstream):
    """(field, message) of everything that is wrong with one object."""
    if not isinstance(data, dict) or not data.get("kind") or not data.get("apiVersion"):
        yield "", "is no object: it has no kind or no apiVersion"
        return
    key = (data["apiVersion"], data["kind"])
    if key in ours:
        yield from _custom(data, ours, upstream)
    elif "." in data["apiVersion"].split("/")[0] and not data["apiVersion"].split("/")[0].endswith(".k8s.io"):
        yield "kind", f"schemas/ has no {data['kind']} of {data['apiVersion']}"
    else:
        yield from _built_in(data)


def _custom(data, ours, upstream):
    key = (data["apiVersion"], data["kind"])
    namespaced = "namespace" in (data.get("metadata") or {})
    if namespaced != (ours[key].scope == "Namespaced"):
        yield "metadata.namespace", f"{data['kind']} is {ours[key].scope.lower()}"
    yield from _errors(_metadata_validator(), data.get("metadata"), "metadata")
    for source, definitions in (("schemas/", ours), ("its project", upstream)):
        if key in definitions:
            for field, message in _errors(_compiled(definitions[key]), data):
                yield field, f"{message} (by {source})"


def _built_in(data):
    found = {}
    for version in VERSIONS:
        try:
            validator = built_in_validator(data["apiVersion"], data["kind"], version)
        except FileNotFoundError:
            found.setdefault(("kind", f"Kubernetes has no {data['kind']} of {data['apiVersion']}"), []).append(version)
            continue
        for error in _errors(validator, data):
            found.setdefault(error, []).append(version)
    for (field, message), versions in found.items():
        yield field, message if len(versions) == len(VERSIONS) else f"{message} (Kubernetes {', '.join(versions)})"


@functools.cache
def _registry(version):
    definitions = schemas.schema_contents(f"kubernetes-json-schema/{_folder(version)}/_definitions.json", version)
    return Resource.from_contents(definitions) @ Registry()


def _folder(version):
    return f"v{version}.0-local-strict"


@functools.cache
def built_in_validator(api_version, kind, version):
    """The validator that kubernetes-validate would make for each object anew."""
    short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    name = f"kubernetes-json-schema/{_folder(version)}/{kind.lower()}-{short}.json"
    schema = schemas.schema_contents(name, version)
    return jsonschema.Draft202012Validator(schema, registry=Resource.from_contents(schema) @ _registry(version))


@functools.cache
def _metadata_validator():
    definition = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    registry = _registry(VERSIONS[-1])
    document = next(iter(registry))
    return jsonschema.Draft202012Validator({"$ref": f"{document}#/$defs/{definition}"}, registry=registry)


_validators = {}


def _compiled(definition):
    if id(definition) not in _validators:
        _validators[id(definition)] = (definition, definition.validator())
    return _validators[id(definition)][1]


def _errors(validator, data, prefix=""):
    for error in validator.iter_errors(data):
        for field, message in _plain(error):
            yield ".".join(part for part in (prefix, field) if part), message


def _plain(error):
    """A schema's error in plain words; one of several alternatives is told by the alternative that fits best."""
    field = project.path_of(error.absolute_path)
    if error.validator == "additionalProperties" and isinstance(error.instance, dict):
        known = error.schema.get("properties", {})
        for name in error.instance:
            if name not in known:
                yield project.join(field, name), "no such field"
    elif error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        yield field, f"`{missing[0]}` is missing" if len(missing) == 1 else error.message
    elif error.validator in ("oneOf", "anyOf"):
        yield field, _alternatives(error)
    else:
        yield field, error.message[:300]


def _alternatives(error):
    names = [name for part in error.validator_value for name in part.get("required", [])]
    if names and error.validator == "oneOf":
        return f"needs exactly one of {', '.join(names)}"
    if names:
        return f"needs one of {', '.join(names)}"
    return error.message[:300]


SAMPLE = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: "example.org/web:1", ports: [{containerPort: 8080}]}]
---
apiVersion: example.org/v1
kind: Shelf
metadata: {name: books, namespace: shop}
spec: {boards: 3, material: wood}
"""

DEFINITION = {
    "spec": {
        "group": "example.org",
        "scope": "Namespaced",
        "names": {"kind": "Shelf"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {
                                "type": "object",
                                "required": ["boards"],
                                "properties": {
                                    "boards": {"type": "integer", "maximum": 9},
                                    "material": {"type": "string", "enum": ["wood", "steel"]},
                                },
                            }
                        },
                    }
                },
            }
        ],
    }
}


def self_test():
    definition = crd.Definition("shelves.yaml", DEFINITION, DEFINITION["spec"]["versions"][0])
    selftest.broken_samples(
        lambda platform: faults_of(platform, {definition.key: definition}),
        SAMPLE,
        [
            ("replicas: 1", "replica: 1", "spec.replica: no such field"),
            ("replicas: 1", "replicas: one", "spec.replicas: 'one' is not"),
            ("image:", "imge:", "spec.template.spec.containers[0].imge: no such field"),
            ("kind: Deployment", "kind: Deploiment", "Kubernetes has no Deploiment of apps/v1"),
            ("apps/v1", "apps/v1beta1", "Kubernetes has no Deployment of apps/v1beta1"),
            ("boards: 3, ", "", "`boards` is missing"),
            ("boards: 3", "bords: 3", "spec.bords: no such field"),
            ("boards: 3", "boards: 30", "30 is greater than the maximum of 9"),
            ("wood", "paper", "'paper' is not one of"),
            ("kind: Shelf", "kind: Table", "schemas/ has no Table of example.org/v1"),
            ("name: books, namespace: shop", "name: books", "Shelf is namespaced"),
            ("name: books, namespace", "name: books, label: {}, namespace", "metadata.label: no such field"),
        ],
    )
    if kubernetes_validate.__version__.split(".")[1] not in VERSIONS[-1]:
        raise selftest.SelfTestFailed("kubernetes-validate knows newer versions than are checked")
