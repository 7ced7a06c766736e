"""Settings: the environment becomes one frozen object, checked once at start, every problem named at once.

Nothing set means the embedded defaults: own PostgreSQL, photos in a folder, the local Bot API server. A secret may be
given as ``X_FILE`` (a path) instead of ``X``, as container platforms do.
"""

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from app.settings_signin import Oidc, read_oidc, read_second_factor

PREFIX = "PHANANH_"
SIMULATOR_TOKEN = "1000000001:local-bot-api-server-only"  # noqa: S105  # opens nothing but our own simulator


class SettingsError(Exception):
    """The environment cannot be used; ``problems`` has one plain English sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class _Quiet(Struct, frozen=True):
    """Keeps secrets out of logs and tracebacks."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(...)"


class S3(_Quiet, frozen=True):
    """An S3 server: ``endpoint`` is host[:port]."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str
    tls: bool


class Telegram(_Quiet, frozen=True):
    """A real bot. ``webhook_url`` None means long polling."""

    token: str
    webhook_url: str | None
    webhook_secret: str | None


class ZaloBot(_Quiet, frozen=True):
    """A Zalo Bot. ``webhook_url`` None means long polling."""

    token: str
    webhook_url: str | None
    webhook_secret: str | None
    host: str


class ZaloOA(_Quiet, frozen=True):
    """An Official Account through an app of Zalo's developer console. ``oa_secret`` signs what is brought to us,
    ``app_secret`` renews the tokens that are kept in the database."""

    app_id: str
    app_secret: str
    oa_secret: str
    webhook_url: str
    host: str
    oauth_host: str


class Tiles(Struct, frozen=True):
    """Map pictures from a tile server: ``url`` has {z}, {x} and {y}; ``credit`` says whose they are."""

    url: str
    credit: str

    @property
    def origin(self) -> str:
        """Where browsers get them, as a content policy names it; {s} stands for several servers."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


class Settings(_Quiet, frozen=True):
    home: Path
    database_url: str | None
    database_pool: int
    s3: S3 | None
    telegram: Telegram | None
    zalo_bot: ZaloBot | None
    zalo_oa: ZaloOA | None
    host: str
    port: int
    simulator_port: int
    bot_port: int
    public_url: str
    tiles: Tiles | None
    map_link: str
    rules: Path
    secret_key: bytes
    quiet_hours: tuple[int, int] | None
    """Minutes of Vietnam's day, from and until, in which nobody is woken."""
    log_level: str
    log_json: bool
    second_factor: frozenset[str] = frozenset()  # roles that must have one
    oidc: Oidc | None = None

    @property
    def embedded_database(self) -> bool:
        return self.database_url is None

    @property
    def simulated(self) -> bool:
        """Whether the local server stands in for Telegram and Zalo. Never beside a real bot of any kind."""
        return not self.real_bots

    @property
    def real_bots(self) -> list[str]:
        """The settings by which real bots are named."""
        named = {"TELEGRAM_TOKEN": self.telegram, "ZALO_BOT_TOKEN": self.zalo_bot, "ZALO_OA_APP_ID": self.zalo_oa}
        return [PREFIX + name for name, bot in named.items() if bot is not None]

    @property
    def telegram_token(self) -> str:
        """The token of the bot that is served, which also proves who has opened one of our pages in Telegram."""
        return self.telegram.token if self.telegram else SIMULATOR_TOKEN

    @property
    def simulator_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"


_UNREADABLE = "unreadable"
_TILE_HOST = re.compile(r"(\{s\}\.)?[A-Za-z0-9.-]+(:\d+)?")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")
_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
# What Telegram allows in the header that proves an update comes from it.
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return (error.strerror or type(error).__name__) if isinstance(error, OSError) else "not UTF-8 text"


