"""``phananh run``: everything comes up with one command, heals, and goes down together however it ends."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.ports import free_ports

SECONDS = 300.0
"""Of patience; a machine that does much else takes its time."""


class Run:
    """One ``phananh run`` and its family of processes."""

    def __init__(self, home: Path) -> None:
        port, simulator, bot = free_ports(3)
        self.api, self.chat = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{simulator}"
        self.printed = home / "printed"
        env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_PORT": str(port),
            "PHANANH_SIMULATOR_PORT": str(simulator),
            "PHANANH_BOT_PORT": str(bot),
            "COLUMNS": "200",
        }
        with self.printed.open("wb") as printed:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "run"], env=env, stdout=printed, stderr=printed
            )
        try:
            self.until(lambda: self.says("Ctrl-C"))
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def says(self, words: str) -> bool:
        return words in self.printed.read_text(encoding="utf-8")

    def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < deadline, self.printed.read_text(encoding="utf-8")
            assert self.process.poll() is None or not self.process.returncode, self.printed.read_text(encoding="utf-8")
            time.sleep(0.05)  # processes and ports have no event to wait for

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def child(self, name: str) -> psutil.Process:
        return next(p for p in psutil.Process(self.process.pid).children() if p.cmdline()[-1] == name)

    def child_named(self, program: str) -> psutil.Process:
        return next(p for p in psutil.Process(self.process.pid).children() if p.name() == program)

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.api}/readyz").is_success and httpx.get(f"{self.chat}/").is_success
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="phananh-run-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def left_of(family: list[psutil.Process]) -> list[str]:
    """Those that still run after a minute. What has ended and is merely not collected yet has ended."""
    alive = psutil.wait_procs(family, timeout=60)[1]
    return [str(one) for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_everything_comes_up_with_a_demo_and_killed_outright_leaves_nothing_behind(home: Path) -> None:
    run = Run(home)
    assert run.ready()
    assert run.says("dieuphoi")
    family = run.family()
    assert any("postgres" in p.name() for p in family)
    run.process.kill()
    run.process.wait()
    assert left_of(family) == []


def test_it_starts_again_without_sowing_twice_and_whatever_is_killed_comes_back(home: Path) -> None:
    run = Run(home)
    assert run.ready()
    assert not run.says("dieuphoi")
    killed = run.child("api")
    killed.kill()
    run.until(lambda: run.ready() and run.child("api").pid != killed.pid)
    database = run.child_named("postgres")
    database.kill()
    run.until(lambda: run.ready() and run.child_named("postgres").pid != database.pid)
    family = run.family()
    run.process.send_signal(signal.SIGTERM)
    assert run.process.wait(timeout=60) == 0
    assert left_of(family) == []


def test_ctrl_c_takes_everything_down_together(home: Path) -> None:
    run = Run(home)
    family = run.family()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(timeout=60) == 0
    assert left_of(family) == []
