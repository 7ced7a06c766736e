"""A photo as the system knows it: limits, facts, fingerprint, and where its bytes lie."""

import re
from datetime import datetime
from typing import Any, Literal, get_args

from msgspec import Struct

from app.i18n import Lang

MAX_BYTES = 20 * 1024 * 1024
# Phones sold as "50 megapixels" make 8192 x 6144, a little more than fifty million.
MAX_PIXELS = 50 * 1024 * 1024
LARGE_EDGE = 1600  # pixels, longest side
SMALL_EDGE = 320

# Copies are progressive JPEG: a third less time than WebP at the same size, and the one format that Telegram, Zalo and
# every browser take as a photo.
COPY_TYPE = "image/jpeg"

PhotoSize = Literal["small", "large"]
SIZES: tuple[PhotoSize, ...] = get_args(PhotoSize)
Kept = Literal["original", "large", "small"]
KEPT: tuple[Kept, ...] = get_args(Kept)

_HEX = re.compile(r"[0-9a-f]{64}")
_64_BITS = (1 << 64) - 1


class StoredPhoto(Struct, frozen=True):
    """What is known of a photo. Pixels are those of the upright original; the place is WGS 84 degrees.

    ``taken_at``, ``lat`` and ``lon`` are what the camera claims (EXIF), None where it claims nothing believable.
    """

    sha256: str  # of the original's bytes, hex
    phash: int  # see ``app.photos.pipeline.perceptual_hash``; signed, as PostgreSQL's bigint
    width: int
    height: int
    size_bytes: int
    content_type: str
    taken_at: datetime | None
    lat: float | None
    lon: float | None


class PreparedPhoto(Struct, frozen=True):
    """A checked photo and its public copies (JPEG, sRGB, upright, no metadata), not stored yet."""

    photo: StoredPhoto
    large: bytes
    small: bytes


READY = b"\x01"  # a worker process's first byte


class Refusal(Struct, frozen=True, tag="refused"):
    """Why a worker process refused a photo: message key and parameters."""

    key: str
    params: dict[str, Any]


class Done(Struct, frozen=True, tag="done"):
    prepared: PreparedPhoto


class Paired(Struct, frozen=True, tag="paired"):
    """Before and after in one JPEG."""

    data: bytes


class Pair(Struct, frozen=True):
    """What is to be put side by side: two public copies, and the language of the words above them."""

    before: bytes
    after: bytes
    lang: Lang


class Card(Struct, frozen=True, kw_only=True):
    """What stands on a published report's card (``app.photos.card``). Photos are public copies, empty where there is
    none; ``done``: there is a result."""

    site: str
    code: str
    title: str
    place: str
    status: str
    done: bool
    before_word: str
    after_word: str
    before: bytes = b""
    after: bytes = b""


class Drawn(Struct, frozen=True, tag="drawn"):
    """A card as PNG."""

    data: bytes


class Box(Struct, frozen=True):
    """A rectangle in an upright picture, in parts of its width and height: 0 to 1, from the left and the top."""

    x: float
    y: float
    width: float
    height: float


BOXES_MOST = 20


class Redaction(Struct, frozen=True):
    """A photo as it was uploaded, and what nobody may see of it."""

    data: bytes
    boxes: tuple[Box, ...]


PHOTO, PAIR, REDACT, CARD = b"p", b"2", b"r", b"c"  # the first byte of what a worker process is sent

Reply = Refusal | Done | Paired | Drawn


def object_key(sha256: str, what: Kept) -> str:
    """The key in the object store. Raises ValueError when ``sha256`` is not 64 lower-case hex digits."""
    if not _HEX.fullmatch(sha256):
        raise ValueError("not a sha256")
    return f"photos/{sha256[:2]}/{sha256}/{what}" + ("" if what == "original" else ".jpg")


def signed_64(bits: int) -> int:
    """The 64 bits as PostgreSQL's bigint holds them."""
    return bits - (1 << 64) if bits >> 63 else bits


def distance(one: int, other: int) -> int:
    """How many of 64 bits two perceptual hashes differ in. Up to 10: most likely the same picture."""
    return ((one ^ other) & _64_BITS).bit_count()
