"""The bot, or the worker, as a process of its own, which can be killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from app.embedded import die_with_parent
from tests.ports import free_port
from tests.world import RULES

# What ``phananh bot`` does once the database is prepared, which it is already.
PROGRAM = "import uvloop; from app import settings; from bot.process import run; uvloop.run(run(settings.load()))"
WORKER = PROGRAM.replace("bot.process", "app.worker.process")


class BotProcess:
    """Starts and ends; its log stays in ``home``. ``settings`` come on top."""

    program = PROGRAM

    def __init__(self, home: Path, database_url: str, server: str, **settings: str) -> None:
        self._home = home
        self._env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_RULES": str(RULES),
            "PHANANH_DATABASE_URL": database_url,
            "PHANANH_SIMULATOR_PORT": str(urlsplit(server).port),
            "PHANANH_BOT_PORT": str(free_port()),
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self._home / "bot.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", self.program],
                cwd=RULES.parent,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(timeout=60)

    @property
    def log(self) -> str:
        return (self._home / "bot.log").read_text(encoding="utf-8", errors="replace")


class WorkerProcess(BotProcess):
    program = WORKER
