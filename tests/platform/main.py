"""Runs all checks of the sample platform: first each shows that it can fail, then each judges what is rendered."""

import argparse
import importlib
import importlib.util
import pathlib
import sys
import time

import project
from environments import NoProgram
from selftest import SelfTestFailed

CHECKS = [
    "objects",
    "schemas",
    "configs",
    "references",
    "wiring",
    "rights",
    "flows",
    "delivery",
    "prometheus",
    "grafana",
    "plain_secrets",
    "policies",
    "environments",
]


def main():
    arguments = parse()
    sys.stdout.reconfigure(line_buffering=True)
    modules = [importlib.import_module(name) for name in arguments.checks or CHECKS]
    failed = [module.__name__ for module in modules if not self_test(module)]
    if not arguments.self_test:
        platform = project.load(arguments.root, arguments.reference)
        if not platform.objects:
            sys.exit("rendered/ is empty: there is nothing to check")
        failed += [
            module.__name__ for module in modules if module.__name__ not in failed and not judge(module, platform)
        ]
        if not arguments.reference:
            print("left out: comparing with the definitions that projects publish (no --reference)")
    print(f"platform: {len(modules) - len(failed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)


def parse():
    parser = argparse.ArgumentParser(prog="tests/platform/run", description=__doc__)
    parser.add_argument("checks", nargs="*", help=f"which checks; all where none is named: {', '.join(CHECKS)}")
    parser.add_argument(
        "--root", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[2], help="the project's folder"
    )
    parser.add_argument(
        "--reference", type=pathlib.Path, help="a folder with the custom resource definitions that projects publish"
    )
    parser.add_argument("--self-test", action="store_true", help="only show that each check can fail")
    arguments = parser.parse_args()
    if arguments.reference and not list(arguments.reference.glob("**/*.yaml")):
        parser.error(f"--reference: no definitions in {arguments.reference}")
    return arguments


def self_test(module):
    try:
        module.self_test()
    except SelfTestFailed as failure:
        print(f"{module.__name__}: its self-test failed: {failure}")
        return False
    return True


def judge(module, platform):
    start = time.monotonic()
    try:
        faults = list(module.check(platform))
    except NoProgram as missing:
        faults = [project.Fault("", "", str(missing))]
    note = module.note(platform) if hasattr(module, "note") else ""
    verdict = f"{len(faults)} faults" if faults else "ok"
    print(f"{module.__name__}: {verdict}" + (f" ({note})" if note else "") + f", {time.monotonic() - start:.1f} s")
    for line in folded(faults, [environment.name for environment in platform.environments]):
        print(f"  {line}")
    return not faults


def folded(faults, environments):
    """One line for a fault that several environments have."""
    lines = {}
    for fault in faults:
        parts = fault.path.split("/")
        where = parts[1] if len(parts) > 2 and parts[0] == "rendered" and parts[1] in environments else ""
        path = "/".join(["rendered", "*", *parts[2:]]) if where else fault.path
        lines.setdefault((path, fault.field, fault.message), []).append(where)
    for (path, field, message), found in lines.items():
        if "" not in found:
            names = sorted(set(found))
            path = path.replace("*", names[0] if len(names) == 1 else "{" + ",".join(names) + "}", 1)
        yield str(project.Fault(path, field, message))


if __name__ == "__main__":
    main()
