"""Every command of compose.yaml, run: the real programs, with the flags and settings that stand in the file, from just
the files that the image has. Only what containers have to themselves differs: addresses, ports and folders."""

import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from app.embedded import EmbeddedPostgres, die_with_parent
from tests.compose import ROOT, compose, environment, make_secrets
from tests.ports import free_ports

BIN = Path(sys.executable).parent
SERVICES: dict[str, dict[str, Any]] = compose()["services"]
AUTHORITY = "caddy/pki/authorities/local/root.crt"
HOOK = "https://localhost/telegram/updates"
PORTS = ("db", "s3", "api", "bot", "simulator", "http", "https", "proxy", "master", "volume", "filer")


class Running:
    """A process, its log, and the certainty that it ends with us."""

    def __init__(self, command: list[str], folder: Path, env: dict[str, str], log: Path, **who: Any) -> None:
        self.log = log
        with log.open("wb") as file:
            self.process = subprocess.Popen(
                command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                preexec_fn=die_with_parent(signal.SIGKILL), **who,
            )  # fmt: skip

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def until(self, true: Callable[[], bool]) -> "Running":
        deadline = time.monotonic() + 60
        while not true():
            assert self.process.poll() is None, f"it ended:\n{self.said()}"
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.05)
        return self

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def stops_cleanly(self, service: str) -> bool:
        """Within the time the file gives it; uvicorn ends by the very signal once it has finished."""
        self.process.terminate()
        grace = SERVICES[service]["stop_grace_period"]
        return self.process.wait(float(grace.removesuffix("s"))) in (0, -signal.SIGTERM)


class Stack(Struct):
    """A folder for everything and a port of this machine for each listener."""

    folder: Path
    ports: dict[str, int]

    @property
    def secrets(self) -> Path:
        return self.folder / "deploy" / "secrets"

    def here(self, text: str) -> str:
        """Names and ports of containers, and paths in them, turned into those of this machine."""
        for inside, port in (
            ("s3:8333", "s3"), ("db:5432", "db"), ("api:8000", "api"), ("bot:8082", "bot"),
            ("127.0.0.1:8000", "api"), ("127.0.0.1:8333", "s3"), ("127.0.0.1:2020", "proxy"),
        ):  # fmt: skip
            text = text.replace(inside, f"127.0.0.1:{self.ports[port]}")
        return text.replace("/run/secrets/", f"{self.secrets}/")

    def env(self, service: str, **variables: str) -> dict[str, str]:
        given = environment(service, self.secrets, **variables)
        ports = {f"PHANANH_{name}_PORT": self.ports[name.lower()] for name in ("BOT", "SIMULATOR")}
        return (
            {name: self.here(value) for name, value in given.items()}
            | {name: str(port) for name, port in {**ports, "PHANANH_PORT": self.ports["api"]}.items()}
            | {"PHANANH_HOME": str(self.folder / "home")}
            # Whatever wants to leave this machine meets a closed door.
            | dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:1")
        )

    def ours(self, service: str, *words: str, **variables: str) -> Running:
        """A process of ours: the image's entry point and files, the service's command and environment."""
        command = [sys.executable, "-m", "app.cli", *(words or SERVICES[service]["command"])]
        return Running(command, self.folder / "image", self.env(service, **variables), self.folder / f"{service}.log")


def healthy(stack: Stack, service: str) -> bool:
    """The service's own health check. Images of Alpine bring wget; here its question is asked by other means."""
    kind, program, *words = SERVICES[service]["healthcheck"]["test"]
    assert kind == "CMD"
    if program == "wget":
        assert words[:-1] == ["-q", "-O", "/dev/null"]
        try:
            with urllib.request.urlopen(stack.here(words[-1]), timeout=5):
                return True
        except OSError:
            return False
    commands = {
        "python": [sys.executable],
        "phananh": [sys.executable, "-m", "app.cli"],
        "pg_isready": [f"{programs()}/pg_isready", "-p", str(stack.ports["db"])],
    }
    command = [*commands[program], *map(stack.here, words)]
    env = stack.env(service) if service in ("api", "worker", "bot") else {}
    return subprocess.run(command, cwd=stack.folder / "image", env=env, capture_output=True).returncode == 0


def programs() -> Path:
    return EmbeddedPostgres(Path("/tmp")).bin


