"""Pictures for Zalo, which fetches them from us by an address."""

from collections.abc import Awaitable, Callable
from typing import Literal

from app.photos.service import photo_url
from app.wiring import Parts

PhotoLink = Callable[[str], Awaitable[str]]
"""An address at which a photo (sha256) can be fetched for a while."""


def photo_link(parts: Parts, size: Literal["small", "large"] = "large") -> PhotoLink | None:
    """Photos are shown only where Zalo can reach us."""
    settings = parts.settings
    if not (settings.simulated or settings.public_url.startswith("https://")):
        return None

    async def link(sha256: str) -> str:
        base = f"{settings.public_url}/api/v1/photos"
        return await photo_url(parts.objects, settings.secret_key, base, sha256, size)

    return link
