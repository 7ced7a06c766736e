"""Tokens of forms as they stand in pages.

Pages are compressed, and what is compressed beside words that a stranger can choose can be guessed letter by letter
from the answer's length (BREACH). So no page holds the token itself: each holds a random pad and the token under that
pad, other bytes every time.
"""

import base64
import hmac
import secrets


def mask(token: str) -> str:
    """The token for one page; "" stays ""."""
    if not token:
        return ""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + _under(plain, pad)).decode()


def matches(given: str, token: str) -> bool:
    """Whether a form brought this token, from whichever page. An empty token matches nothing."""
    try:
        masked = base64.b64decode(given.encode(), altchars=b"-_", validate=True)
    except ValueError:
        return False
    half = len(masked) // 2
    return bool(token) and hmac.compare_digest(_under(masked[half:], masked[:half]), token.encode())


def _under(text: bytes, pad: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(text, pad, strict=False))
