"""What `make run` costs: time until it is ready, cold (empty home) and warm, and each process's memory."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from app.embedded import die_with_parent
from tests.bench import Figure
from tests.journey.system import free_ports

_START_BAR = 5.0
_MEMORY_BAR = {"api": 150.0, "worker": 200.0, "bot": 150.0}


class _Run:
    """``phananh run`` in a home of its own."""

    def __init__(self, home: Path) -> None:
        port, simulator, bot = free_ports(3)
        self.url = f"http://127.0.0.1:{port}"
        self.chat = f"http://127.0.0.1:{simulator}"
        self._env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_PORT": str(port),
            "PHANANH_SIMULATOR_PORT": str(simulator),
            "PHANANH_BOT_PORT": str(bot),
        }

    def start(self) -> float:
        """Seconds until the API says it is ready and the chat page answers."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "run"],
            env=self._env,
            stdout=subprocess.DEVNULL,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        with httpx.Client(timeout=5) as http:
            for url in (f"{self.url}/readyz", f"{self.chat}/"):
                while not self._answers(http, url):
                    if self.process.poll() is not None:
                        raise RuntimeError("phananh run ended at start")
                    time.sleep(0.02)
        return time.monotonic() - began

    @staticmethod
    def _answers(http: httpx.Client, url: str) -> bool:
        try:
            return http.get(url).is_success
        except httpx.TransportError:
            return False

    def memory(self) -> dict[str, float]:
        """Resident megabytes of each of our processes with its own children, by name."""
        found: dict[str, float] = {}
        for child in psutil.Process(self.process.pid).children():
            words = child.cmdline()
            if "app.cli" in words:
                family = [child, *child.children(recursive=True)]
                found[words[-1]] = sum(p.memory_info().rss for p in family) / 2**20
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


async def run() -> list[Figure]:
    """Cold and warm start, memory idle after the warm start."""
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as folder:
        Path(folder).chmod(0o755)
        system = _Run(Path(folder))
        cold = system.start()
        system.stop()
        warm = system.start()
        memory = system.memory()
        system.stop()
    figures = [
        Figure("start, empty home, with 300 demo reports", cold, "s", "warm start", warm, cold / warm, "said", True),
        Figure("start, second time", warm, "s", "bar", _START_BAR, warm / _START_BAR, "≤ 5 s", warm <= _START_BAR),
    ]
    for name, bar in _MEMORY_BAR.items():
        used = memory[name]
        figures.append(
            Figure(f"memory of {name}, idle", used, "MB", "bar", bar, used / bar, f"≤ {bar:.0f} MB", used <= bar)
        )
    return figures
