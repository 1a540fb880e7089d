"""The hooks of .pre-commit-hooks.yaml, run by the real pre-commit on a clone of this repository."""

import re

from world import ROOT, World, expect

TEMPLATE = "templates/openmrs/frontend.yaml"
RENDERED = "rendered/dev/openmrs/service-frontend.yaml"
ADDED = "templates/openmrs/zz-added.yaml"
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: zz-added\n  labels: {}\ndata: {a: b}\n"


def hook(world, name, *arguments, **variables):
    code, output = world.run("pre-commit", "try-repo", ROOT, name, "--color=never", *arguments, **variables)
    # What comes before is about how the hook is made.
    return code, output.split("=" * 79)[-1]


def clean_passes(world):
    for name in ("tympan-render-system", "tympan-check-system"):
        code, output = hook(world, name, "--all-files")
        expect(code == 0 and re.search(r"\.Passed$", output, re.M), name, output)
    expect(world.git("status", "--porcelain") == "", "a clean pass changed something")


def other_files_start_nothing(world):
    world.path("README.md").write_text("x\n")
    world.git("add", "--all")
    for name in ("tympan-render-system", "tympan-check-system"):
        code, output = hook(world, name)
        expect(code == 0 and "Skipped" in output, name, output)


def a_broken_template_fails_with_its_line(world):
    line = world.rewrite(TEMPLATE, "containerPort: 8080", "containerPrt: 8080")
    world.git("add", "--all")
    code, output = hook(world, "tympan-check-system")
    expect(code == 1 and "exit code: 1" in output, output)
    expect(f"--> {TEMPLATE}:{line}:" in output and "containerPort" in output, f"line {line}", output)
    world.git("reset", "--hard", "--quiet")
    line = world.rewrite(TEMPLATE, "frontend.locale", "frontend.lcale")
    world.git("add", "--all")
    for name in ("tympan-render-system", "tympan-check-system"):
        code, output = hook(world, name)
        expect(code == 1 and f"--> {TEMPLATE}:{line}:" in output, name, f"line {line}", output)
    expect(world.git("diff", "--name-only") == "", "a broken template changed rendered/")


def what_is_stale_is_repaired_and_reported(world):
    world.rewrite(RENDERED, "port: ", "port: 1")
    world.git("add", "--all")
    code, output = hook(world, "tympan-render-system")
    expect(code == 1 and "files were modified by this hook" in output, output)
    expect(f"{RENDERED}: changed" in output, output)
    expect(world.git("diff", "HEAD", "--name-only") == "", "rendered/ was not repaired")
    world.git("add", "--all")
    expect(hook(world, "tympan-render-system", "--all-files")[0] == 0, "what was repaired does not pass")


def new_files_are_named_until_they_are_in_git(world):
    world.path(ADDED).write_text(MANIFEST)
    world.git("add", "--all")
    rendered = "rendered/dev/openmrs/configmap-zz-added.yaml"
    code, output = hook(world, "tympan-render-system")
    expect(code == 1 and f"{rendered}: new" in output and f"{rendered}: not in git" in output, output)
    # Nothing is to be written any more, and pre-commit does not look at what git does not know.
    code, output = hook(world, "tympan-render-system")
    expect(code == 1 and f"{rendered}: not in git" in output, output)
    world.git("add", "--all")
    code, output = hook(world, "tympan-render-system")
    expect(code == 0, output)


def templates_that_git_does_not_know_are_named(world):
    """pre-commit sets aside what is not staged of known files; unknown ones stay, and are rendered."""
    world.path(ADDED).write_text(MANIFEST)
    world.rewrite(TEMPLATE, "containers:", "containers: # staged")
    world.git("add", TEMPLATE)
    code, output = hook(world, "tympan-render-system")
    expect(code == 1 and f"{ADDED}: used, and not in git" in output, output)


def pre_commit_builds_the_program(world):
    """Without optimisation, and in one folder for all runs: what is tried is the hook, not the compiler."""
    variables = {
        "CARGO_TARGET_DIR": str(ROOT / "target/handover-checks/cargo"),
        "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
        "CARGO_PROFILE_RELEASE_LTO": "off",
        "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "64",
    }
    code, output = hook(world, "tympan-check", "--all-files", **variables)
    expect(code == 0 and re.search(r"tympan check\.+Passed$", output, re.M), output)


ALWAYS = [
    clean_passes,
    other_files_start_nothing,
    a_broken_template_fails_with_its_line,
    what_is_stale_is_repaired_and_reported,
    new_files_are_named_until_they_are_in_git,
    templates_that_git_does_not_know_are_named,
]


def cases(rust):
    return ALWAYS + ([pre_commit_builds_the_program] if rust else [])


def run(case):
    with World() as world:
        case(world)
