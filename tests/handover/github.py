"""scripts/github-action, which action.yml runs, with a `gh` that only writes down what it is asked."""

import base64
import gzip
import json

from hooks import RENDERED, TEMPLATE
from world import PROGRAM, ROOT, World, expect

# Answers the list of comments from a file, and keeps the rest: one line of JSON for each call.
GH = """#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["TEST_GH"])
arguments = sys.argv[1:]
call = {"arguments": arguments}
for index, word in enumerate(arguments):
    if word == "--field":
        name, _, path = arguments[index + 1].partition("=@")
        call[name] = pathlib.Path(path).read_text()
    if word == "--input":
        call["input"] = json.loads(pathlib.Path(arguments[index + 1]).read_text())
with open(folder / "calls", "a") as calls:
    calls.write(json.dumps(call) + "\\n")
if (folder / "refuses").exists():
    sys.exit(1)
if "--jq" in arguments:
    import subprocess
    query = arguments[arguments.index("--jq") + 1]
    done = subprocess.run(["jq", "--raw-output", query, folder / "comments"], stdout=subprocess.PIPE, check=True)
    sys.stdout.buffer.write(done.stdout)
"""


class Job:
    """A job on a pull request."""

    def __init__(self, world):
        self.world = world
        self.folder = world.folder / "job"
        self.folder.mkdir()
        for name in ("summary", "output", "calls"):
            (self.folder / name).touch()
        self.comments([])
        program = world.bin / "gh"
        program.write_text(GH)
        program.chmod(0o755)
        self.base = world.git("rev-parse", "HEAD").strip()

    def comments(self, comments):
        (self.folder / "comments").write_text(json.dumps(comments))

    def step(self, name, **variables):
        given = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_REPOSITORY": "owner/repository",
            "GITHUB_SHA": self.world.git("rev-parse", "HEAD").strip(),
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "TEST_GH": str(self.folder),
            "TYMPAN_DIRECTORY": ".",
            "TYMPAN_PROGRAM": str(PROGRAM),
            "TYMPAN_BASE": self.base,
            "TYMPAN_FAIL_ON": "error",
            "TYMPAN_PULL_REQUEST": "7",
            **variables,
        }
        code, output = self.world.run(ROOT / "scripts/github-action", name, **given)
        expect(code == 0, name, output)
        return output

    def output(self, name):
        lines = (self.folder / "output").read_text().splitlines()
        return next(line.partition("=")[2] for line in lines if line.startswith(f"{name}="))

    def calls(self):
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def summary(self):
        return (self.folder / "summary").read_text()


def a_clean_project_says_little(world):
    job = Job(world)
    output = job.step("check")
    expect(job.output("exit-code") == "0", output)
    expect(f"comparing with {job.base}" in output and "::error" not in output, output)
    expect("### Tympan" in job.summary() and "compared" not in job.summary(), job.summary())
    job.step("comment")
    expect(all("POST" not in call["arguments"] for call in job.calls()), "a clean project begins a comment")


def a_broken_one_is_told_at_its_line_and_in_one_comment(world):
    job = Job(world)
    line = world.rewrite(TEMPLATE, "containerPort: 8080", "containerPrt: 8080")
    world.git("commit", "--all", "--quiet", "--message=broken")
    output = job.step("check")
    expect(job.output("exit-code") == "1", output)
    expect(f"::error file={TEMPLATE},line={line},endLine={line},col=" in output, output)
    expect("::error title=rendered/ is not up to date::" in output, output)
    expect(f"`{TEMPLATE}:{line}:" in job.summary() and "not up to date" in job.summary(), job.summary())
    job.step("comment")
    written = job.calls()[-1]
    expect("POST" in written["arguments"], written)
    marker, _, rest = written["body"].partition("\n")
    expect(marker == "<!-- tympan action: . -->" and f"`{TEMPLATE}:{line}:" in rest, written)
    # Another's comment is nobody's to change, even with the same first line.
    job.comments(
        [
            {"id": 1, "user": {"type": "User"}, "body": marker},
            {"id": 2, "user": {"type": "Bot"}, "body": "<!-- tympan action: other -->"},
            {"id": 3, "user": {"type": "Bot"}, "body": written["body"]},
        ]
    )
    job.step("comment")
    path = "repos/owner/repository/issues/comments/3"
    expect(job.calls()[-1]["arguments"][1:4] == ["--method", "PATCH", path], job.calls()[-1])


