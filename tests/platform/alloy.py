#!/usr/bin/env python3
"""Checks configurations of Grafana Alloy without Alloy.

    alloy.py FILE...        says what is wrong with each file, and exits 1 if anything is
    alloy.py --self-test    checks this checker

It knows the language (blocks, attributes, expressions), and of the components those in the tables below, with what they
export. It does not know their arguments. `check(text)` is for other programs.
"""

import re
import sys
from dataclasses import dataclass, field

# Components used here, and their exports. A new one is added with what its documentation says.
COMPONENTS = {
    "discovery.kubernetes": {"targets"},
    "discovery.relabel": {"output", "rules"},
    "local.file": {"content"},
    "loki.process": {"receiver"},
    "loki.relabel": {"receiver", "rules"},
    "loki.source.kubernetes": set(),
    "loki.source.kubernetes_events": set(),
    "loki.write": {"receiver"},
    "prometheus.exporter.blackbox": {"targets"},
    "prometheus.exporter.mysql": {"targets"},
    "prometheus.remote_write": {"receiver"},
    "prometheus.scrape": set(),
}
# Blocks that are no components: one of each, without a label.
SETTINGS = {"logging"}
# Of the standard library.
FUNCTIONS = {"sys.env"}

TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r]+)
  | (?P<newline>\n)
  | (?P<comment>//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<raw>`[^`]*`)
  | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<sign>\|\||&&|==|!=|<=|>=|/(?!\*)|[{}()\[\],.=<>+\-*%^!])
    """,
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"""\\(?:[abfnrtv\\"]|[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|(?P<unknown>.))"""
)
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
BINARY = {"||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^"}
# A new line after one of these ends a statement; anywhere else it is nothing.
ENDS = {"name", "number", "string", "raw", ")", "]", "}"}


class Problem(Exception):
    """What is wrong, and where."""

    def __init__(self, at, message):
        super().__init__(message)
        self.at = at
        self.message = message


@dataclass
class Token:
    """`kind` is a group of TOKEN, for signs the sign itself, or "end of line" or "end of file"."""

    kind: str
    text: str
    at: tuple

    def __str__(self):
        return self.kind if self.kind.startswith("end of") else f"`{self.text}`"


@dataclass
class Block:
    name: str
    label: str | None
    at: tuple
    attributes: list = field(default_factory=list)
    blocks: list = field(default_factory=list)


@dataclass
class Reference:
    parts: list
    at: tuple


def tokens_of(text):
    """The tokens of a text, with the ends of lines that end statements."""
    tokens = []
    line, start, position = 1, 0, 0
    while position < len(text):
        at = (line, position - start + 1)
        match = TOKEN.match(text, position)
        if match is None:
            raise Problem(at, unreadable(text[position:]))
        kind, found = match.lastgroup, match.group()
        if kind == "string":
            check_escapes(found, at)
        if kind in ("newline", "comment"):
            ends = kind == "newline" or "\n" in found
            if ends and tokens and tokens[-1].kind in ENDS:
                tokens.append(Token("end of line", "", at))
        elif kind != "space":
            tokens.append(Token(found if kind == "sign" else kind, found, at))
        line += found.count("\n")
        if "\n" in found:
            start = position + found.rindex("\n") + 1
        position = match.end()
    at = (line, position - start + 1)
    if tokens and tokens[-1].kind in ENDS:
        tokens.append(Token("end of line", "", at))
    tokens.append(Token("end of file", "", at))
    return tokens


def unreadable(rest):
    """Why no token begins with this text."""
    openings = {'"': "string is not closed on its line", "`": "raw string is not closed", "/*": "comment is not closed"}
    for opening, message in openings.items():
        if rest.startswith(opening):
            return message
    return f"`{rest[0]}` has no meaning here"


def check_escapes(string, at):
    for match in ESCAPE.finditer(string):
        if match["unknown"]:
            message = f"`{match.group()}` is no escape: a raw string between backticks needs none"
            raise Problem((at[0], at[1] + match.start()), message)


class Parser:
    def __init__(self, text):
        self.tokens = tokens_of(text)
        self.position = 0
        self.references = []

    @property
    def token(self):
        return self.tokens[self.position]

    def next(self):
        token = self.token
        self.position += 1
        return token

    def take(self, kind, after):
        if self.token.kind != kind:
            wanted = kind if kind in ("name", "string") else f"`{kind}`"
            raise Problem(self.token.at, f"expected {wanted} after {after}, found {self.token}")
        return self.next()

    def body(self, block, end):
        """The statements of a block, up to its end."""
        while self.token.kind != end:
            if self.token.kind == "end of file":
                raise Problem(block.at, f"block `{block.name}` is not closed")
            self.statement(block)
            if self.token.kind == "end of line":
                self.next()
            elif self.token.kind != end:
                raise Problem(self.token.at, f"expected the end of the line, found {self.token}")

    def statement(self, parent):
        first = self.token
        if first.kind != "name":
            raise Problem(first.at, f"expected an attribute or a block, found {first}")
        name = ".".join(self.dotted())
        if self.token.kind == "=" and "." not in name:
            self.next()
            parent.attributes.append((name, first.at))
            self.expression()
            return
        label = self.next().text[1:-1] if self.token.kind == "string" else None
        block = Block(name, label, first.at)
        self.take("{", f"`{name}`")
        self.body(block, "}")
        self.next()
        parent.blocks.append(block)

    def dotted(self):
        parts = [self.take("name", "`.`").text]
        while self.token.kind == ".":
            self.next()
            parts.append(self.take("name", "`.`").text)
        return parts

    def expression(self):
        self.operand()
        while self.token.kind in BINARY:
            self.next()
            self.operand()

    def operand(self):
        while self.token.kind in ("-", "!"):
            self.next()
        token = self.token
        if token.kind == "name":
            parts = self.dotted()
            if parts not in (["true"], ["false"], ["null"]):
                self.references.append(Reference(parts, token.at))
        elif token.kind in ("number", "string", "raw"):
            self.next()
        elif token.kind == "(":
            self.next()
            self.expression()
            self.take(")", "the expression")
        elif token.kind == "[":
            self.sequence("]", self.expression)
        elif token.kind == "{":
            self.sequence("}", self.entry)
        else:
            raise Problem(token.at, f"expected a value, found {token}")
        self.suffixes()

    def suffixes(self):
        while self.token.kind in (".", "[", "("):
            if self.token.kind == "(":
                self.sequence(")", self.expression)
            elif self.next().kind == "[":
                self.expression()
                self.take("]", "the index")
            else:
                self.take("name", "`.`")

    def sequence(self, end, item):
        """Items between brackets. After the last one a comma is needed where a new line follows."""
        self.next()
        while self.token.kind != end:
            item()
            if self.token.kind == ",":
                self.next()
            elif self.token.kind != end:
                raise Problem(self.token.at, f"expected `,` or `{end}`, found {self.token}")
        self.next()

    def entry(self):
        key = self.next()
        if key.kind not in ("name", "string"):
            raise Problem(key.at, f"expected a key, found {key}")
        self.take("=", f"the key {key}")
        self.expression()


def check(text):
    """What is wrong with a configuration: a list of "line:column: message", empty if nothing is."""
    root = Block("", None, (1, 1))
    try:
        parser = Parser(text)
        parser.body(root, "end of file")
        problems = [*components(root), *repeated_attributes(root), *references(root, parser.references)]
    except Problem as problem:
        problems = [problem]
    except RecursionError:
        problems = [Problem(parser.token.at, "nested too deeply")]
    problems.sort(key=lambda problem: problem.at)
    return [f"{problem.at[0]}:{problem.at[1]}: {problem.message}" for problem in problems]


def components(root):
    seen = {}
    for name, at in root.attributes:
        yield Problem(at, f"attribute `{name}` stands in no block")
    for block in root.blocks:
        if block.name in SETTINGS:
            if block.label is not None:
                yield Problem(block.at, f"`{block.name}` has no label")
        elif block.name not in COMPONENTS:
            yield Problem(block.at, f"unknown component `{block.name}`")
        elif block.label is None:
            yield Problem(block.at, f"component `{block.name}` needs a label")
        elif not LABEL.fullmatch(block.label):
            yield Problem(block.at, f"label `{block.label}` is no identifier")
        identity = (block.name, block.label)
        if identity in seen:
            full = block.name if block.label is None else f"{block.name}.{block.label}"
            yield Problem(block.at, f"`{full}` is defined in line {seen[identity]}, too")
        seen.setdefault(identity, block.at[0])


def repeated_attributes(block):
    seen = {}
    for name, at in block.attributes:
        if name in seen:
            yield Problem(at, f"attribute `{name}` is set in line {seen[name]}, too")
        seen.setdefault(name, at[0])
    for inner in block.blocks:
        yield from repeated_attributes(inner)


def references(root, found):
    defined = {(block.name, block.label) for block in root.blocks}
    for reference in found:
        full = ".".join(reference.parts)
        if full in FUNCTIONS:
            continue
        component = component_of(reference.parts)
        if component is None:
            yield Problem(reference.at, f"`{full}` is neither a component nor a function known here")
            continue
        rest = reference.parts[component.count(".") + 1 :]
        if not rest or (component, rest[0]) not in defined:
            yield Problem(reference.at, f"`{full}` refers to a component that is not defined")
        elif len(rest) < 2 or rest[1] not in COMPONENTS[component]:
            yield Problem(reference.at, f"`{full}` is no export of `{component}`")


def component_of(parts):
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        if name in COMPONENTS:
            return name
    return None


GOOD = r"""
/* A comment
   of two lines */
logging { level = "info" }

local.file "dsn" {
  filename = "/a/\"b\"\u00e9" // the end of a line
}

discovery.kubernetes "pods" {
  role = "pod"
  namespaces {
  }
}

discovery.relabel "pods" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = [
      "a", "b",
    ]
    regex       = `^\d+` +
      `"$`
    replacement = sys.env("X")
  }
  rule { action = "keep" }
}

loki.source.kubernetes "pods" {
  targets    = [discovery.relabel.pods.output[0], { "a" = 1, b = { c = -1.5e3 }, }]
  forward_to = [loki.process.all.receiver]
  clustering { enabled = !false && (1 + 2 >= 3 || true) }
}

loki.process "all" {
  forward_to = []
  stage.metrics {
    metric.counter { name = "x" }
  }
  stage.match {
    selector = `{a="b"} |~ "c"`
  }
}
"""

# A text, and what is to be said of it.
BAD = [
    ("a = 1\n", ["1:1: attribute `a` stands in no block"]),
    ("logging {\n", ["1:1: block `logging` is not closed"]),
    ("logging {\n  level\n}\n", ["2:8: expected `{` after `level`, found end of line"]),
    ("logging {\n  level =\n}\n", ["3:1: expected a value, found `}`"]),
    ("logging {\n  level = 1 2\n}\n", ["2:13: expected the end of the line, found `2`"]),
    ("logging {}}\n", ["1:11: expected the end of the line, found `}`"]),
    ("logging\n{\n}\n", ["1:8: expected `{` after `logging`, found end of line"]),
    ('logging {\n  a = "b\n}\n', ["2:7: string is not closed on its line"]),
    ("logging {\n  a = `b\n}\n", ["2:7: raw string is not closed"]),
    ("logging {} /* end\n", ["1:12: comment is not closed"]),
    ('logging {\n  a = "\\d+"\n}\n', ["2:8: `\\d` is no escape: a raw string between backticks needs none"]),
    ("logging {\n  a = 'b'\n}\n", ["2:7: `'` has no meaning here"]),
    ("logging {\n  a = [\n    1,\n    2\n  ]\n}\n", ["4:6: expected `,` or `]`, found end of line"]),
    ("logging {\n  a = {b: 1}\n}\n", ["2:9: `:` has no meaning here"]),
    ("logging {\n  a = {1 = 2}\n}\n", ["2:8: expected a key, found `1`"]),
    ("logging {\n  a = (1\n}\n", ["2:9: expected `)` after the expression, found end of line"]),
    ("logging {\n  a = sys.\n}\n", ["3:1: expected name after `.`, found `}`"]),
    ("logging {\n  a.b = 1\n}\n", ["2:7: expected `{` after `a.b`, found `=`"]),
    ("logging {\n  a = 1\n  b = 2\n  a = 3\n}\n", ["4:3: attribute `a` is set in line 2, too"]),
    ('logging "x" {}\n', ["1:1: `logging` has no label"]),
    ("logging {}\nlogging {}\n", ["2:1: `logging` is defined in line 1, too"]),
    ("loki.write {}\n", ["1:1: component `loki.write` needs a label"]),
    ('loki.write "a-b" {}\n', ["1:1: label `a-b` is no identifier"]),
    ('loki.wrte "a" {}\n', ["1:1: unknown component `loki.wrte`"]),
    ('loki.write "a" {}\nloki.write "a" {}\n', ["2:1: `loki.write.a` is defined in line 1, too"]),
    (
        'loki.process "a" {\n  b = [loki.write.c.receiver]\n}\n',
        ["2:8: `loki.write.c.receiver` refers to a component that is not defined"],
    ),
    ('loki.process "a" {\n  b = loki.write\n}\n', ["2:7: `loki.write` refers to a component that is not defined"]),
    ('loki.process "a" {\n  b = loki.process.a\n}\n', ["2:7: `loki.process.a` is no export of `loki.process`"]),
    (
        'loki.process "a" {\n  b = loki.process.a.output\n}\n',
        ["2:7: `loki.process.a.output` is no export of `loki.process`"],
    ),
    ('logging {\n  a = env("X")\n}\n', ["2:7: `env` is neither a component nor a function known here"]),
    (
        'loki.wrte "a" {\n  b = 1\n  b = loki.write.a.receiver\n}\n',
        [
            "1:1: unknown component `loki.wrte`",
            "3:3: attribute `b` is set in line 2, too",
            "3:7: `loki.write.a.receiver` refers to a component that is not defined",
        ],
    ),
]


def self_test():
    """How many of the cases above went as they should, and how many did not."""
    failed = 0
    for text, wanted in [(GOOD, []), ("", []), (GOOD.replace("\n", "\r\n"), []), *BAD]:
        found = check(text)
        if found != wanted:
            failed += 1
            print(f"{text!r}\n  wanted {wanted}\n  found  {found}", file=sys.stderr)
    print(f"{len(BAD) + 3 - failed} passed, {failed} failed")
    return failed


def main(arguments):
    if arguments == ["--self-test"]:
        return 1 if self_test() else 0
    if not arguments or any(argument.startswith("-") for argument in arguments):
        print(__doc__, file=sys.stderr)
        return 2
    failed = False
    for path in arguments:
        with open(path, encoding="utf-8") as file:
            for message in check(file.read()):
                failed = True
                print(f"{path}:{message}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
