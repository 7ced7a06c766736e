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
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from app.settings.channels import (
    Telegram,
    ZaloBot,
    ZaloOA,
    check_hooks,
    read_quiet_hours,
    read_telegram,
    read_zalo_bot,
    read_zalo_oa,
)
from app.settings.mail import Smtp, read_smtp
from app.settings.reader import PREFIX, UNREADABLE, Quiet, Reader, reason
from app.settings.signin import Oidc, read_oidc, read_second_factor

SIMULATOR_TOKEN = "1000000001:local-bot-api-server-only"  # noqa: S105  # opens nothing but our own simulator
_TILE_HOST = re.compile(r"(\{s\}\.)?[A-Za-z0-9.-]+(:\d+)?")


class SettingsError(Exception):
    """The environment cannot be used; ``problems`` has one plain English sentence for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class S3(Quiet, frozen=True):
    """An S3 server: ``endpoint`` is host[:port]."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str
    region: str
    tls: bool


class Tiles(Struct, frozen=True):
    """Map pictures from a tile server: ``url`` has {z}, {x} and {y}; ``credit`` says whose they are."""

    url: str
    credit: str

    @property
    def origin(self) -> str:
        """Where browsers get them, as a content policy names it; {s} stands for several servers."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


class Settings(Quiet, frozen=True):
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
    smtp: Smtp | None = None
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Where partners' servers may stand besides the public internet."""
    push_contact: str = ""
    """Where the people of a push service find us."""

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


def _s3(read: Reader) -> S3 | None:
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


def _networks(read: Reader) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(each.strip()) for each in (read.text("NETWORKS") or "").split(",") if each.strip())
    except ValueError as error:
        read.problems.append(f"{PREFIX}NETWORKS must name networks, such as 10.15.0.0/16,10.20.3.0/24 ({error})")
        return ()


def _push_contact(read: Reader, public_url: str) -> str:
    """The site itself, where it is a real one: Apple refuses a contact that leads nowhere."""
    given = read.text("PUSH_CONTACT") or (public_url if public_url.startswith("https://") else "")
    if given and not re.fullmatch(r"mailto:[^@\s<>]+@[A-Za-z0-9.-]+|https://[^\s/]+\S*", given):
        read.problems.append(f"{PREFIX}PUSH_CONTACT must be like mailto:phananh@camau.gov.vn or https://camau.gov.vn")
    return given


def _tiles(read: Reader) -> Tiles | None:
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


def _map_link(read: Reader) -> str:
    """How a place becomes an address on a map; none by default, for it tells a foreign host where something is."""
    pattern = read.text("MAP_LINK") or ""
    if pattern and not (pattern.startswith(("https://", "geo:")) and "{lat}" in pattern and "{lon}" in pattern):
        read.problems.append(f"{PREFIX}MAP_LINK must start with https:// or geo: and contain {{lat}} and {{lon}}")
        return ""
    return pattern.replace("{", "{{").replace("}", "}}").replace("{{lat}}", "{lat}").replace("{{lon}}", "{lon}")


def _secret_key(read: Reader, home: Path) -> bytes:
    """The signing key; generated once into ``home`` when none is given, so links survive a restart."""
    given = read.text("SECRET_KEY", secret=True)
    if given is not None:
        if given is not UNREADABLE and len(given) < 32:
            read.problems.append(f"{PREFIX}SECRET_KEY must have at least 32 characters")
        return given.encode()
    path = home / "secret_key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        return _kept_key(path)
    except OSError as error:
        read.problems.append(f"{PREFIX}HOME: cannot keep a signing key in {home} ({reason(error)})")
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
    read = Reader(os.environ if env is None else env)
    home = Path(read.text("HOME", "var") or "var").absolute()
    host, port = read.text("HOST", "127.0.0.1") or "", read.port("PORT", 8000)
    level = (read.text("LOG_LEVEL", "INFO") or "").upper()
    if level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        read.problems.append(f"{PREFIX}LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {level!r}")
    rules = Path(read.text("RULES", "routing_rules.yaml") or "")
    if not rules.is_file():
        read.problems.append(f"{PREFIX}RULES: there is no file {rules}")
    public_url = (read.url("PUBLIC_URL", ("https", "http"), f"http://localhost:{port}") or "").rstrip("/")
    telegram, zalo_bot, zalo_oa = read_telegram(read), read_zalo_bot(read), read_zalo_oa(read)
    if not read.problems:
        check_hooks(read, *(channel.webhook_url for channel in (telegram, zalo_bot, zalo_oa) if channel))
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
        "public_url": public_url,
        "tiles": _tiles(read),
        "map_link": _map_link(read),
        "rules": rules,
        "secret_key": _secret_key(read, home),
        # Nobody sleeps in the simulator, and a demo must answer at night, too.
        "quiet_hours": read_quiet_hours(read, "21:00-06:30" if telegram or zalo_bot or zalo_oa else "none"),
        "log_level": level,
        "log_json": read.flag("LOG_JSON", True),
        "second_factor": read_second_factor(read),
        "oidc": read_oidc(read),
        "smtp": read_smtp(read),
        "networks": _networks(read),
        "push_contact": _push_contact(read, public_url),
    }
    read.unknown()
    if read.problems:
        raise SettingsError(read.problems)
    return Settings(**values)
