"""The report form's ticket: which form it is, and when it was opened. It holds off programs that fill forms in, without
asking people to prove anything, and makes a form that is sent twice one report.

A ticket is ``number.seconds.mac``. Whoever sends a form sooner than a person could write, or without a ticket of ours,
is shown the form again with everything in it: a person presses once more, a program mostly does not.
"""

import hashlib
import hmac
import secrets

LEAST_SECONDS = 3
LIFETIME = 24 * 3600
_DIGITS = 32
_KEY_USE = b"report form\n"


def ticket(key: bytes, now: float) -> str:
    """For a form that is opened now."""
    said = f"{secrets.token_hex(12)}.{int(now)}"
    return f"{said}.{_mac(key, said)}"


def holds(key: bytes, said: str, now: float) -> bool:
    """Whether a form with this ticket may be sent now."""
    return issued(key, said, now - LEAST_SECONDS)


def issued(key: bytes, said: str, now: float) -> bool:
    """Whether it is one of ours that was given by ``now`` and is not too old."""
    body, _, mac = said.rpartition(".")
    if not hmac.compare_digest(mac.encode(), _mac(key, body).encode()):
        return False
    return 0 <= now - int(body.partition(".")[2]) <= LIFETIME


def _mac(key: bytes, said: str) -> str:
    return hmac.new(key, _KEY_USE + said.encode(), hashlib.sha256).hexdigest()[:_DIGITS]
