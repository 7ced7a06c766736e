"""The ``phananh`` command as an operator runs it."""

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
_WIDTH = {"COLUMNS": "250"}
"""So that no sentence is broken."""


class Shell:
    """Runs commands in a home of their own."""

    def __init__(self, home: Path, database_url: str) -> None:
        self.home = home
        self.env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_DATABASE_URL": database_url,
            **_WIDTH,
        }

    def __call__(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        """One to its end, from the project's folder."""
        server = _forks()
        out, err = (self.home / f"printed.{name}" for name in ("out", "err"))
        assert server.stdin
        assert server.stdout
        print(
            json.dumps({"args": command, "env": self.env | env, "out": str(out), "err": str(err)}),
            file=server.stdin,
            flush=True,
        )
        code = int(server.stdout.readline())
        said = [path.read_text(encoding="utf-8") for path in (out, err)]
        out.unlink()
        err.unlink()
        return subprocess.CompletedProcess(command, code, *said)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """One that goes on meanwhile; whoever starts it ends it."""
        return subprocess.Popen([sys.executable, "-m", "app.cli", *command], env=self.env, cwd=ROOT)


@cache
def _forks() -> subprocess.Popen[str]:
    """Started once and ended with the tests' own process."""
    env = {"PATH": os.environ.get("PATH", ""), **_WIDTH}
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.forks"],
        env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    atexit.register(server.communicate)
    return server
