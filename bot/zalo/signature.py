"""Proof that Zalo brings it: ``X-ZEvent-Signature``, a plain hash over the app's id, the raw body, a time and a secret.

Which time is not certain: the body's ``timestamp`` or the header ``X-ZEvent-Timestamp``. Either is taken, for whoever
does not know the secret can make neither.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any

import msgspec


class _Stamped(msgspec.Struct):
    timestamp: Any = ""


def sign(app_id: str, body: bytes, timestamp: str, secret: str) -> str:
    """The signature in small hexadecimal letters."""
    return hashlib.sha256(app_id.encode() + body + timestamp.encode() + secret.encode()).hexdigest()


def signed_by(app_id: str, secret: str) -> Callable[[Mapping[str, str], bytes], bool]:
    """For ``bot.webhook.Hook``."""

    def genuine(headers: Mapping[str, str], body: bytes) -> bool:
        given = headers.get("x-zevent-signature", "").strip().removeprefix("mac=").strip().lower()
        times = {headers.get("x-zevent-timestamp", ""), _time_in(body)}
        right = [hmac.compare_digest(given.encode(), sign(app_id, body, time, secret).encode()) for time in times]
        return any(right)

    return genuine


def _time_in(body: bytes) -> str:
    try:
        return str(msgspec.json.decode(body, type=_Stamped).timestamp)
    except msgspec.MsgspecError:
        return ""
