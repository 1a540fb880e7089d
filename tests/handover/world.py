"""A clone of this repository to try things in, and programs run in it."""

import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ["TYMPAN"]).resolve()


class World:
    """A clone, and a folder that has the program in the path."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="tympan-handover-"))
        self.clone = self.folder / "clone"
        self.bin = self.folder / "bin"
        self.bin.mkdir()
        (self.bin / "tympan").symlink_to(PROGRAM)
        # Nothing of the one who runs this: no settings of git, no hooks, no other tympan.
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("GIT_", "GITHUB_", "PRE_COMMIT"))},
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "PRE_COMMIT_HOME": str(self.folder / "pre-commit"),
            "NO_COLOR": "1",
        }
        for role in ("AUTHOR", "COMMITTER"):
            self.environment[f"GIT_{role}_NAME"] = "tests"
            self.environment[f"GIT_{role}_EMAIL"] = "tests@localhost"
        subprocess.run(
            ["git", "clone", "--quiet", "--no-hardlinks", ROOT, self.clone], check=True, env=self.environment
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def run(self, *command, **variables):
        done = subprocess.run(
            [str(word) for word in command],
            cwd=self.clone,
            env={**self.environment, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    def git(self, *arguments):
        code, output = self.run("git", *arguments)
        expect(code == 0, "git", *arguments, output)
        return output

    def path(self, name):
        return self.clone / name

    def rewrite(self, name, old, new):
        text = self.path(name).read_text()
        expect(text.count(old) >= 1, f"{name} has no `{old}`")
        self.path(name).write_text(text.replace(old, new, 1))
        before, _, _ = text.partition(old)
        return before.count("\n") + 1


def expect(condition, *what):
    if not condition:
        raise AssertionError("\n".join(str(part) for part in what))
