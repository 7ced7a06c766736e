"""How a channel brings its updates; the web server that takes them is apart, for it is loaded only where it is used."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from bot.conversation.channel import Update


class Hook(Struct, frozen=True):
    """How one channel brings its updates.

    ``genuine`` gets headers (names in small letters) and raw body. ``arrived`` gives the update, or None for what
    nobody need hear of; raises KeyError or ValueError for what is none.
    """

    url: str
    genuine: Callable[[Mapping[str, str], bytes], bool]
    arrived: Callable[[dict[str, Any]], Update | None]

    @property
    def path(self) -> str:
        """Where the channel's address for us ends up on our side: the same path."""
        return urlsplit(self.url).path or "/"


def secret_in(header: str, secret: str) -> Callable[[Mapping[str, str], bytes], bool]:
    """Proof by a secret that we gave the channel, brought back in a header."""

    def genuine(headers: Mapping[str, str], _: bytes) -> bool:
        return hmac.compare_digest(headers.get(header, "").encode(), secret.encode())

    return genuine
