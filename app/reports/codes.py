"""Public codes (``PA-XXXX-XXXX``) and tracking secrets.

A code is Crockford base32: seven random characters and one check character. It can be read out over the telephone (no
I, L, O, U) and neither guessed nor counted up. The check is Damm's algorithm over GF(32), which finds every single
wrong character and every swap of neighbours, so a mistyped code is told apart from an unknown one.
"""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {c: i for i, c in enumerate(_ALPHABET)} | {"O": 0, "I": 1, "L": 1}


def _times_x(value: int) -> int:
    """Multiplication by x in GF(32) = GF(2)[x] / (x^5 + x^2 + 1)."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def _check(values: list[int]) -> int:
    state = 0
    for value in values:
        state = _times_x(state ^ value)
    return state


def new_code() -> str:
    """A fresh random code. 35 random bits: the caller tries again in the rare case that it is taken."""
    bits = secrets.randbits(35)
    values = [bits >> shift & 31 for shift in range(0, 35, 5)]
    text = "".join(_ALPHABET[v] for v in [*values, _check(values)])
    return f"PA-{text[:4]}-{text[4:]}"


def read_code(typed: str) -> str | None:
    """The code somebody typed (any case, with or without ``PA`` and dashes, O for 0, I or L for 1), or None."""
    letters = "".join(c for c in typed.upper() if c.isalnum())
    if len(letters) == 10 and letters.startswith("PA"):
        letters = letters[2:]
    if len(letters) != 8 or any(c not in _VALUE for c in letters):
        return None
    values = [_VALUE[c] for c in letters]
    if _check(values[:7]) != values[7]:
        return None
    text = "".join(_ALPHABET[v] for v in values)
    return f"PA-{text[:4]}-{text[4:]}"


def tracking_secret(key: bytes, report_id: UUID) -> str:
    """The reporter's secret for one report. Derived, so that a repeated request gets the same answer and the secret
    itself is stored nowhere."""
    mac = hmac.digest(key, b"track:" + report_id.bytes, "sha256")
    return base64.urlsafe_b64encode(mac[:18]).decode()


def secret_hash(secret: str) -> bytes:
    """What is stored of a tracking secret."""
    return hashlib.sha256(secret.encode()).digest()
