"""Shows that a check can fail: it must pass a good sample and find what is broken in each broken one."""

import project


class SelfTestFailed(Exception):
    """A check did not see what it is there for."""


def broken_samples(check, sample, cases, settings=None, build=None):
    """Each case is (what stands in the sample, what is put there instead, words of the fault that must come of it)."""
    build = build or (lambda text: project.from_text(text, settings))
    expect_clean(check(build(sample)))
    for old, new, words in cases:
        if sample.count(old) < 1:
            raise SelfTestFailed(f"the sample has no `{old}`")
        expect(check(build(sample.replace(old, new, 1))), words, f"`{old}` -> `{new}`")


def expect_clean(faults):
    if faults:
        raise SelfTestFailed("a good sample has faults:\n" + "\n".join(str(fault) for fault in faults))


def expect(faults, words, what):
    """One of the faults must say the words."""
    if not any(words in str(fault) for fault in faults):
        found = "\n".join(str(fault) for fault in faults) or "nothing"
        raise SelfTestFailed(f"{what}: expected a fault with `{words}`, got:\n{found}")
