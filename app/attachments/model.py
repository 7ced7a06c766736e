"""A file that staff put into a case: its limits, what is known of it, and where its bytes lie."""

import re
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct

MAX_BYTES = 20 * 1024 * 1024
MAX_PAGES = 500
MAX_POINTS = 14_400.0
"""The longest side of a page in points, 1/72 inch: what PDF itself allows (ISO 32000-1, annex C.2)."""
AT_ONCE, MOST = 6, 40
"""Files with one act, and on one case."""
NAME_MOST = 120
KEPT_AFTER_REMOVAL = timedelta(days=30)
"""A file removed by mistake, or to hide something, can still be found for so long; then its bytes go."""

PDF = "application/pdf"
Kind = Literal["document", "photo"]

_HEX = re.compile(r"[0-9a-f]{64}")
_UNWANTED = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\:*?\"<>|]+")


class StoredFile(Struct, frozen=True):
    """A checked file, kept for a day within which a report must claim it. ``pages``: 0 for a picture."""

    sha256: str  # of the bytes, hex
    kind: Kind
    name: str
    content_type: str
    size_bytes: int
    pages: int = 0


class FileClaim(Struct, frozen=True):
    """A file as part of a report. ``proof``: it shows that the matter was dealt with."""

    attachment_id: UUID
    file: StoredFile
    proof: bool


class Attachment(Struct, frozen=True):
    """A file of a case as staff see it. Its bytes are given out as they came."""

    attachment_id: UUID
    sha256: str
    kind: Kind
    name: str
    content_type: str
    size_bytes: int
    pages: int
    proof: bool
    at: datetime
    added_by: UUID


def object_key(sha256: str) -> str:
    """A document's key in the object store. Raises ValueError when ``sha256`` is not 64 lower-case hex digits."""
    if not _HEX.fullmatch(sha256):
        raise ValueError("not a sha256")
    return f"documents/{sha256[:2]}/{sha256}"


def clean_name(name: str, extension: str) -> str:
    """A file's name without path, control and direction signs, and with the extension that its bytes deserve: what
    ends in ``.pdf.exe`` is shown and saved as a PDF."""
    stem = " ".join(_UNWANTED.sub(" ", re.split(r"[/\\]", name)[-1]).split()).strip(" .")
    known = (".pdf", ".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")
    while stem.lower().endswith(known):
        stem = stem.rpartition(".")[0].rstrip(" .")
    return f"{stem[: NAME_MOST - len(extension) - 1].rstrip() or 'tep'}.{extension}"
