"""Where a run of the tests keeps its files: in memory, where there is enough of it.

A database of this size is 640 files of the catalogue's and ours each time it is made, and on a disk's file system they
take a third of a second of processor time, hundreds of times in a run; in memory, a hundredth. Nor is a disk waited for
where the system means to wait for it (photos, ``phananh run``).
"""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import psutil

_MEMORY = Path("/dev/shm")  # the one place that is memory; what we make in it is private
_PREFIX = "phananh-tests-"
_ROOM = 2 << 30
"""Bytes that must be free there: four workers with a database each and two whole systems take 1.2 GB at most."""
_LEFT = 4 << 30
"""Bytes of memory that must be available, that of the workers, browsers and servers included."""


def in_memory() -> Path | None:
    """A folder there for this process and its children to keep temporary files in, or None: where they are usually.

    Whoever sets TMPDIR has chosen already. ``forget`` it in the end; those of runs that were killed are removed here.
    """
    if "TMPDIR" in os.environ or not _is_good():
        return None
    for left in _MEMORY.glob(f"{_PREFIX}*"):
        if not psutil.pid_exists(int(left.name.removeprefix(_PREFIX))):
            shutil.rmtree(left, ignore_errors=True)
    folder = _MEMORY / f"{_PREFIX}{os.getpid()}"
    folder.mkdir(mode=0o755, exist_ok=True)
    folder.chmod(0o755)  # as root, the database runs as somebody else, who must get through
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    return folder


def forget(folder: Path) -> None:
    del os.environ["TMPDIR"]
    tempfile.tempdir = None
    shutil.rmtree(folder, ignore_errors=True)


def _is_good() -> bool:
    """There is such a place, programs may be run from it, and it has room."""
    with contextlib.suppress(OSError):
        there = os.statvfs(_MEMORY)
        room = there.f_bavail * there.f_frsize
        may_run = not there.f_flag & os.ST_NOEXEC
        return may_run and room >= _ROOM and psutil.virtual_memory().available >= _LEFT
    return False
