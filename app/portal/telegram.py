"""Who has opened one of our pages in Telegram: its signed ``initData``, as core.telegram.org/bots/webapps has it."""

import hashlib
import hmac
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from app.errors import Forbidden

FRESH_SECONDS = 3600
"""The page was opened at most so long ago."""
_MOST = 8_000


def opened_by(token: str, init_data: str, now: float) -> str:
    """The id of the person whose Telegram has opened the page.

    ``hash`` is the HMAC-SHA256 of all other fields, sorted, a line each, by a key made of the bot's token. Raises
    Forbidden ``portal.not_from_telegram``, or ``portal.opened_long_ago`` for genuine data that is too old.
    """
    try:
        fields = dict(parse_qsl(init_data[:_MOST], strict_parsing=True, keep_blank_values=True))
    except ValueError:
        raise Forbidden("portal.not_from_telegram") from None
    given = fields.pop("hash", "")
    said = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    if not hmac.compare_digest(given.encode(), sign(token, said).encode()):
        raise Forbidden("portal.not_from_telegram")
    try:
        opened_at = int(fields["auth_date"])
        user: dict[str, Any] = msgspec.json.decode(fields["user"], type=dict[str, Any])
        person = str(user["id"])
    except (KeyError, ValueError, msgspec.MsgspecError):
        raise Forbidden("portal.not_from_telegram") from None  # genuine, but opened in a way that names nobody
    if opened_at < now - FRESH_SECONDS:
        raise Forbidden("portal.opened_long_ago")
    return person


def sign(token: str, said: str) -> str:
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return hmac.digest(key, said.encode(), hashlib.sha256).hex()
