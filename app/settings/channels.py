"""Settings of the chat channels: which real bots there are, and when nobody is woken."""

import re
from urllib.parse import urlsplit

from app.settings.reader import PREFIX, UNREADABLE, Quiet, Reader

_TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
# What Telegram allows in the header that proves an update comes from it.
_WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")


class Telegram(Quiet, frozen=True):
    """A real bot. ``webhook_url`` None means long polling."""

    token: str
    webhook_url: str | None
    webhook_secret: str | None


class ZaloBot(Quiet, frozen=True):
    """A Zalo Bot. ``webhook_url`` None means long polling."""

    token: str
    webhook_url: str | None
    webhook_secret: str | None
    host: str


class ZaloOA(Quiet, frozen=True):
    """An Official Account through an app of Zalo's developer console. ``oa_secret`` signs what is brought to us,
    ``app_secret`` renews the tokens that are kept in the database."""

    app_id: str
    app_secret: str
    oa_secret: str
    webhook_url: str
    host: str
    oauth_host: str


def read_telegram(read: Reader) -> Telegram | None:
    token = read.text("TELEGRAM_TOKEN", secret=True)
    webhook = read.url("TELEGRAM_WEBHOOK_URL", ("https", "http"))
    secret = read.text("TELEGRAM_WEBHOOK_SECRET", secret=True)
    if token is None:
        if webhook:
            read.problems.append(f"{PREFIX}TELEGRAM_TOKEN is missing although {PREFIX}TELEGRAM_WEBHOOK_URL is set")
        return None
    if token is not UNREADABLE and not _TOKEN.fullmatch(token):
        read.problems.append(f"{PREFIX}TELEGRAM_TOKEN does not look like a bot token (digits, a colon, letters)")
    if webhook and not secret:
        read.problems.append(f"{PREFIX}TELEGRAM_WEBHOOK_SECRET is missing although {PREFIX}TELEGRAM_WEBHOOK_URL is set")
    if secret and not _WEBHOOK_SECRET.fullmatch(secret):
        read.problems.append(f"{PREFIX}TELEGRAM_WEBHOOK_SECRET may hold A-Z, a-z, 0-9, _ and - only, at most 256")
    return Telegram(token, webhook, secret)


def read_zalo_bot(read: Reader) -> ZaloBot | None:
    token = read.text("ZALO_BOT_TOKEN", secret=True)
    webhook = read.url("ZALO_BOT_WEBHOOK_URL", ("https", "http"))
    secret = read.text("ZALO_BOT_WEBHOOK_SECRET", secret=True)
    host = (read.url("ZALO_BOT_HOST", ("https", "http"), "https://bot-api.zaloplatforms.com") or "").rstrip("/")
    if token is None:
        if webhook:
            read.problems.append(f"{PREFIX}ZALO_BOT_TOKEN is missing although {PREFIX}ZALO_BOT_WEBHOOK_URL is set")
        return None
    if token is not UNREADABLE and not re.fullmatch(r"[\w:.-]+", token):
        read.problems.append(f"{PREFIX}ZALO_BOT_TOKEN does not look like a bot token (digits, a colon, letters)")
    if webhook and not secret:
        read.problems.append(f"{PREFIX}ZALO_BOT_WEBHOOK_SECRET is missing although {PREFIX}ZALO_BOT_WEBHOOK_URL is set")
    if secret and secret is not UNREADABLE and not 8 <= len(secret) <= 256:
        read.problems.append(f"{PREFIX}ZALO_BOT_WEBHOOK_SECRET must have from 8 to 256 characters")
    return ZaloBot(token, webhook, secret, host)


def read_zalo_oa(read: Reader) -> ZaloOA | None:
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


def check_hooks(read: Reader, *urls: str | None) -> None:
    """One server takes all that is brought: each channel needs a path of its own."""
    paths = [urlsplit(url).path for url in urls if url]
    if len(set(paths)) < len(paths):
        read.problems.append("two webhook addresses have the same path; give each channel a path of its own")


def read_quiet_hours(read: Reader, default: str) -> tuple[int, int] | None:
    raw = read.text("QUIET_HOURS", default) or default
    if raw.lower() == "none":
        return None
    found = _HOURS.fullmatch(raw)
    start, end = ((int(found[1]) * 60 + int(found[2])), (int(found[3]) * 60 + int(found[4]))) if found else (0, 0)
    if start == end:
        read.problems.append(f"{PREFIX}QUIET_HOURS must look like 21:00-06:30, or be 'none', not {raw!r}")
    return start, end
