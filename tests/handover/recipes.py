"""What people copy: action.yml and the recipes of the docs, held to the published schemas of GitHub, GitLab and pre-commit;
scripts and the scripts in all of them, read by shellcheck."""

import pathlib
import re
import shutil
import subprocess
import tempfile
import textwrap

import yaml
from world import ROOT, expect

PAGES = ("README.md", "docs/ci.md", "docs/delivery.md")
# The fewest recipes of each kind: a pattern that finds none would prove nothing.
FEWEST = {"pre-commit": 1, "workflow": 2, "steps": 3, "gitlab": 1}
VALIDATORS = {
    "pre-commit": ("pre-commit", "validate-config"),
    "workflow": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows"),
    "action": ("check-jsonschema", "--builtin-schema", "vendor.github-actions"),
    "gitlab": ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


def kind_of(text):
    if text.startswith("repos:"):
        return "pre-commit"
    if text.startswith("- "):
        return "steps"
    if re.search(r"^jobs:", text, re.M):
        return "workflow"
    # What has no script is no recipe: a piece of an Application, for example.
    return "gitlab" if re.search(r"^  script:", text, re.M) else None


def recipes():
    """Returns the recipes: where each stands, its kind, its text."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        for block in re.finditer(r"^```yaml\n(.*?)^```$", text, re.M | re.S):
            recipe = textwrap.dedent(block.group(1))
            line = text.count("\n", 0, block.start()) + 1
            if kind_of(recipe):
                found.append((f"{page}:{line}", kind_of(recipe), recipe))
    for kind, fewest in FEWEST.items():
        expect(sum(kind == one for _, one, _ in found) >= fewest, f"there are fewer recipes for {kind} than there were")
    return found


def whole(kind, text):
    """Returns a file that holds a recipe, and the kind of that file."""
    if kind != "steps":
        return kind, text
    head = "on: push\njobs:\n  x:\n    runs-on: ubuntu-24.04\n    steps:\n"
    return "workflow", head + textwrap.indent(text, "    ")


def validated(kind, text):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "recipe.yaml"
        file.write_text(text)
        done = subprocess.run(
            [*VALIDATORS[kind], file], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    return done.returncode == 0, done.stdout


def recipes_are_what_their_hosts_read():
    for place, kind, text in recipes():
        kind, text = whole(kind, text)
        good, said = validated(kind, text)
        expect(good, place, said)


def the_action_is_one():
    good, said = validated("action", (ROOT / "action.yml").read_text())
    expect(good, said)


def what_is_wrong_is_found():
    """The validators are there and look: each refuses what is broken."""
    action = (ROOT / "action.yml").read_text()
    broken = {
        "action": action.replace("using: composite", "using: composit"),
        "pre-commit": "repos: [{repo: x}]\n",
        "workflow": "on: push\njobs: {x: {runs-on: x, stepps: []}}\n",
        "gitlab": "tympan: {script: [x], artifacts: {when: allways}}\n",
    }
    for kind, text in broken.items():
        expect(not validated(kind, text)[0], kind, text)


def scripts_of(node):
    """Returns the scripts in a recipe of GitHub or GitLab."""
    if isinstance(node, list):
        return [script for item in node for script in scripts_of(item)]
    if not isinstance(node, dict):
        return []
    own = [node["run"]] if isinstance(node.get("run"), str) else []
    lines = [*node.get("before_script", []), *node.get("script", [])]
    return own + (["\n".join(lines)] if lines else []) + scripts_of(list(node.values()))


def shell(place, text):
    # What a host puts in before the shell reads it.
    text = re.sub(r"\$\{\{.*?\}\}", "x", text)
    done = subprocess.run(
        ["shellcheck", "--shell=bash", "--color=never", "-"],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    expect(done.returncode == 0, place, done.stdout)


def shellcheck_finds_nothing():
    places = [(place, yaml.safe_load(whole(kind, text)[1])) for place, kind, text in recipes()]
    places.append(("action.yml", yaml.safe_load((ROOT / "action.yml").read_text())))
    read = 0
    for place, recipe in places:
        for script in scripts_of(recipe):
            shell(place, script)
            read += 1
    expect(read >= 10, f"{read} scripts were found, which were more")
    tracked = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, text=True, check=True)
    for name in tracked.stdout.split("\0"):
        file = ROOT / name
        if name and file.is_file() and re.match(rb"#!.*\b(ba)?sh\n", file.read_bytes()[:80]):
            shell(name, file.read_text())


def cases(_rust):
    always = [recipes_are_what_their_hosts_read, the_action_is_one, what_is_wrong_is_found]
    if shutil.which("shellcheck"):
        return [*always, shellcheck_finds_nothing]
    print("shellcheck is not installed here: scripts are not read")
    return always


def run(case):
    case()
