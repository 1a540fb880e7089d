"""Configuration files inside ConfigMaps are what their names say: each parses in its own format. A name that nobody
knows is a fault, so that no file goes unread."""

import configparser
import contextlib
import fnmatch
import io
import json
import re
import shutil
import subprocess
import tomllib

import alloy
import project
import selftest
import yaml


def check(platform):
    faults = []
    seen = {}
    for item in config_maps(platform):
        for key in item.data.get("binaryData") or {}:
            faults.append(item.fault(project.join("binaryData", key), "nobody reads binary data here"))
        for key, text in (item.data.get("data") or {}).items():
            kind = kind_of(item.name, key)
            if (kind, text) not in seen:
                seen[kind, text] = list(problems(kind, text))
            faults += [item.fault(project.join("data", key), message) for message in seen[kind, text]]
    for environment in platform.environments:
        for pods in environment.pods:
            faults += _scripts(pods)
    return faults


def _scripts(pods):
    """Scripts that stand in the command of a container."""
    for field, container in pods.containers():
        for name in ("command", "args"):
            words = container.get(name) or []
            for index, word in enumerate(words[:-1]):
                if word in ("-c", "-ec", "-euc") and re.search(
                    r"(^|/)(ba|da|a)?sh$", (container.get("command") or words)[0]
                ):
                    for message in problems("shell", words[index + 1]):
                        yield pods.owner.fault(f"{field}.{name}[{index + 1}]", message)


def note(platform):
    counts = {}
    for item in config_maps(platform):
        for key in item.data.get("data") or {}:
            kind = kind_of(item.name, key)
            counts[kind] = counts.get(kind, 0) + 1
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))


def config_maps(platform):
    return [item for item in platform.objects if item.kind == "ConfigMap"]


# Keys of ConfigMaps that are no files: (ConfigMap, key, what its text is). The first that fits counts.
SPECIAL = [
    ("argocd-cm", "resource.customizations.health.*", "lua"),
    ("argocd-cm", "resource.customizations.useOpenLibs.*", "value"),
    ("argocd-cm", "resource.customizations*", "yaml"),
    ("argocd-cm", "resource.exclusions", "yaml"),
    ("argocd-cm", "resource.inclusions", "yaml"),
    ("argocd-cm", "resource.compareoptions", "yaml"),
    ("argocd-cm", "oidc.config", "yaml"),
    ("argocd-cm", "*", "value"),
    ("argocd-cmd-params-cm", "*", "value"),
    ("argocd-rbac-cm", "policy*.csv", "argocd-policy"),
    ("argocd-rbac-cm", "*", "value"),
    ("argocd-notifications-cm", "*", "yaml"),
    ("argocd-ssh-known-hosts-cm", "*", "known-hosts"),
]

# Files by their names.
FILES = [
    ("*.yaml", "yaml"),
    ("*.yml", "yaml"),
    ("*.json", "json"),
    ("*.toml", "toml"),
    ("*.ini", "ini"),
    ("*.cnf", "cnf"),
    ("*.rules", "yaml"),
    ("*nginx.conf", "nginx"),
    ("redis.conf", "redis"),
    ("*.sh", "shell"),
    ("*.alloy", "alloy"),
    ("*.tmpl", "go-template"),
    ("*.lua", "lua"),
]


def kind_of(config_map, key):
    for name, pattern, kind in SPECIAL:
        if name == config_map and fnmatch.fnmatchcase(key, pattern):
            return kind
    for pattern, kind in FILES:
        if fnmatch.fnmatchcase(key, pattern):
            return kind
    return "unknown" if "." in key else "value"


def problems(kind, text):
    """What keeps a text from being of its kind."""
    try:
        yield from PARSERS[kind](text) or ()
    except (yaml.YAMLError, ValueError, configparser.Error) as error:
        yield f"is no {kind}: {' '.join(str(error).split())}"


def _unknown(_):
    yield "nobody knows what this file is: add its kind to tests/platform/configs.py"


def _value(text):
    if "\n" in text.rstrip("\n"):
        yield "has several lines, but no name of a file"