def copy_image(target: Path) -> None:
    """What .dockerignore lets into the image."""
    target.mkdir()
    for line in (ROOT / ".dockerignore").read_text().split():
        if line.startswith("!") and (ROOT / line[1:]).is_dir():
            shutil.copytree(ROOT / line[1:], target / line[1:], ignore=shutil.ignore_patterns("__pycache__"))
        elif line.startswith("!"):
            shutil.copy(ROOT / line[1:], target)


@contextmanager
def postgres(stack: Stack) -> Iterator[Running]:
    """Made by the image's arguments for initdb, run by the file's command; it asks for the password."""
    service, bin_ = SERVICES["db"], programs()
    given = service["environment"]
    server = EmbeddedPostgres(stack.folder)  # knows whom PostgreSQL may run as here
    server._account.private_folder(server.data)
    password = stack.folder / "password"
    shutil.copy(stack.here(given["POSTGRES_PASSWORD_FILE"]), password)
    server._run(
        bin_ / "initdb", "-D", server.data, "-U", given["POSTGRES_USER"], f"--pwfile={password}", "--no-sync",
        *given["POSTGRES_INITDB_ARGS"].split(),
    )  # fmt: skip
    program, *options = service["command"]
    more = {"listen_addresses": "127.0.0.1", "port": stack.ports["db"], "unix_socket_directories": ""}
    command = [f"{bin_}/{program}", "-D", str(server.data), *options, *(f"-c{k}={v}" for k, v in more.items())]
    with Running(command, Path("/"), {}, stack.folder / "db.log", **server._account.who) as running:
        running.until(lambda: healthy(stack, "db"))
        createdb = [f"{bin_}/createdb", "-h", "127.0.0.1", "-p", str(stack.ports["db"]), "-U", given["POSTGRES_USER"]]
        subprocess.run([*createdb, given["POSTGRES_DB"]], env={"PGPASSWORD": password.read_text()}, check=True)
        yield running


@contextmanager
def seaweedfs(stack: Stack) -> Iterator[Running]:
    service, data = SERVICES["s3"], stack.folder / "s3"
    data.mkdir()
    program, *first = service["entrypoint"]
    options = [stack.here(option).replace("-dir=/data", f"-dir={data}") for option in service["command"]]
    ports = free_ports(4)
    more: dict[str, object] = {
        "master.port": stack.ports["master"], "volume.port": stack.ports["volume"], "filer.port": stack.ports["filer"],
        "s3.port": stack.ports["s3"], "master.port.grpc": ports[0], "volume.port.grpc": ports[1],
        "filer.port.grpc": ports[2], "s3.port.grpc": ports[3],
        "filer.localSocket": data / "filer.sock", "s3.localSocket": data / "s3.sock",
    }  # fmt: skip
    command = [str(BIN / program), *first, *options, *(f"-{name}={value}" for name, value in more.items())]
    with Running(command, data, {"HOME": str(data), "TMPDIR": str(data)}, stack.folder / "s3.log") as running:
        yield running.until(lambda: healthy(stack, "s3"))
    for port in (*ports, *stack.ports.values()):  # it puts sockets outside its folder and leaves them when killed
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
            left.unlink()


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The database and the object store run and the schema is up to date, as the file's order of starting has it."""
    with tempfile.TemporaryDirectory(prefix="phananh-compose-") as name:
        Path(name).chmod(0o755)
        stack = Stack(Path(name), dict(zip(PORTS, free_ports(len(PORTS)), strict=True)))
        make_secrets(stack.folder)
        url = stack.secrets / "database_url"
        text = stack.here(url.read_text())
        url.unlink()
        url.write_text(text)
        copy_image(stack.folder / "image")
        with postgres(stack), seaweedfs(stack), stack.ours("migrate") as migrating:
            assert migrating.process.wait(60) == 0, migrating.said()
            yield stack


def test_the_database_asks_for_its_password(stack: Stack) -> None:
    url = (stack.secrets / "database_url").read_text()
    ask = [f"{programs()}/psql", url.replace("phananh:", "phananh:not-"), "-c", "SELECT 1"]
    refused = subprocess.run(ask, env={}, capture_output=True, text=True)
    assert "password authentication failed" in refused.stderr


