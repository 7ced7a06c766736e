"""Settings: the environment becomes one frozen object, checked once at start, every problem named at once.

Nothing set means the embedded defaults: own PostgreSQL, photos in a folder, the local Bot API server. A secret may be
given as ``X_FILE`` (a path) instead of ``X``, as container platforms do.
"""

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

PREFIX = "PHANANH_"


class SettingsError(Exception):
    """The environment cannot be used; ``problems`` has one plain English sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class S3(Struct, frozen=True):
    """An S3 server: ``endpoint`` is host[:port]."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str
    tls: bool


class Telegram(Struct, frozen=True):
    """A real bot. ``webhook_url`` None means long polling."""

    token: str
    webhook_url: str | None
    webhook_secret: str | None


class Settings(Struct, frozen=True):
    home: Path
    database_url: str | None
    database_pool: int
    s3: S3 | None
    telegram: Telegram | None
    host: str
    port: int
    simulator_port: int
    bot_port: int
    metrics_port: int
    public_url: str
    rules: Path
    secret_key: bytes
    log_level: str
    log_json: bool

    @property
    def embedded_database(self) -> bool:
        return self.database_url is None

    @property
    def simulated(self) -> bool:
        """Whether the local Bot API server stands in for Telegram. Never with a real token."""
        return self.telegram is None

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"


class _Reader:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.seen: set[str] = set()

    def text(self, name: str, default: str | None = None, *, secret: bool = False) -> str | None:
        key = PREFIX + name
        self.seen.add(key)
        value = self.env.get(key) or None
        if not secret:
            return value or default
        self.seen.add(key + "_FILE")
        path = self.env.get(key + "_FILE") or None
        if path and value:
            self.problems.append(f"{key} and {key}_FILE are both set; keep one of them")
        elif path:
            try:
                value = Path(path).read_text(encoding="utf-8").strip() or None
            except (OSError, UnicodeDecodeError) as error:
                self.problems.append(f"{key}_FILE: cannot read {path} ({type(error).__name__})")
                return "unreadable"
            if value is None:
                self.problems.append(f"{key}_FILE: {path} is empty")
        return value or default

    def number(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name)
        if raw is None:
            return default
        try:
            value = int(raw)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            self.problems.append(f"{PREFIX}{name} must be a whole number from {low} to {high}, not {raw!r}")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        raw = self.text(name)
        if raw is None:
            return default
        if raw.lower() not in ("1", "0", "true", "false", "yes", "no"):
            self.problems.append(f"{PREFIX}{name} must be yes or no, not {raw!r}")
        return raw.lower() in ("1", "true", "yes")

    def url(
        self, name: str, schemes: tuple[str, ...], default: str | None = None, *, secret: bool = False
    ) -> str | None:
        raw = self.text(name, default, secret=secret)
        if raw is not None and raw != "unreadable":
            try:
                parts = urlsplit(raw)
                usable = parts.scheme in schemes and bool(parts.netloc or parts.query)
            except ValueError:
                usable = False
            if not usable:
                shown = "" if secret else f", not {raw!r}"
                self.problems.append(f"{PREFIX}{name} must be an address that starts with {schemes[0]}://{shown}")
        return raw

    def unknown(self) -> None:
        for key in sorted(k for k in self.env if k.startswith(PREFIX) and k not in self.seen):
            self.problems.append(f"{key} is not a setting; see docs/operations.md for the list")


def _s3(read: _Reader) -> S3 | None:
    endpoint = read.text("S3_ENDPOINT")
    access, secret = read.text("S3_ACCESS_KEY", secret=True), read.text("S3_SECRET_KEY", secret=True)
    bucket, region = read.text("S3_BUCKET", "phananh") or "", read.text("S3_REGION", "us-east-1") or ""
    tls = read.flag("S3_TLS", True)
    if endpoint is None:
        if access or secret:
            read.problems.append(f"{PREFIX}S3_ENDPOINT is missing although S3 keys are set")
        return None
    if "/" in endpoint:
        read.problems.append(f"{PREFIX}S3_ENDPOINT is host:port without a scheme or path, not {endpoint!r}")
    for name, value in (("S3_ACCESS_KEY", access), ("S3_SECRET_KEY", secret)):
        if value is None:
            read.problems.append(f"{PREFIX}{name} is missing although {PREFIX}S3_ENDPOINT is set")
    return S3(endpoint, access or "", secret or "", bucket, region, tls)


def _telegram(read: _Reader) -> Telegram | None:
    token = read.text("TELEGRAM_TOKEN", secret=True)
    webhook = read.url("TELEGRAM_WEBHOOK_URL", ("https", "http"))
    secret = read.text("TELEGRAM_WEBHOOK_SECRET", secret=True)
    if token is None:
        if webhook:
            read.problems.append(f"{PREFIX}TELEGRAM_TOKEN is missing although {PREFIX}TELEGRAM_WEBHOOK_URL is set")
        return None
    if ":" not in token:
        read.problems.append(f"{PREFIX}TELEGRAM_TOKEN does not look like a bot token (digits, a colon, letters)")
    if webhook and not secret:
        read.problems.append(f"{PREFIX}TELEGRAM_WEBHOOK_SECRET is missing although {PREFIX}TELEGRAM_WEBHOOK_URL is set")
    return Telegram(token, webhook, secret)


def _secret_key(read: _Reader, home: Path) -> bytes:
    """The signing key; generated once into ``home`` when none is given, so links survive a restart."""
    given = read.text("SECRET_KEY", secret=True)
    if given is not None:
        if len(given) < 32:
            read.problems.append(f"{PREFIX}SECRET_KEY must have at least 32 characters")
        return given.encode()
    path = home / "secret_key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    except FileExistsError:
        return path.read_bytes()
    except OSError as error:
        read.problems.append(f"{PREFIX}HOME: cannot write in {home} ({error.strerror})")
        return b""
    with os.fdopen(fd, "wb") as file:
        file.write(secrets.token_hex(32).encode())
    return path.read_bytes()


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError naming every problem at once."""
    read = _Reader(os.environ if env is None else env)
    home = Path(read.text("HOME", "var") or "var").absolute()
    host, port = read.text("HOST", "127.0.0.1") or "", read.number("PORT", 8000, 1, 65535)
    level = (read.text("LOG_LEVEL", "INFO") or "").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        read.problems.append(f"{PREFIX}LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}")
    rules = Path(read.text("RULES", "routing_rules.yaml") or "")
    if not rules.is_file():
        read.problems.append(f"{PREFIX}RULES: there is no file {rules}")
    values: dict[str, Any] = {
        "home": home,
        "database_url": read.url("DATABASE_URL", ("postgres", "postgresql"), secret=True),
        "database_pool": read.number("DATABASE_POOL", 10, 2, 200),
        "s3": _s3(read),
        "telegram": _telegram(read),
        "host": host,
        "port": port,
        "simulator_port": read.number("SIMULATOR_PORT", 8081, 1, 65535),
        "bot_port": read.number("BOT_PORT", 8082, 1, 65535),
        "metrics_port": read.number("METRICS_PORT", 9100, 0, 65535),
        "public_url": (read.url("PUBLIC_URL", ("https", "http"), f"http://localhost:{port}") or "").rstrip("/"),
        "rules": rules,
        "secret_key": _secret_key(read, home),
        "log_level": level,
        "log_json": read.flag("LOG_JSON", True),
    }
    read.unknown()
    if read.problems:
        raise SettingsError(read.problems)
    return Settings(**values)