def _yaml(text):
    documents = project.read_yaml(text)
    if not documents or not all(isinstance(document, (dict, list)) for document in documents):
        yield "is YAML, but neither a map nor a list"


def _json(text):
    json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)


def _once(pairs):
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"the key `{key}` stands twice")
    return dict(pairs)


def _refuse(constant):
    raise ValueError(f"{constant} is no number of JSON")


def _toml(text):
    tomllib.loads(text)


def _ini(text):
    configparser.ConfigParser(interpolation=None, strict=True).read_string(text)


def _cnf(text):
    parser = configparser.ConfigParser(interpolation=None, strict=True, allow_no_value=True, delimiters=("=",))
    parser.read_string(text)


NGINX_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|\#[^\n]*)
  | (?P<mark>[{};])
  | (?P<word>(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\$\{\w+\}|\\.|[^\s{};"'])+)
    """,
    re.VERBOSE,
)


def _nginx(text):
    depth, words, position = 0, 0, 0
    while position < len(text):
        token = NGINX_TOKEN.match(text, position)
        line = text.count("\n", 0, position) + 1
        if not token:
            yield f"line {line}: a quote is not closed"
            return
        position = token.end()
        if token["word"]:
            words += 1
        elif token["mark"]:
            if token["mark"] == "}":
                depth -= 1
                if words:
                    yield f"line {line}: `;` is missing before `}}`"
                if depth < 0:
                    yield f"line {line}: `}}` closes nothing"
                    return
            elif not words:
                yield f"line {line}: nothing stands before `{token['mark']}`"
            depth += token["mark"] == "{"
            words = 0
    if words:
        yield "the last directive does not end with `;`"
    if depth:
        yield f"{depth} `{{` not closed"


def _shell(text):
    first = text.split("\n", 1)[0]
    program = "sh" if first.startswith("#!") and first.endswith("/sh") else "bash"
    run = subprocess.run([program, "-n"], input=text, capture_output=True, text=True, check=False)
    if run.returncode:
        yield f"{program} -n: {' '.join(run.stderr.split())}"


def _redis(text):
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#") and not re.match(r'^[a-z-]+( ("(\\.|[^"\\])*"|[^\s"]+))+$', line):
            yield f"line {number}: not `directive value...`"


def _go_template(text):
    if re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL).count("{{"):
        yield "`{{` is not closed"
    opened = len(re.findall(r"\{\{-?\s*(?:define|if|range|with|block)\b", text))
    closed = len(re.findall(r"\{\{-?\s*end\b", text))
    if opened != closed:
        yield f"{opened} blocks are opened and {closed} ended"


LUA_NOISE = re.compile(r"""--\[\[.*?\]\]|--[^\n]*|\[\[.*?\]\]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL)


def _lua(text):
    """Blocks and brackets are closed; the rest is seen only where Lua itself is at hand."""
    code = LUA_NOISE.sub(" ", text)
    words = re.findall(r"\b(?:function|if|do|repeat|end|until)\b", code)
    opened = sum(word in ("function", "if", "do", "repeat") for word in words)
    if opened * 2 != len(words):
        yield f"{opened} blocks are opened and {len(words) - opened} ended"
    for left, right in ("()", "{}", "[]"):
        if code.count(left) != code.count(right):
            yield f"`{left}` and `{right}` do not pair"
    if "return" not in code:
        yield "returns nothing"
    if shutil.which("luac"):
        run = subprocess.run(["luac", "-p", "-"], input=text, capture_output=True, text=True, check=False)
        if run.returncode:
            yield f"luac: {' '.join(run.stderr.split())}"


def _argocd_policy(text):
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = [field.strip() for field in line.split(",")]
        if not (
            fields[0] == "p"
            and len(fields) == 6
            and fields[5] in ("allow", "deny")
            or fields[0] == "g"
            and len(fields) == 3
        ) or not all(fields):
            yield f"line {number}: neither `p, role, resource, action, object, effect` nor `g, who, role`"


def _known_hosts(text):
    for number, line in enumerate(text.splitlines(), 1):
        if (
            line.strip()
            and not line.startswith("#")
            and not re.match(r"^\S+ (ssh|ecdsa)-\S+ [A-Za-z0-9+/]+=*( .*)?$", line)
        ):
            yield f"line {number}: not `host type key`"


PARSERS = {
    "unknown": _unknown,
    "value": _value,
    "yaml": _yaml,
    "json": _json,
    "toml": _toml,
    "ini": _ini,
    "cnf": _cnf,
    "nginx": _nginx,
    "redis": _redis,
    "shell": _shell,
    "alloy": alloy.check,
    "go-template": _go_template,
    "lua": _lua,
    "argocd-policy": _argocd_policy,
    "known-hosts": _known_hosts,
}

SAMPLE = r"""
apiVersion: v1
kind: ConfigMap
metadata: {name: files, namespace: shop}
data:
  SIZE: "3"
  a.yaml: |
    list: [1, 2]
  b.json: |
    {"a": 1, "b": 2}
  c.toml: |
    one = 1
  d.ini: |
    [server]
    domain = example.org
  e.cnf: |
    [server]
    skip-name-resolve
  nginx.conf: |
    # a comment with { in it
    http { server { listen 8080; return 200 'it is; {ok}'; set $a "${b}"; } }
  redis.conf: |
    # a comment
    save ""
  f.sh: |
    #!/bin/sh
    if true; then echo yes; fi
  g.tmpl: |
    {{ define "x" }}{{ if .a }}a{{ end }}{{ end }}
  h.lua: |
    if obj.status ~= nil then -- an if
      return "end"
    end
---
apiVersion: v1
kind: Pod
metadata: {name: files, namespace: shop}
spec: {containers: [{command: [/bin/sh, -ec], args: [-c, "echo $(date)"]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-cm, namespace: argocd}
data:
  url: https://argocd.example.org
  oidc.config: |
    name: directory
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd}
data:
  policy.csv: |
    p, role:reader, applications, get, */*, allow
    g, somebody, role:reader
"""


def self_test():
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        failed = alloy.self_test()
    if failed:
        raise selftest.SelfTestFailed(f"alloy.py: {said.getvalue()}")
    selftest.broken_samples(
        check,
        SAMPLE,
        [
            ("list: [1, 2]", "list: [1, 2", 'data["a.yaml"]: is no yaml'),
            ("list: [1, 2]", "list: 1\n    list: 2", "the key `list` stands twice"),
            ('"b": 2}', '"b": 2,}', 'data["b.json"]: is no json'),
            ('"b": 2}', '"a": 2}', "the key `a` stands twice"),
            ("one = 1", "one = ", 'data["c.toml"]: is no toml'),
            ("domain = example.org", "domain", 'data["d.ini"]: is no ini'),
            ("[server]\n    skip", "skip", 'data["e.cnf"]: is no cnf'),
            ("{ listen", "{ ; listen", "nothing stands before `;`"),
            ('"${b}"; }', '"${b}" }', "`;` is missing before `}`"),
            ("} }", "}", "1 `{` not closed"),
            ("} }", "} } }", "`}` closes nothing"),
            ("{ok}'", "{ok}", "a quote is not closed"),
            ("; fi", "", 'data["f.sh"]: sh -n'),
            ("$(date)", "$(date", "spec.containers[0].args[1]: bash -n"),
            ('save ""', 'save "', 'data["redis.conf"]: line 2'),
            ("a{{ end }}", "a", "2 blocks are opened and 1 ended"),
            ('"end"\n    end', '"end"', "1 blocks are opened and 0 ended"),
            ("h.lua", "h.poem", "nobody knows what this file is"),
            ('SIZE: "3"', 'SIZE: "3\\n4"', "has several lines"),
            ("name: directory", "name: [", 'data["oidc.config"]: is no yaml'),
            ("get, */*, allow", "get, allow", 'data["policy.csv"]: line 1'),
            ("data:\n  SIZE", "binaryData: {x: eA==}\ndata:\n  SIZE", "nobody reads binary data"),
        ],
    )
