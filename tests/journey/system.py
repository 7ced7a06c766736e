"""The whole system as a province runs it, in processes of its own, on loopback."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from app import settings
from app.embedded import die_with_parent
from app.wiring import prepare
from bot.simulator.client import SimClient
from tests.ports import free_ports
from tests.s3 import S3Server

READY = 120.0


class System:
    """Starts, kills and restarts the processes; ``http`` speaks to the API, ``sim`` to the chat."""

    def __init__(self, home: Path, database_url: str, s3: S3Server) -> None:
        self.home = home
        port, sim_port, bot_port = free_ports(3)
        self.api = f"http://127.0.0.1:{port}"
        self.chat = f"http://127.0.0.1:{sim_port}"
        (home / "s3_secret").write_text(s3.secret_key)
        self.env = {
            "PATH": os.environ.get("PATH", ""),
            "PHANANH_HOME": str(home),
            "PHANANH_DATABASE_URL": database_url,
            "PHANANH_S3_ENDPOINT": s3.endpoint,
            "PHANANH_S3_ACCESS_KEY": s3.access_key,
            "PHANANH_S3_SECRET_KEY_FILE": str(home / "s3_secret"),
            "PHANANH_S3_TLS": "no",
            "PHANANH_PORT": str(port),
            "PHANANH_PUBLIC_URL": self.api,
            "PHANANH_SIMULATOR_PORT": str(sim_port),
            "PHANANH_BOT_PORT": str(bot_port),
        }
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.http = httpx.AsyncClient(base_url=f"{self.api}/api/v1", timeout=60)
        self.sim = SimClient(self.chat)

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def start(self, name: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "app.cli", name],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )

    def kill(self, name: str) -> None:
        """kill -9: no goodbye, no flushing."""
        self.processes[name].kill()
        self.processes[name].wait()

    async def answers(self, url: str, name: str) -> None:
        """Wait until the address answers; fail with the process's log when it has ended."""
        async with asyncio.timeout(READY), httpx.AsyncClient() as http:
            while True:
                assert self.processes[name].poll() is None, f"{name} ended:\n{self.log(name)[-3000:]}"
                try:
                    if (await http.get(url)).is_success:
                        return
                except httpx.TransportError:
                    await asyncio.sleep(0.05)  # the port is not open yet; nothing else could be waited on

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """One ``phananh`` command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *command], env=self.env, capture_output=True, text=True, check=False
        )

    def stop(self) -> None:
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            process.wait(timeout=60)


@asynccontextmanager
async def running(home: Path, database_url: str, s3: S3Server) -> AsyncIterator[System]:
    """Everything up; stopped in the end, and no process may have written a traceback."""
    system = System(home, database_url, s3)
    # As `phananh run` does it; else each of the four would read and prove the rules before it sees that one has.
    await prepare(settings.load(system.env))
    for name in ("simulator", "api", "worker", "bot"):
        system.start(name)
    try:
        async with system.http, system.sim:
            await system.answers(f"{system.chat}/", "simulator")
            await system.answers(f"{system.api}/readyz", "api")
            yield system
    finally:
        system.stop()


class Officer:
    """A member of staff at the staff API, signed in with a password."""

    def __init__(self, system: System, username: str) -> None:
        self.http = httpx.AsyncClient(base_url=f"{system.api}/api/v1/staff", timeout=60)
        self.username = username

    async def sign_in(self, password: str) -> "Officer":
        answer = await self.http.post("/session", json={"username": self.username, "password": password})
        assert answer.status_code == 201, answer.text
        self.http.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return self

    async def queue(self) -> list[dict[str, Any]]:
        answer = await self.http.get("/queue")
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["items"]
        return rows

    async def case(self, code: str) -> dict[str, Any]:
        answer = await self.http.get(f"/reports/{code}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def act(self, code: str, act: str, *, photo: bytes | None = None, **form: Any) -> dict[str, Any]:
        """Do an act on the case as it is now."""
        form = {"version": (await self.case(code))["version"], **form}
        if photo is None:
            answer = await self.http.post(f"/reports/{code}/acts/{act}", json=form)
        else:
            files = {"photos": ("sau-khi-sua.jpg", photo, "image/jpeg")}
            answer = await self.http.post(
                f"/reports/{code}/acts/{act}", data={k: str(v) for k, v in form.items()}, files=files
            )
        assert answer.is_success, answer.text
        done: dict[str, Any] = json.loads(answer.content)
        return done
