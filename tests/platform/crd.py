"""Custom resource definitions: read, judged, and made into JSON Schemas that refuse unknown fields."""

import functools
import ipaddress
import re

import jsonschema
import project

UUID = re.compile(r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
EMAIL = re.compile(r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$")

formats = jsonschema.FormatChecker(formats=())
formats.checks("uuid")(lambda text: bool(UUID.match(text)))
formats.checks("email")(lambda text: bool(EMAIL.match(text)))
formats.checks("cidr", ValueError)(lambda text: "/" in text and bool(ipaddress.ip_network(text)))
formats.checks("int32")(lambda number: not isinstance(number, int) or -(1 << 31) <= number < 1 << 31)
formats.checks("int64")(lambda number: not isinstance(number, int) or -(1 << 63) <= number < 1 << 63)
FORMATS = {"uuid", "email", "cidr", "int32", "int64", "byte", "date-time", "duration"}


class Definition:
    """One version of a kind."""

    def __init__(self, path, data, version):
        spec = data["spec"]
        self.path = path
        self.data = data
        self.group = spec["group"]
        self.kind = spec["names"]["kind"]
        self.names = spec["names"]
        self.scope = spec["scope"]
        self.version = version["name"]
        self.schema = version["schema"]["openAPIV3Schema"]

    @property
    def key(self):
        return (f"{self.group}/{self.version}", self.kind)

    def validator(self):
        return Validator(strict(self.schema, root=True), format_checker=formats)


@functools.cache
def load(folder, root=None):
    """The definitions in a folder's YAML files, by (apiVersion, kind)."""
    definitions = {}
    for path in sorted(folder.glob("**/*.yaml")):
        name = path.relative_to(root or folder).as_posix()
        for data in project.read_yaml(path.read_text(encoding="utf-8")):
            if data.get("kind") != "CustomResourceDefinition":
                continue
            for version in data["spec"]["versions"]:
                definition = Definition(name, data, version)
                if version["served"] or definition.key not in definitions:
                    definitions[definition.key] = definition
    return definitions


def strict(schema, root=False):
    """A definition's schema as a JSON Schema 2020-12: what the API server would drop silently is refused."""
    result = {key: value for key, value in schema.items() if key in KEPT}
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            result[key] = [_condition(part) for part in schema[key]]
    if "not" in schema:
        result["not"] = _condition(schema["not"])
    if schema.get("x-kubernetes-int-or-string"):
        result["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    if "items" in schema:
        result["items"] = strict(schema["items"])
    if result.get("type") == "object" or "properties" in schema:
        _close(schema, result, root)
    return result


KEPT = {
    "type",
    "enum",
    "pattern",
    "format",
    "required",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
}


def _close(schema, result, root):
    properties = {name: strict(part) for name, part in schema.get("properties", {}).items()}
    if root:
        # The API server knows these three itself; `metadata` is judged by Kubernetes' own schema.
        properties |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}
    result["properties"] = properties
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return
    extra = schema.get("additionalProperties", False)
    result["additionalProperties"] = strict(extra) if isinstance(extra, dict) else extra


def _condition(schema):
    """A part of oneOf and the like: it only judges, and what it does not name is none of its business."""
    result = {key: value for key, value in schema.items() if key in KEPT}
    if "properties" in schema:
        result["properties"] = {name: _condition(part) for name, part in schema["properties"].items()}
    if "items" in schema:
        result["items"] = _condition(schema["items"])
    for key in ("allOf", "anyOf", "oneOf"):
        if key in schema:
            result[key] = [_condition(part) for part in schema[key]]
    if "not" in schema:
        result["not"] = _condition(schema["not"])
    return result


def _unique(validator, list_type, items, schema):
    """Entries of a set, and the keys of a list that is a map, stand once."""
    if list_type not in ("set", "map") or not isinstance(items, list):
        return
    keys = schema.get("x-kubernetes-list-map-keys")
    seen = []
    for item in items:
        entry = [item.get(key) for key in keys] if keys and isinstance(item, dict) else item
        if entry in seen:
            yield jsonschema.ValidationError(f"{entry!r} stands twice")
        seen.append(entry)


Validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, {"x-kubernetes-list-type": _unique})


def structural_faults(definition):
    """What keeps a schema from being structural, or from being as strict as ours are to be."""
    return [project.Fault(definition.path, field, message) for field, message in _structure(definition.schema, "")]


def _structure(schema, field):
    kind = schema.get("type")
    if not kind and not schema.get("x-kubernetes-int-or-string"):
        yield field, "has no type"
    if schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties") is True:
        yield field, "lets unknown fields in"
    if "properties" in schema and "additionalProperties" in schema:
        yield field, "has both named and free fields"
    if kind == "array" and "items" not in schema:
        yield field, "does not say what is in the list"
    if "format" in schema and schema["format"] not in FORMATS:
        yield field, f"nobody checks the format `{schema['format']}`"
    if schema.get("x-kubernetes-list-type") == "map" and not set(
        schema.get("x-kubernetes-list-map-keys", ["?"])
    ) <= set(schema.get("items", {}).get("required", [])):
        yield field, "the keys of the list are not required"
    for name in schema.get("required", []):
        if name not in schema.get("properties", {}):
            yield field, f"requires `{name}`, which it does not have"
    for junctor in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(junctor, []):
            yield from _condition_faults(part, schema, field, junctor)
    if "pattern" in schema:
        yield from _pattern_faults(schema["pattern"], field)
    for name, part in schema.get("properties", {}).items():
        yield from _structure(part, project.join(field, name))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from _structure(schema["additionalProperties"], field + "{}")
    if "items" in schema:
        yield from _structure(schema["items"], field + "[]")


def _pattern_faults(pattern, field):
    try:
        re.compile(pattern)
    except re.error as error:
        yield field, f"the pattern is none: {error}"
    # Go's regular expressions have neither looking around nor back references.
    if re.search(r"\(\?[=!<]|\\[1-9]", pattern):
        yield field, "the pattern is more than Kubernetes reads"


def _condition_faults(part, schema, field, junctor):
    for key in ("type", "description", "default", "additionalProperties", "nullable"):
        if key in part:
            yield field, f"`{key}` may not stand in `{junctor}`"
    for name in [*part.get("required", []), *part.get("properties", {})]:
        if name not in schema.get("properties", {}):
            yield field, f"`{junctor}` speaks of `{name}`, which is not there"