def alerts_are_sent_without_what_is_accepted(world):
    job = Job(world)
    world.rewrite(TEMPLATE, "containerPort: 8080", "containerPrt: 8080")
    job.step("check")
    report = json.loads((job.folder / "temp/tympan/report.sarif").read_text())
    results = report["runs"][0]["results"]
    expect(any("suppressions" in result for result in results), "the sample has no waiver")
    job.step("sarif")
    sent = job.calls()[-1]["input"]
    expect(sent["ref"] == "refs/pull/7/merge" and len(sent["commit_sha"]) == 40, sent)
    alerts = json.loads(gzip.decompress(base64.b64decode(sent["sarif"])))["runs"][0]
    kept = [result for result in results if "suppressions" not in result]
    expect(len(alerts["results"]) == len(kept) > 0, len(alerts["results"]))
    for alert in alerts["results"]:
        names = alert["partialFingerprints"]
        expect(names["primaryLocationLineHash"] == names["tympan/v1"], alert)
    expect(alerts["automationDetails"]["id"] == "tympan/./", alerts["automationDetails"])


def what_cannot_be_done_is_told(world):
    job = Job(world)
    world.path("tympan.yaml").write_text("nonsense: 1\n")
    output = job.step("check")
    expect(job.output("exit-code") == "2" and "::error title=Tympan could not do its work::" in output, output)
    expect("could not do its work" in job.summary(), job.summary())
    (job.folder / "refuses").touch()
    # From a fork nothing can be written: that is no failure.
    for step in ("comment", "sarif"):
        job.step(step)


def a_base_is_a_commit_or_nothing(world):
    job = Job(world)
    world.rewrite(RENDERED, "port: ", "port: 1")
    for base in ("", "0" * 40, "$(touch hacked)", "--help", "main; touch hacked"):
        output = job.step("check", TYMPAN_BASE=base)
        expect("comparing with" not in output, base, output)
    expect(not world.path("hacked").exists(), "an input reached the shell")


def a_base_that_cannot_be_had_is_told(world):
    job = Job(world)
    output = job.step("check", TYMPAN_BASE="1" * 40)
    expect("::warning title=Tympan::the commit to compare with, 1111" in output, output)
    expect(job.output("exit-code") == "0", output)


def inputs_are_never_run(world):
    job = Job(world)
    folder = world.path("-x; touch hacked $(touch hacked)")
    folder.mkdir()
    for name in ("templates", "values", "policies", "schemas", "rendered", "tympan.yaml"):
        world.path(name).rename(folder / name)
    world.git("add", "--all")
    world.git("commit", "--quiet", "--message=moved")
    output = job.step("check", TYMPAN_DIRECTORY=folder.name)
    expect(job.output("exit-code") == "0", output)
    for step in ("comment", "sarif"):
        job.step(step, TYMPAN_DIRECTORY=folder.name)
    output = job.step("check", TYMPAN_DIRECTORY=folder.name, TYMPAN_FAIL_ON="error --exit-zero; touch hacked")
    expect("invalid value" in output and "::error title=Tympan could not do its work::" in output, output)
    expect(not list(world.clone.rglob("hacked")), "an input reached the shell")


CARGO = """#!/bin/sh
echo "$PWD $*" >> "$TEST_GH/cargo"
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && cp /bin/true "$2/bin/tympan"
"""


def the_program_is_built_once(world):
    job = Job(world)
    program = world.bin / "cargo"
    program.write_text(CARGO)
    program.chmod(0o755)
    # What the caller's repository says of Rust is for others.
    action = world.folder / "action"
    action.mkdir()
    (action / "Cargo.lock").write_text("one")
    for text, builds in (("one", 1), ("one", 1), ("other", 2)):
        (action / "Cargo.lock").write_text(text)
        job.step("build", GITHUB_ACTION_PATH=str(action))
        calls = (job.folder / "cargo").read_text().splitlines()
        expect(len(calls) == builds and all(call.startswith(f"{action} install ") for call in calls), calls)


def sonarqube_gets_issues_whose_rules_it_knows(world):
    line = world.rewrite(TEMPLATE, "containerPort: 8080", "containerPrt: 8080")
    world.run("tympan", "check", "--format", "json", "-o", "report.json")
    code, output = world.run(ROOT / "scripts/sonarqube-issues", "report.json")
    expect(code == 0, output)
    made = json.loads(output)
    rules = [rule["id"] for rule in made["rules"]]
    expect(len(rules) == len(set(rules)) > 0, rules)
    places = [issue["primaryLocation"] for issue in made["issues"]]
    expect(all(issue["ruleId"] in rules for issue in made["issues"]), rules)
    found = [place for place in places if place["filePath"] == TEMPLATE and place["textRange"]["startLine"] == line]
    expect(any("containerPort" in place["message"] for place in found), places)


def cases(_):
    return [
        a_clean_project_says_little,
        a_broken_one_is_told_at_its_line_and_in_one_comment,
        alerts_are_sent_without_what_is_accepted,
        what_cannot_be_done_is_told,
        a_base_is_a_commit_or_nothing,
        a_base_that_cannot_be_had_is_told,
        inputs_are_never_run,
        the_program_is_built_once,
        sonarqube_gets_issues_whose_rules_it_knows,
    ]


def run(case):
    with World() as world:
        case(world)
