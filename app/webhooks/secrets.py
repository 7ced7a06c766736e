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


def _lock(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key, b"webhooks", hashlib.sha256)))


def seal(key: bytes, secret: str) -> bytes:
    return _lock(key).encrypt(secret.encode())


def unseal(key: bytes, sealed: bytes) -> str | None:
    """None: it was locked with another key."""
    try:
        return _lock(key).decrypt(sealed).decode()
    except InvalidToken:
        return None


def signature(signing: Sequence[str], ident: str, at: datetime, body: bytes) -> str:
    """One signature for each secret that holds, as the header has them."""
    return " ".join(Signer(secret).sign(ident, at, body.decode()) for secret in signing)
