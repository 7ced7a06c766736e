"""The arithmetic of second factors: one-time codes of an authenticator app (RFC 6238), recovery codes, and the lock
that the secrets lie under. Nothing here reads or writes.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from msgspec import Struct

from app.accounts.keys import digest
from app.accounts.model import Role
from app.settings import Settings

STEP_SECONDS = 30
DRIFT = 1  # steps that a telephone's clock may be ahead or behind
RECOVERY_CODES = 10
ISSUER = "Phản ánh hiện trường"
_SIX = re.compile(r"[0-9]{6}")
_READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


class Policy(Struct, frozen=True):
    """``key``: what secrets are locked with. ``required``: the roles that cannot sign in without a second factor."""

    key: bytes
    required: frozenset[Role] = frozenset()

    def __repr__(self) -> str:
        return f"Policy(required={sorted(self.required)})"

    @classmethod
    def of(cls, settings: Settings) -> "Policy":
        return cls(settings.secret_key, frozenset(Role(name) for name in settings.second_factor))

    def _lock(self) -> Fernet:
        # A key of its own: what signs links must not open this, should either ever leak.
        return Fernet(base64.urlsafe_b64encode(hmac.digest(self.key, b"second factors", hashlib.sha256)))

    def seal(self, staff_id: UUID, secret: str) -> bytes:
        return self._lock().encrypt(f"{staff_id}:{secret}".encode())

    def unseal(self, staff_id: UUID, sealed: bytes | None) -> str | None:
        """The secret; None when there is none, it is another account's, or it was locked with another key."""
        if sealed is None:
            return None
        try:
            owner, _, secret = self._lock().decrypt(sealed).decode().partition(":")
        except InvalidToken:
            return None
        return secret if owner == str(staff_id) else None


NO_POLICY = Policy(b"")


def new_secret() -> str:
    """160 bits in base32, as authenticator apps take it."""
    return pyotp.random_base32()


def address_of(secret: str, username: str) -> str:
    """The otpauth:// address that a QR code holds."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def plain(typed: str) -> str:
    """A code without the spaces and hyphens that people put into it."""
    return re.sub(r"[\s-]", "", typed[:64]).lower()


def step_of(secret: str | None, typed: str, at: datetime, after: int) -> int | None:
    """Which time step's code was typed, if it is one of now and later than ``after``, the last one that was used."""
    code = plain(typed)
    if secret is None or not _SIX.fullmatch(code):
        return None
    now, totp = int(at.timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS), code) and step > after:
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Ten codes of 74 bits each, to be written down: three groups of five."""
    return [
        "-".join("".join(secrets.choice(_READABLE) for _ in range(5)) for _ in range(3)) for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(typed: str) -> bytes:
    """What is stored of a recovery code. Random codes of this length need no slow hash."""
    return digest(plain(typed))


def is_recovery_code(typed: str, unused: Mapping[bytes, bool]) -> bytes | None:
    """The hash of a code that has not been used yet. ``unused``: by hash, whether it may still be used."""
    found = recovery_hash(typed)
    return found if unused.get(found) else None
