"""Mini Apps: the address at which Telegram opens a bot's page, with who opens it, signed for the bot."""

import hashlib
import hmac
import secrets
import time
from urllib.parse import quote, urlencode

import msgspec

from .core import Simulator
from .model import Person


def init_data(token: str, person: Person, at: int) -> str:
    """What a page gets that an inline button opened. ``at``: Unix seconds."""
    user = {key: value for key, value in person.as_user().items() if key != "is_bot"}
    fields = {
        "query_id": secrets.token_urlsafe(15),
        "user": msgspec.json.encode(user).decode(),
        "auth_date": str(at),
    }
    said = "\n".join(f"{name}={value}" for name, value in sorted(fields.items()))
    key = hmac.digest(b"WebAppData", token.encode(), hashlib.sha256)
    return urlencode(fields | {"hash": hmac.digest(key, said.encode(), hashlib.sha256).hex()}, quote_via=quote)


def opened(sim: Simulator, person: Person, url: str) -> str:
    """The page's address as a phone opens it for this person."""
    told = {
        "tgWebAppData": init_data(sim.token, person, int(time.time())),
        "tgWebAppVersion": "8.0",
        "tgWebAppPlatform": "web",
    }
    return f"{url}#{urlencode(told, quote_via=quote)}"