def test_only_the_s3_part_of_the_object_store_leaves_loopback() -> None:
    options = dict(option.removeprefix("-").partition("=")[::2] for option in SERVICES["s3"]["command"])
    assert options["ip.bind"] == "127.0.0.1"
    assert options["s3.ip.bind"] == "0.0.0.0"


def test_the_object_store_gives_its_bucket_to_those_with_the_key_alone(stack: Stack) -> None:
    assert httpx.get(f"http://127.0.0.1:{stack.ports['s3']}/phananh/").status_code == 403


def test_the_worker_runs_and_finishes_in_its_time(stack: Stack) -> None:
    with stack.ours("worker") as worker:
        worker.until(lambda: "worker ready" in worker.said())
        assert worker.stops_cleanly("worker")


def test_the_bot_runs_without_telegram_and_finishes_in_its_time(stack: Stack) -> None:
    with stack.ours("bot") as bot:
        bot.until(lambda: "bot ready" in bot.said())
        assert bot.stops_cleanly("bot")
        assert (stack.secrets / "telegram_token").read_text() not in bot.said()


def test_the_doctor_sees_all_parts_from_inside_and_here_only_telegram_is_away(stack: Stack) -> None:
    assert SERVICES["worker"]["healthcheck"] == SERVICES["bot"]["healthcheck"]
    assert not healthy(stack, "worker")
    with stack.ours("worker", "doctor") as doctor:
        assert doctor.process.wait(60) == 1
        assert [line for line in doctor.said().splitlines() if line.startswith("✗")] == [
            "✗ bot: Telegram cannot be reached (NetworkError)."
        ]


@pytest.fixture(scope="module")
def served(stack: Stack) -> Iterator[httpx.Client]:
    """A browser before the proxy, with the api behind it and the bot where Telegram brings its updates."""
    config = stack.folder / "deploy" / "Caddyfile"
    ports = f"http_port {stack.ports['http']}\n\thttps_port {stack.ports['https']}\n"
    config.write_text(stack.here(config.read_text()).replace("admin off", f"admin off\n\t{ports}"))
    command = [str(BIN / "caddy"), "run", "--adapter", "caddyfile", "--config", str(config)]
    env = SERVICES["proxy"]["environment"] | {"XDG_DATA_HOME": str(stack.folder), "HOME": str(stack.folder)}
    with (
        stack.ours("api") as api,
        stack.ours("bot", TELEGRAM_WEBHOOK_URL=HOOK) as bot,
        Running(command, stack.folder, env, stack.folder / "proxy.log") as proxy,
    ):
        api.until(lambda: healthy(stack, "api"))
        bot.until(lambda: "bot ready" in bot.said())
        proxy.until(lambda: healthy(stack, "proxy"))
        proxy.until((stack.folder / AUTHORITY).exists)
        with httpx.Client(base_url=f"https://localhost:{stack.ports['https']}", verify=trusting(stack)) as client:
            yield client
        assert api.stops_cleanly("api")


def trusting(stack: Stack) -> ssl.SSLContext:
    """The proxy's own authority, as its volume keeps it."""
    return ssl.create_default_context(cafile=str(stack.folder / AUTHORITY))


def test_citizens_reach_the_api_through_tls_alone(stack: Stack, served: httpx.Client) -> None:
    answer = served.get("/schema")
    assert answer.status_code == 200
    assert "server" not in answer.headers
    plain = httpx.get(f"http://localhost:{stack.ports['http']}/schema")
    assert (plain.status_code, plain.headers["location"]) == (308, "https://localhost/schema")


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/healthz"])
def test_what_is_for_the_house_stays_in_the_house(path: str, stack: Stack, served: httpx.Client) -> None:
    assert served.get(path).status_code == 404
    assert httpx.get(f"http://127.0.0.1:{stack.ports['api']}{path}").status_code == 200


def test_telegram_reaches_the_bot_and_needs_its_secret(stack: Stack, served: httpx.Client) -> None:
    assert served.post("/telegram/updates", json={}).status_code == 403
    secret = (stack.secrets / "telegram_webhook_secret").read_text()
    header = {"X-Telegram-Bot-Api-Secret-Token": secret}
    assert served.post("/telegram/updates", json={"update_id": 1}, headers=header).status_code == 200
