"""Secrets that messages are signed with: shown once, kept encrypted."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from standardwebhooks.webhooks import Webhook as Signer

PREFIX = "whsec_"


def new_secret() -> str:
    """256 bits, as Standard Webhooks writes them."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def _lock(key: bytes, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, purpose.encode(), hashlib.sha256)))


def seal(key: bytes, secret: str, purpose: str = "webhooks") -> bytes:
    return _lock(key, purpose).encrypt(secret.encode())


def unseal(key: bytes, sealed: bytes, purpose: str = "webhooks") -> str | None:
    """None: it was locked with another key."""
    try:
        return _lock(key, purpose).decrypt(sealed).decode()
    except InvalidToken:
        return None


def signature(signing: Sequence[str], ident: str, at: datetime, body: bytes) -> str:
    """One signature for each secret that holds, as the header has them."""
    return " ".join(Signer(secret).sign(ident, at, body.decode()) for secret in signing)
