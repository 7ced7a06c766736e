"""A process that has read our modules and stands by: each line on its standard input asks for a ``phananh`` command,
which becomes a fork of it, and each line that it answers is how that ended.

Reading the modules takes most of the time of a short command. What it does is the same, in a process of its own with
its own environment and files; started as everybody starts them, commands are tested in tests/cli/test_run.py, by the
journeys and by the doctor's tests.
"""

import gc
import json
import os
import signal
import sys

from app import supervisor, wiring  # noqa: F401  # what most commands read when they begin
from app.cli import main
from app.places.service import embedded_default

_PATIENCE = 120
"""Seconds that a command may take."""


def _become(args: list[str], env: dict[str, str], out: str, err: str) -> None:
    """The command itself: it ends the process as it would any other."""
    signal.alarm(_PATIENCE)
    for number, path in enumerate((os.devnull, out, err)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["phananh", *args]
    main()


def serve() -> None:
    embedded_default().search("An Xuyên")  # the names of all communes
    gc.freeze()
    for line in sys.stdin:
        wanted = json.loads(line)
        if (child := os.fork()) == 0:
            _become(**wanted)
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
