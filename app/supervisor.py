"""Everything in one command: the database (when embedded) and each process as a child, started and stopped together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec
import structlog
from msgspec import Struct

from app.embedded import EmbeddedPostgres, die_with_parent
from app.settings import Settings

log = structlog.get_logger()

_RESTARTS = 5
"""So many unexpected ends within a minute are no accident: everything is stopped."""
_GRACE = 20.0
"""Seconds a child has to finish what it took, before it is killed."""


class StartFailed(Exception):
    """A process did not come up; the message says which and where its log is."""


@contextmanager
def database(settings: Settings) -> Iterator[tuple[Settings, EmbeddedPostgres | None]]:
    """The settings with a database address in any case; the embedded server, if any, runs for as long as this lasts."""
    if not settings.embedded_database:
        yield settings, None
        return
    server = EmbeddedPostgres(settings.home)
    server.start()
    try:
        yield msgspec.structs.replace(settings, database_url=server.url()), server
    finally:
        server.stop()


class Child(Struct):
    """One process of ours and when it was last started."""

    name: str
    process: subprocess.Popen[bytes]
    starts: list[float]


class Supervisor:
    """Starts children, starts them again when they end by accident, stops them all together.

    Children get the same environment, so settings are read once and mean the same everywhere.
    """

    def __init__(self, settings: Settings, names: list[str], server: EmbeddedPostgres | None) -> None:
        self._names = names
        self._server = server
        self._logs = settings.home / "log"
        self._env = {**os.environ, "PHANANH_DATABASE_URL": settings.database_url or ""}
        self._env.pop("PHANANH_DATABASE_URL_FILE", None)
        self._children: list[Child] = []
        self._stop = threading.Event()
        self.failed: str | None = None

    def log_of(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def start(self) -> None:
        self._logs.mkdir(parents=True, exist_ok=True)
        for name in self._names:
            self._children.append(Child(name, self._spawn(name), [time.monotonic()]))

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        with self.log_of(name).open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "app.cli", name],
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C in the terminal reaches us alone; we stop the children in order.
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def stop_soon(self, *_: object) -> None:
        """For signal handlers."""
        self._stop.set()

    def wait_ready(self, urls: list[str], seconds: float = 60) -> None:
        """Wait until every address answers with success. Raises StartFailed."""
        deadline = time.monotonic() + seconds
        with httpx.Client(timeout=2) as http:
            for url in urls:
                while not self._answers(http, url):
                    ended = next((c for c in self._children if c.process.poll() is not None), None)
                    if ended is not None:
                        raise StartFailed(f"{ended.name} stopped at start; see {self.log_of(ended.name)}")
                    if time.monotonic() > deadline:
                        raise StartFailed(f"{url} does not answer; see the files in {self._logs}")
                    self._stop.wait(0.05)

    @staticmethod
    def _answers(http: httpx.Client, url: str) -> bool:
        try:
            return http.get(url).is_success
        except httpx.TransportError:
            return False

    def watch(self) -> None:
        """Until told to stop: restart what ended by accident, the database too. ``failed``: what would not stay up."""
        while not self._stop.wait(0.2):
            if self._server is not None and self._server.revive():
                log.warning("the database had died and was started again")
            for child in self._children:
                if child.process.poll() is not None and not self._restart(child):
                    self.failed = child.name
                    return

    def _restart(self, child: Child) -> bool:
        now = time.monotonic()
        child.starts = [moment for moment in child.starts if now - moment < 60]
        if len(child.starts) >= _RESTARTS:
            return False
        self._stop.wait(min(2.0 ** len(child.starts) / 4, 5))
        if not self._stop.is_set():
            child.starts.append(now)
            child.process = self._spawn(child.name)
        return True

    def stop(self) -> None:
        """Ask every child to finish, wait, and kill what does not."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.terminate()
        deadline = time.monotonic() + _GRACE
        for child in self._children:
            try:
                child.process.wait(timeout=max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
