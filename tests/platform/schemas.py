"""The definitions in schemas/ are sound, and say nothing that their projects' own do not: each field is there with the
same type, no value is allowed that is not allowed there, and what is required there is required here."""

import copy

import crd
import objects
import project
import selftest


def check(platform):
    ours = crd.load(platform.root / "schemas", platform.root)
    faults = sound(ours)
    for definition in crd.load(platform.root / "policies", platform.root).values():
        faults += crd.structural_faults(definition)
    if platform.reference:
        faults += compared(ours, crd.load(platform.reference))
    return faults


def note(platform):
    ours = crd.load(platform.root / "schemas", platform.root)
    rules = sum(len(list(_rules(definition.schema))) for definition in ours.values())
    told = f"{len(ours)} kinds; {rules} CEL rules are not evaluated here"
    if not platform.reference:
        return f"{told}; not compared with their projects' own: no reference data here"
    upstream = crd.load(platform.reference)
    alone = sorted(kind for (version, kind) in ours if (version, kind) not in upstream)
    return f"{told}; compared with nothing: {', '.join(alone) or 'none'}"


def _rules(schema):
    yield from schema.get("x-kubernetes-validations", [])
    for part in [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]:
        if isinstance(part, dict):
            yield from _rules(part)


def sound(ours):
    faults = []
    for definition in ours.values():
        faults += [
            project.Fault(definition.path, field, message) for field, message in objects.judge(definition.data, {}, {})
        ]
        faults += crd.structural_faults(definition)
        faults += _named(definition)
    return faults


def _named(definition):
    """A file holds one kind and stands where its name says."""
    names = definition.names
    expected = f"schemas/{definition.group}/{names['plural']}.yaml"
    if definition.path != expected:
        yield project.Fault(definition.path, "", f"belongs in {expected}")
    if definition.data["metadata"]["name"] != f"{names['plural']}.{definition.group}":
        yield project.Fault(definition.path, "metadata.name", f"must be {names['plural']}.{definition.group}")


def compared(ours, upstream):
    faults = []
    groups = {version.split("/")[0] for version, _ in upstream}
    for key, definition in ours.items():
        if key not in upstream:
            # A group that is there knows all its kinds; one that is not, as Cilium's, is told by note().
            if definition.group in groups:
                faults.append(project.Fault(definition.path, "spec", f"its project has no {key[1]} of {key[0]}"))
            continue
        other = upstream[key]
        for field in ("plural", "singular", "listKind", "shortNames"):
            if definition.names.get(field) != other.names.get(field):
                faults.append(
                    project.Fault(definition.path, f"spec.names.{field}", f"is {other.names.get(field)} in its project")
                )
        if definition.scope != other.scope:
            faults.append(project.Fault(definition.path, "spec.scope", f"is {other.scope} in its project"))
        faults += [
            project.Fault(definition.path, field, message)
            for field, message in _beside(definition.schema, other.schema, "")
        ]
    return faults


def _beside(mine, theirs, field):
    if theirs.get("x-kubernetes-preserve-unknown-fields") and "properties" not in theirs:
        return
    wanted = {"integer", "string"} if theirs.get("x-kubernetes-int-or-string") else {theirs.get("type")}
    if mine.get("type") not in wanted:
        yield field, f"is {mine.get('type')} here and {' or '.join(sorted(map(str, wanted)))} in its project"
        return
    if "enum" in theirs and not set(mine.get("enum", ["anything"])) <= set(theirs["enum"]):
        yield field, f"allows more than its project, which takes {', '.join(map(str, theirs['enum']))}"
    yield from _required(mine, theirs, field)
    for name, part in mine.get("properties", {}).items():
        inner = theirs.get("properties", {}).get(name, theirs.get("additionalProperties"))
        if isinstance(inner, dict):
            yield from _beside(part, inner, project.join(field, name))
        elif field or name not in ("apiVersion", "kind", "metadata"):
            yield project.join(field, name), "its project has no such field"
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(mine.get(key), dict):
            if isinstance(theirs.get(key), dict):
                yield from _beside(mine[key], theirs[key], field + mark)
            else:
                yield field + mark, "its project has no such entries"


def _required(mine, theirs, field):
    for name in theirs.get("required", []):
        has_default = "default" in theirs.get("properties", {}).get(name, {})
        if name not in mine.get("required", []) and not has_default and (field or name != "metadata"):
            yield field, f"`{name}` is required in its project"


def self_test():
    _soundness()
    _comparison()


def _definition(change=None):
    data = copy.deepcopy(objects.DEFINITION)
    data |= {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "shelves.example.org"},
    }
    data["spec"]["names"] |= {"plural": "shelves", "singular": "shelf", "listKind": "ShelfList"}
    data["spec"]["versions"][0]["storage"] = True
    spec = data["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    if change:
        change(data, spec)
    definition = crd.Definition("schemas/example.org/shelves.yaml", data, data["spec"]["versions"][0])
    return {definition.key: definition}


def _soundness():
    selftest.expect_clean(sound(_definition()))
    for words, change in (
        ("has no type", lambda _, spec: spec["properties"]["boards"].pop("type")),
        ("lets unknown fields in", lambda _, spec: spec.update({"x-kubernetes-preserve-unknown-fields": True})),
        ("requires `doors`", lambda _, spec: spec["required"].append("doors")),
        ("speaks of `doors`", lambda _, spec: spec.update(oneOf=[{"required": ["doors"]}])),
        ("pattern is none", lambda _, spec: spec["properties"]["material"].update(pattern="(")),
        ("more than Kubernetes reads", lambda _, spec: spec["properties"]["material"].update(pattern="^(?!x)")),
        ("nobody checks the format", lambda _, spec: spec["properties"]["material"].update(format="poem")),
        ("does not say what is in the list", lambda _, spec: spec["properties"].update(rows={"type": "array"})),
        ("belongs in", lambda data, _: data["spec"]["names"].update(plural="shelfs")),
        ("metadata.name", lambda data, _: data["metadata"].update(name="shelves")),
        ("no such field", lambda data, _: data["spec"].update(stored=True)),
    ):
        selftest.expect(sound(_definition(change)), words, "a definition")


def _comparison():
    selftest.expect_clean(compared(_definition(), _definition()))
    for words, change in (
        ("is integer here and string", lambda _, spec: spec["properties"]["boards"].update(type="string")),
        ("boards: its project has no such field", lambda _, spec: spec["properties"].pop("boards")),
        ("allows more than its project", lambda _, spec: spec["properties"]["material"].update(enum=["wood"])),
        ("`material` is required", lambda _, spec: spec["required"].append("material")),
        ("is Cluster in its project", lambda data, _: data["spec"].update(scope="Cluster")),
        ("is shelfs in its project", lambda data, _: data["spec"]["names"].update(plural="shelfs")),
        ("its project has no Shelf", lambda data, _: data["spec"]["names"].update(kind="Plank")),
    ):
        selftest.expect(compared(_definition(), _definition(change)), words, "a definition beside its project's")