class _Reader:
    """Reads variables one by one and collects what is wrong with them."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.env = env
        self.problems: list[str] = []
        self.seen: set[str] = set()
        self.ports: dict[int, str] = {}

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
            value = self._secret_in(key, path)
        return value or default

    def _secret_in(self, key: str, path: str) -> str:
        """The file's text, or a stand-in that no further check complains about: one mistake is one problem."""
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"{key}_FILE: cannot read {path} ({_reason(error)})")
            return _UNREADABLE
        if not value:
            self.problems.append(f"{key}_FILE: {path} is empty")
            return _UNREADABLE
        return value

    def port(self, name: str, default: int) -> int:
        """A port of ours. Two processes cannot listen on the same one."""
        value = self.number(name, default, 1, 65535)
        taken = self.ports.setdefault(value, PREFIX + name)
        if taken != PREFIX + name:
            self.problems.append(f"{PREFIX}{name} and {taken} are both {value}; give each a port of its own")
        return value

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
        if raw is not None and raw is not _UNREADABLE:
            try:
                parts = urlsplit(raw)
                usable = parts.scheme in schemes and bool(parts.netloc or parts.query)
                if "," not in parts.netloc:  # a PostgreSQL address may name several servers
                    usable = usable and parts.port != 0  # asking for the port is what checks it
            except ValueError:
                usable = False
            if not usable:
                # Addresses are not shown: people put passwords and tokens into them.
                self.problems.append(f"{PREFIX}{name} must be an address that starts with {schemes[0]}://")
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
    if re.search(r"[/@\s]", endpoint):
        read.problems.append(f"{PREFIX}S3_ENDPOINT is host or host:port, without a scheme, keys or a path")
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
    if token is not _UNREADABLE and not _TOKEN.fullmatch(token):
        read.problems.append(f"{PREFIX}TELEGRAM_TOKEN does not look like a bot token (digits, a colon, letters)")
    if webhook and not secret:
        read.problems.append(f"{PREFIX}TELEGRAM_WEBHOOK_SECRET is missing although {PREFIX}TELEGRAM_WEBHOOK_URL is set")
    if secret and not _WEBHOOK_SECRET.fullmatch(secret):
        read.problems.append(f"{PREFIX}TELEGRAM_WEBHOOK_SECRET may hold A-Z, a-z, 0-9, _ and - only, at most 256")
    return Telegram(token, webhook, secret)


def _zalo_bot(read: _Reader) -> ZaloBot | None:
    token = read.text("ZALO_BOT_TOKEN", secret=True)
    webhook = read.url("ZALO_BOT_WEBHOOK_URL", ("https", "http"))
    secret = read.text("ZALO_BOT_WEBHOOK_SECRET", secret=True)
    host = (read.url("ZALO_BOT_HOST", ("https", "http"), "https://bot-api.zaloplatforms.com") or "").rstrip("/")
    if token is None:
        if webhook:
            read.problems.append(f"{PREFIX}ZALO_BOT_TOKEN is missing although {PREFIX}ZALO_BOT_WEBHOOK_URL is set")
        return None
    if token is not _UNREADABLE and not re.fullmatch(r"[\w:.-]+", token):
        read.problems.append(f"{PREFIX}ZALO_BOT_TOKEN does not look like a bot token (digits, a colon, letters)")
    if webhook and not secret:
        read.problems.append(f"{PREFIX}ZALO_BOT_WEBHOOK_SECRET is missing although {PREFIX}ZALO_BOT_WEBHOOK_URL is set")
    if secret and secret is not _UNREADABLE and not 8 <= len(secret) <= 256:
        read.problems.append(f"{PREFIX}ZALO_BOT_WEBHOOK_SECRET must have from 8 to 256 characters")
    return ZaloBot(token, webhook, secret, host)


def _zalo_oa(read: _Reader) -> ZaloOA | None:
    app_id, webhook = read.text("ZALO_OA_APP_ID"), read.url("ZALO_OA_WEBHOOK_URL", ("https", "http"))
    app_secret = read.text("ZALO_OA_APP_SECRET", secret=True)
    oa_secret = read.text("ZALO_OA_SECRET", secret=True)
    host = (read.url("ZALO_OA_HOST", ("https", "http"), "https://openapi.zalo.me") or "").rstrip("/")
    oauth = (read.url("ZALO_OAUTH_HOST", ("https", "http"), "https://oauth.zaloapp.com") or "").rstrip("/")
    given = {"APP_ID": app_id, "APP_SECRET": app_secret, "SECRET": oa_secret, "WEBHOOK_URL": webhook}
    if not any(given.values()):
        return None
    missing = [f"{PREFIX}ZALO_OA_{name}" for name, value in given.items() if not value]
    if missing:
        read.problems.append(f"{', '.join(missing)} missing although other settings of the Official Account are set")
    return ZaloOA(app_id or "", app_secret or "", oa_secret or "", webhook or "", host, oauth)


def _hooks(read: _Reader, *urls: str | None) -> None:
    """One server takes all that is brought: each channel needs a path of its own."""
    paths = [urlsplit(url).path for url in urls if url]
    if len(set(paths)) < len(paths):
        read.problems.append("two webhook addresses have the same path; give each channel a path of its own")


def _tiles(read: _Reader) -> Tiles | None:
    before = len(read.problems)
    url, credit = read.url("TILE_URL", ("https", "http")), read.text("TILE_CREDIT") or ""
    if url is None or len(read.problems) > before:
        if credit and url is None:
            read.problems.append(f"{PREFIX}TILE_URL is missing although {PREFIX}TILE_CREDIT is set")
        return None
    missing = [field for field in ("{z}", "{x}", "{y}") if field not in url]
    # What stands before the path becomes part of each page's content policy.
    if missing or not _TILE_HOST.fullmatch(urlsplit(url).netloc):
        read.problems.append(f"{PREFIX}TILE_URL must be like https://tiles.example.vn/{{z}}/{{x}}/{{y}}.png")
    return Tiles(url, credit)


