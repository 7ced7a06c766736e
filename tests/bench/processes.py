"""What `make run` costs: time until it is ready, cold (empty home) and warm, and each process's memory."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
from PIL import Image

from app.embedded import die_with_parent
from tests.bench import Figure
from tests.ports import free_ports

_START_BAR = 5.0
_IDLE_BAR = {"api": 150.0, "worker": 200.0, "bot": 150.0}
_BUSY_BAR = {"photo worker": 200.0, "worker": 200.0}


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
        """Resident megabytes of each of our processes by name; ``photo worker`` is the largest of those below them."""
        found: dict[str, float] = {"photo worker": 0.0}
        for child in psutil.Process(self.process.pid).children():
            words = child.cmdline()
            if "app.cli" in words:
                found[words[-1]] = child.memory_info().rss / 2**20
                below = [p.memory_info().rss / 2**20 for p in child.children(recursive=True)]
                found["photo worker"] = max(found["photo worker"], *below, 0.0)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def _photo() -> bytes:
    """A 12 megapixel JPEG."""
    picture = Image.effect_noise((4000, 3000), 60).convert("RGB")
    data = io.BytesIO()
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()


async def _busiest(system: _Run, photos: int, at_once: int) -> dict[str, float]:
    """The most memory each process had while reports with a 12 megapixel photo came in."""
    photo, most = _photo(), system.memory()
    slots = asyncio.Semaphore(at_once)

    async def send(number: int) -> None:
        form = {"text": f"Ổ gà số {number}", "lat": "9.1769", "lon": "105.1524", "consent": "true"}
        async with slots:
            answer = await http.post("/api/v1/reports", data=form, files={"photos": ("o-ga.jpg", photo, "image/jpeg")})
        answer.raise_for_status()

    async with httpx.AsyncClient(base_url=system.url, timeout=120) as http:
        sending = asyncio.gather(*(send(number) for number in range(photos)))
        while not sending.done():
            most = {name: max(used, most.get(name, 0.0)) for name, used in system.memory().items()}
            await asyncio.wait({sending}, timeout=0.1)
        await sending
    return most


def _figure(name: str, when: str, used: float, bar: float) -> Figure:
    return Figure(f"memory of {name}, {when}", used, "MB", "bar", bar, used / bar, f"≤ {bar:.0f} MB", used <= bar)


async def run() -> list[Figure]:
    """Cold and warm start; memory idle after the warm start and under photos."""
    with tempfile.TemporaryDirectory(prefix="phananh-bench-") as folder:
        os.chmod(folder, 0o755)  # noqa: PTH101  # the embedded server's account must be able to enter
        system = _Run(Path(folder))
        cold = system.start()
        system.stop()
        warm = system.start()
        idle = system.memory()
        busy = await _busiest(system, photos=40, at_once=8)
        system.stop()
    return [
        Figure("start, empty home, with 300 demo reports", cold, "s", "warm start", warm, cold / warm, "said", True),
        Figure("start, second time", warm, "s", "bar", _START_BAR, warm / _START_BAR, "≤ 5 s", warm <= _START_BAR),
        *(_figure(name, "idle", idle[name], bar) for name, bar in _IDLE_BAR.items()),
        *(_figure(name, "8 × 12 MP photos at once", busy[name], bar) for name, bar in _BUSY_BAR.items()),
        Figure(
            "memory of api, 8 × 12 MP photos at once",
            busy["api"],
            "MB",
            "idle",
            idle["api"],
            busy["api"] / idle["api"],
            "said",
            True,
        ),
    ]
