"""Tries the hand-over with the real tools, or with one that plays them. Each case has a clone of its own."""

import argparse
import sys
import time

import github
import hooks
import recipes


def main():
    parser = argparse.ArgumentParser(prog="tests/handover/run", description=__doc__)
    parser.add_argument("--rust", action="store_true", help="let pre-commit build the program, too")
    parser.add_argument("cases", nargs="*", help="only these cases")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    failed = 0
    for module in (recipes, hooks, github):
        for case in module.cases(arguments.rust):
            if arguments.cases and case.__name__ not in arguments.cases:
                continue
            start = time.monotonic()
            try:
                module.run(case)
            except AssertionError as error:
                failed += 1
                print(f"FAILED {module.__name__}: {case.__name__}\n{error}")
            else:
                print(f"passed {module.__name__}: {case.__name__} ({time.monotonic() - start:.1f} s)")
    sys.exit(1 if failed else 0)


main()