def _map_link(read: _Reader) -> str:
    """How a place becomes an address on a map; none by default, for it tells a foreign host where something is."""
    pattern = read.text("MAP_LINK") or ""
    if pattern and not (pattern.startswith(("https://", "geo:")) and "{lat}" in pattern and "{lon}" in pattern):
        read.problems.append(f"{PREFIX}MAP_LINK must start with https:// or geo: and contain {{lat}} and {{lon}}")
        return ""
    return pattern.replace("{", "{{").replace("}", "}}").replace("{{lat}}", "{lat}").replace("{{lon}}", "{lon}")


def _quiet_hours(read: _Reader, default: str) -> tuple[int, int] | None:
    raw = read.text("QUIET_HOURS", default) or default
    if raw.lower() == "none":
        return None
    found = _HOURS.fullmatch(raw)
    start, end = ((int(found[1]) * 60 + int(found[2])), (int(found[3]) * 60 + int(found[4]))) if found else (0, 0)
    if start == end:
        read.problems.append(f"{PREFIX}QUIET_HOURS must look like 21:00-06:30, or be 'none', not {raw!r}")
    return start, end


def _secret_key(read: _Reader, home: Path) -> bytes:
    """The signing key; generated once into ``home`` when none is given, so links survive a restart."""
    given = read.text("SECRET_KEY", secret=True)
    if given is not None:
        if given is not _UNREADABLE and len(given) < 32:
            read.problems.append(f"{PREFIX}SECRET_KEY must have at least 32 characters")
        return given.encode()
    path = home / "secret_key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        return _kept_key(path)
    except OSError as error:
        read.problems.append(f"{PREFIX}HOME: cannot keep a signing key in {home} ({_reason(error)})")
        return b""


def _kept_key(path: Path) -> bytes:
    """Several processes may start at once: the first whole file wins, and nobody reads a half-written one."""
    if not path.exists():
        descriptor, fresh = tempfile.mkstemp(dir=path.parent)  # for our eyes only from the first moment
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(32).encode())
            with contextlib.suppress(FileExistsError):
                os.link(fresh, path)
        finally:
            Path(fresh).unlink()
    return path.read_bytes()


def load(env: Mapping[str, str] | None = None) -> Settings:
    """Read the environment. Raises SettingsError naming every problem at once."""
    read = _Reader(os.environ if env is None else env)
    home = Path(read.text("HOME", "var") or "var").absolute()
    host, port = read.text("HOST", "127.0.0.1") or "", read.port("PORT", 8000)
    level = (read.text("LOG_LEVEL", "INFO") or "").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        read.problems.append(f"{PREFIX}LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}")
    rules = Path(read.text("RULES", "routing_rules.yaml") or "")
    if not rules.is_file():
        read.problems.append(f"{PREFIX}RULES: there is no file {rules}")
    telegram, zalo_bot, zalo_oa = _telegram(read), _zalo_bot(read), _zalo_oa(read)
    if not read.problems:
        _hooks(read, *(channel.webhook_url for channel in (telegram, zalo_bot, zalo_oa) if channel))
    values: dict[str, Any] = {
        "home": home,
        "database_url": read.url("DATABASE_URL", ("postgres", "postgresql"), secret=True),
        "database_pool": read.number("DATABASE_POOL", 10, 2, 200),
        "s3": _s3(read),
        "telegram": telegram,
        "zalo_bot": zalo_bot,
        "zalo_oa": zalo_oa,
        "host": host,
        "port": port,
        "simulator_port": read.port("SIMULATOR_PORT", 8081),
        "bot_port": read.port("BOT_PORT", 8082),
        "public_url": (read.url("PUBLIC_URL", ("https", "http"), f"http://localhost:{port}") or "").rstrip("/"),
        "tiles": _tiles(read),
        "map_link": _map_link(read),
        "rules": rules,
        "secret_key": _secret_key(read, home),
        # Nobody sleeps in the simulator, and a demo must answer at night, too.
        "quiet_hours": _quiet_hours(read, "21:00-06:30" if telegram or zalo_bot or zalo_oa else "none"),
        "log_level": level,
        "log_json": read.flag("LOG_JSON", True),
        "second_factor": read_second_factor(read),
        "oidc": read_oidc(read),
    }
    read.unknown()
    if read.problems:
        raise SettingsError(read.problems)
    return Settings(**values)
