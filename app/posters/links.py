"""What a QR code on a lamp post carries: the bot's address and what the report will be about."""

import re
from urllib.parse import urlsplit

from app.errors import Invalid
from app.places.model import check_point

PAYLOAD_MOST = 64
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BOT = re.compile(r"[A-Za-z][A-Za-z0-9_]{4,31}")


def payload(category: str | None, commune: str | None, place: tuple[float, float] | None) -> str:
    """The deep link's ``start`` as ``bot.conversation.dialogue`` reads it; "" for nothing in particular.

    Degrees are written in 1e-5, a metre. Raises Invalid: a place that cannot be here, or more than Telegram takes.
    """
    parts = []
    if category:
        parts.append(f"c-{category}")
    if commune:
        parts.append(f"x-{commune}")
    if place:
        lat, lon = check_point(*place)
        parts.append(f"g-{round(lat * 1e5)}-{round(lon * 1e5)}")
    written = "__".join(parts)
    if written and not _PAYLOAD.fullmatch(written):
        raise Invalid("posters.link_long", most=PAYLOAD_MOST, length=len(written))
    return written


def telegram_link(bot: str, start: str) -> str:
    """Raises Invalid for what is no bot's name."""
    name = bot.removeprefix("@")
    if not _BOT.fullmatch(name):
        raise Invalid("posters.bot_wrong", bot=bot[:40])
    return f"https://t.me/{name}" + (f"?start={start}" if start else "")


def zalo_link(address: str) -> str:
    """Zalo has no deep links with a payload: the code leads to the account. Raises Invalid for another address."""
    parts = urlsplit(address)
    if parts.scheme != "https" or parts.hostname not in ("zalo.me", "oa.zalo.me", "bot.zapps.me", "rd.zapps.vn"):
        raise Invalid("posters.zalo_wrong", address=address[:60])
    return address
