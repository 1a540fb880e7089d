"""The rendered platform in memory: its objects, read once, and what all checks ask about them."""

import functools
import json
import pathlib
from dataclasses import dataclass

import yaml

# The label that names a workload; Services, budgets and network policies select by it.
NAME_LABEL = "app.kubernetes.io/name"


class Loader(yaml.CSafeLoader):
    """Reads YAML as Kubernetes does: dates are strings, and a key stands once."""

    def construct_mapping(self, node, deep=False):
        self.flatten_mapping(node)
        mapping = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in mapping:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key `{key}` stands twice", key_node.start_mark
                )
            mapping[key] = self.construct_object(value_node, deep=deep)
        return mapping


Loader.add_constructor("tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True))
for tag in ("tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"):
    Loader.add_constructor(tag, lambda loader, node: loader.construct_scalar(node))


def read_yaml(text):
    """All documents of a YAML text that are not empty."""
    return [document for document in yaml.load_all(text, Loader=Loader) if document is not None]


@dataclass(frozen=True)
class Fault:
    """Something wrong: in which file, at which field, what."""

    path: str
    field: str
    message: str

    def __str__(self):
        return ": ".join(part for part in (self.path, self.field, self.message) if part)


class Object:
    """One rendered object."""

    def __init__(self, environment, path, data):
        self.environment = environment
        self.path = path
        self.data = data
        self.api_version = data.get("apiVersion", "")
        self.kind = data.get("kind", "")
        metadata = data.get("metadata") or {}
        self.name = metadata.get("name", "")
        self.namespace = metadata.get("namespace", "")
        self.labels = metadata.get("labels") or {}
        self.annotations = metadata.get("annotations") or {}
        self.spec = data.get("spec") or {}

    @property
    def group(self):
        return self.api_version.rpartition("/")[0]

    def fault(self, field, message):
        return Fault(self.path, field, message)

    def __str__(self):
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


@dataclass(frozen=True)
class Pods:
    """The pods of one workload: the object that makes them, their template and where in the object it stands."""

    owner: Object
    field: str
    labels: dict
    spec: dict

    @property
    def namespace(self):
        return self.owner.namespace

    @property
    def workload(self):
        """The workload's name as policies/flows.yaml writes it."""
        return self.labels.get(NAME_LABEL, self.owner.name)

    def containers(self):
        """Each container with its field: those that start the pod, then those that stay."""
        for kind in ("initContainers", "containers"):
            for index, container in enumerate(self.spec.get(kind) or []):
                yield f"{self.field}.spec.{kind}[{index}]", container

    def ports(self):
        """(name, number, protocol) of every port of its containers."""
        return [
            (port.get("name", ""), port["containerPort"], port.get("protocol", "TCP"))
            for _, container in self.containers()
            for port in container.get("ports") or []
        ]


TEMPLATE_FIELDS = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


def pods_of(item):
    """The pods that an object makes, or None."""
    if item.kind == "Pod":
        return Pods(item, "", item.labels, item.spec)
    fields = TEMPLATE_FIELDS.get(item.kind)
    if not fields:
        return None
    template = functools.reduce(lambda data, field: (data or {}).get(field), fields, item.data) or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    return Pods(item, ".".join(fields), labels, template.get("spec") or {})


def selects(selector, labels):
    """Whether a label selector (matchLabels, matchExpressions) matches these labels. An empty one matches all."""
    selector = selector or {}
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_matches(rule, labels) for rule in selector.get("matchExpressions") or [])


def _matches(rule, labels):
    value, wanted = labels.get(rule["key"]), rule.get("values") or []
    return {
        "In": value in wanted,
        "NotIn": value not in wanted,
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }[rule["operator"]]


class Environment:
    """The objects of one environment, found by kind and name."""

    def __init__(self, name, objects):
        self.name = name
        self.objects = objects
        self._index = {(item.kind, item.namespace, item.name): item for item in objects}
        self.pods = [pods for item in objects if (pods := pods_of(item))]

    def of(self, *kinds):
        """The objects of these kinds."""
        return [item for item in self.objects if item.kind in kinds]

    def get(self, kind, namespace, name):
        """One object or None."""
        return self._index.get((kind, namespace, name))

    def selected(self, namespace, selector):
        """The pods of a namespace that a selector matches."""
        return [pods for pods in self.pods if pods.namespace == namespace and selects(selector, pods.labels)]


class Project:
    """The project: what is rendered, and the files besides that checks read."""

    def __init__(self, root, objects, settings=None, reference=None):
        self.root = pathlib.Path(root) if root else None
        self.objects = objects
        self.settings = settings or {}
        self.reference = reference
        names = sorted({item.environment for item in objects})
        self.environments = [
            Environment(name, [item for item in objects if item.environment == name]) for name in names
        ]

    def external(self, kind, namespace):
        """Names, with `*`, of objects that tympan.yaml says are there without being rendered."""
        return [
            entry["name"]
            for entry in self.settings.get("external") or []
            if entry["kind"] == kind and entry.get("namespace", "") in ("", namespace)
        ]


def load(root, reference=None):
    """Reads rendered/ and tympan.yaml."""
    root = pathlib.Path(root)
    objects = []
    for path in sorted((root / "rendered").glob("*/**/*.yaml")):
        name = path.relative_to(root).as_posix()
        for data in read_yaml(path.read_text(encoding="utf-8")):
            objects.append(Object(name.split("/")[1], name, data))
    settings = read_yaml((root / "tympan.yaml").read_text(encoding="utf-8"))[0]
    return Project(root, objects, settings, reference)


def from_text(text, settings=None, environment="prod", root=None):
    """A project of the objects in a text: what self-tests use. Their files are named as Tympan names them."""
    objects = []
    for data in read_yaml(text):
        metadata = data["metadata"]
        group = data["apiVersion"].rpartition("/")[0]
        kind = data["kind"].lower() + (f".{group}" if group.count(".") and not group.endswith(".k8s.io") else "")
        folder = metadata.get("namespace", "_cluster")
        path = f"rendered/{environment}/{folder}/{kind}-{metadata['name']}.yaml"
        objects.append(Object(environment, path, data))
    return Project(root, objects, settings)


def texts(value, field=""):
    """Every string in a value, with its field."""
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from texts(inner, join(field, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from texts(inner, f"{field}[{index}]")


def join(field, key):
    """The field of a key: `data["a.b"]` where a dot would mislead."""
    if "." in str(key) or "/" in str(key):
        return f"{field}[{json.dumps(str(key))}]"
    return f"{field}.{key}" if field else str(key)


def path_of(parts):
    """A field's name from its keys and indexes."""
    field = ""
    for part in parts:
        field = f"{field}[{part}]" if isinstance(part, int) else join(field, part)
    return field
