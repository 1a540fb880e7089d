"""Environments differ by what is said of each alone: given one environment's values, parameters of policies and
settings, all render the same, but for the environment's name."""

import difflib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import selftest
import yaml
from project import Fault, read_yaml

INPUTS = ("tympan.yaml", "templates", "values", "schemas", "policies")
CHECKSUM = re.compile(r"^(\s*checksum/[\w.-]+: )\S+$", re.MULTILINE)


class NoProgram(Exception):
    """There is no Tympan to render with."""


def program(root):
    """The program that renders: $TYMPAN, or what `cargo build --release` made."""
    built = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", root / "target")) / "release" / "tympan"
    path = os.environ.get("TYMPAN") or built
    if not pathlib.Path(path).is_file():
        raise NoProgram(f"{path} is not there: build it with `cargo build --release`, or name another in TYMPAN")
    return str(path)


def check(platform):
    return differences(platform.root, lambda folder: render(program(platform.root), folder))


def differences(root, rendered):
    """`rendered` renders a project's folder."""
    names = environments(root)
    faults = []
    for source in names:
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder)
            _copy(root, copy)
            for name in names:
                if name != source:
                    _take_place(copy, source, name)
            rendered(copy)
            trees = {name: read_tree(copy / "rendered" / name, names) for name in names}
        for name in names:
            if name != source:
                faults += compare(trees[source], trees[name], source, name)
    return faults


def environments(root):
    return sorted(
        path.stem
        for path in (root / "values").glob("*.yaml")
        if path.stem not in ("common", "schema") and "." not in path.stem
    )


def _copy(root, copy):
    for name in INPUTS:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, copy / name)
        elif source.exists():
            shutil.copy(source, copy / name)


def _take_place(root, source, target):
    """Gives one environment what is said of another: its values, the parameters of its policies, its settings."""
    values = root / "values"
    for path in values.glob(f"{target}.*"):
        path.unlink()
    for path in values.glob(f"{source}.*"):
        shutil.copy(path, values / f"{target}{path.name[len(source):]}")
    policies = root / "policies"
    shutil.rmtree(policies / target, ignore_errors=True)
    if (policies / source).is_dir():
        shutil.copytree(policies / source, policies / target)
    file = root / "tympan.yaml"
    settings = read_yaml(file.read_text(encoding="utf-8"))[0] if file.exists() else {}
    if "environments" in settings:
        settings["environments"][target] = settings["environments"].get(source) or {}
        file.write_text(yaml.safe_dump(settings), encoding="utf-8")


def render(tympan, folder):
    run = subprocess.run(
        [tympan, "-C", str(folder), "--color", "never", "render"], capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise NoProgram(f"with one environment's values the other does not render:\n{run.stdout}{run.stderr}")


def read_tree(folder, names):
    """The files of an environment with no environment's name in them. Checksums go with it: they are of texts that are
    compared themselves."""
    name = re.compile(r"(?<![A-Za-z0-9])(" + "|".join(map(re.escape, names)) + r")(?![A-Za-z0-9])")
    return {
        path.relative_to(folder).as_posix(): CHECKSUM.sub(
            r"\1(a checksum)", name.sub("(environment)", path.read_text(encoding="utf-8"))
        )
        for path in sorted(folder.glob("**/*"))
        if path.is_file()
    }


def compare(tree, other, source, name):
    for path in sorted(tree.keys() | other.keys()):
        if tree.get(path) != other.get(path):
            lines = difflib.unified_diff(
                tree.get(path, "").splitlines(), other.get(path, "").splitlines(), source, name, n=0, lineterm=""
            )
            shown = "\n".join("    " + line for line in list(lines)[2:12])
            yield Fault(
                f"rendered/{name}/{path}", "", f"with the values of {source} it differs from {source}:\n{shown}"
            )


def self_test():
    """A made-up renderer, which says more in one environment than the values explain."""

    def rendered(extra):
        def write(folder):
            for name in environments(folder):
                target = folder / "rendered" / name / "shop"
                target.mkdir(parents=True)
                size = (folder / "values" / f"{name}.yaml").read_text(encoding="utf-8")
                size += (folder / "policies" / name / "parameters.yaml").read_text(encoding="utf-8")
                settings = read_yaml((folder / "tympan.yaml").read_text(encoding="utf-8"))[0]
                size += f"{settings['environments'].get(name) or {}}\n"
                text = (
                    f"env: {name}\nhost: shop.{name}.example.org\nchecksum/a: {len(name)}\n{size}{extra.get(name, '')}"
                )
                (target / "a.yaml").write_text(text, encoding="utf-8")
                if name in extra.get("only", ()):
                    (target / "b.yaml").write_text("", encoding="utf-8")

        return write

    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "values").mkdir()
        for name, size in (("dev", 1), ("prod", 3), ("common", 0)):
            (root / "values" / f"{name}.yaml").write_text(f"size: {size}\n", encoding="utf-8")
        for name in ("dev", "prod"):
            (root / "policies" / name).mkdir(parents=True)
            (root / "policies" / name / "parameters.yaml").write_text(f"of: {name}\n", encoding="utf-8")
        (root / "tympan.yaml").write_text("environments: {prod: {policy-actions: [Audit]}}\n", encoding="utf-8")
        selftest.expect_clean(list(differences(root, rendered({}))))
        selftest.expect(
            differences(root, rendered({"prod": "more: true\n"})), "+more: true", "a line of one environment"
        )
        selftest.expect(differences(root, rendered({"only": ["dev"]})), "b.yaml", "a file of one environment")
