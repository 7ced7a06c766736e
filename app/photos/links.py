"""Short-lived links to public copies through our own API, for object stores that give out none themselves."""

import base64
import hashlib
import hmac
import re

from app.errors import Forbidden
from app.photos.model import PhotoSize

_TOKEN = re.compile(r"([1-9][0-9]{0,11})\.([A-Za-z0-9_-]{43})", re.ASCII)


def sign_photo(secret: bytes, sha256: str, size: PhotoSize, expires: int) -> str:
    """A token that opens this size of this photo until ``expires`` (Unix seconds): ``<expires>.<HMAC-SHA256>``."""
    return f"{expires}.{_mac(secret, sha256, size, expires)}"


def verify_photo(secret: bytes, sha256: str, size: PhotoSize, token: str, now: int) -> int:
    """For how many seconds from ``now`` the link is still good. Raises Forbidden ``photos.link_invalid``."""
    parts = _TOKEN.fullmatch(token)
    if parts is None:
        raise Forbidden("photos.link_invalid")
    expires = int(parts[1])
    genuine = hmac.compare_digest(parts[2], _mac(secret, sha256, size, expires))
    if not genuine or expires <= now:
        raise Forbidden("photos.link_invalid")
    return expires - now


def _mac(secret: bytes, sha256: str, size: PhotoSize, expires: int) -> str:
    # The first word keeps these apart from everything else that is signed with the same secret.
    said = f"photo\n{sha256}\n{size}\n{expires}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, said, hashlib.sha256)).rstrip(b"=").decode()
