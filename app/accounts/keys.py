"""User names as they are compared, and digests of secrets as they are stored."""

import hashlib
import re
from uuid import UUID

from app.accounts.model import Actor, Entry, EventKind
from app.i18n.text import nfc

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,62}")


def username_of(typed: str) -> str:
    return nfc(typed).lower()


def digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def event(kind: EventKind, by: Actor, staff_id: UUID, **data: object) -> Entry:
    return Entry(kind, by, staff_id, data)
