"""Links that are secrets: whoever has one confirms, or looks after, what it names. Nothing of them is kept; they end
with the row they name."""

import base64
import hashlib
import hmac
from typing import Literal
from uuid import UUID

Use = Literal["confirm", "manage"]
_MAC_BYTES = 16


def sign(secret: bytes, use: Use, named: UUID) -> str:
    return base64.urlsafe_b64encode(named.bytes + _mac(secret, use, named.bytes)).decode().rstrip("=")


def read(secret: bytes, use: Use, said: str) -> UUID | None:
    """What a link of ours names; None for one that is not ours, or for another use."""
    try:
        raw = base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))
    except ValueError:
        return None
    if len(raw) != 16 + _MAC_BYTES or not hmac.compare_digest(raw[16:], _mac(secret, use, raw[:16])):
        return None
    return UUID(bytes=raw[:16])


def mailbox(secret: bytes, address: str) -> bytes:
    """A keyed digest, the same for all ways of writing an address that end in one mailbox: case, what follows a plus,
    dots. (Two mailboxes that differ by a dot alone share their limit.)"""
    user, _, domain = address.lower().rpartition("@")
    plain = f"{user.partition('+')[0].replace('.', '')}@{domain}"
    return hmac.new(secret, b"mailbox\n" + plain.encode(), hashlib.sha256).digest()


def _mac(secret: bytes, use: Use, named: bytes) -> bytes:
    return hmac.new(secret, f"follow {use}\n".encode() + named, hashlib.sha256).digest()[:_MAC_BYTES]
