"""Voice messages as they came: checked by their first bytes, stored beside the photos, swept when nothing claims them.

A voice tells who speaks, so it is the coordinators' alone (``app.reports.voice``).
"""

import hashlib
from datetime import timedelta

from msgspec import Struct

from app import orphans
from app.db import Pool
from app.errors import Invalid, NotFound, Unavailable
from app.sounds import store
from storage.objects import ObjectMissing, ObjectStore, StoreUnavailable

MAX_BYTES, MAX_SECONDS = 20 * 1024 * 1024, 300
# First bytes → what it is. MIME types and names are never believed.
_KINDS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"OggS", "audio/ogg"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"\xff\xfb", "audio/mpeg"),
    (0, b"\xff\xf3", "audio/mpeg"),
    (0, b"\xff\xf1", "audio/aac"),
    (0, b"#!AMR", "audio/amr"),
    (4, b"ftypM4A", "audio/mp4"),
)


class StoredSound(Struct, frozen=True):
    """``sha256`` of the bytes, hex; ``seconds`` as the channel says."""

    sha256: str
    content_type: str
    size_bytes: int
    seconds: int


def check_size(size: int | None, seconds: int) -> None:
    """Before it is fetched. Raises Invalid."""
    if (size or 0) > MAX_BYTES or seconds > MAX_SECONDS:
        raise Invalid("sounds.too_long", minutes=MAX_SECONDS // 60, most=MAX_BYTES // 2**20)


async def store_sound(pool: Pool, objects: ObjectStore, data: bytes, seconds: int) -> StoredSound:
    """Keep it for at least 24 h, within which a draft or a report must claim it. Raises Invalid and Unavailable."""
    check_size(len(data), seconds)
    kind = next((kind for at, sign, kind in _KINDS if data[at : at + len(sign)] == sign), None)
    if kind is None:
        raise Invalid("sounds.not_sound")
    sound = StoredSound(hashlib.sha256(data).hexdigest(), kind, len(data), seconds)
    async with pool.acquire() as conn:
        # Before the object, so that a sweep which is deleting the very same one is waited for.
        await store.touch(conn, bytes.fromhex(sound.sha256), kind, len(data), seconds)
    try:
        await objects.put(_key(sound.sha256), data, kind)
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error
    return sound


async def read_sound(objects: ObjectStore, sha256: str) -> bytes:
    """The bytes. The caller has checked the right to hear them. Raises NotFound and Unavailable."""
    try:
        return await objects.get(_key(sha256))
    except ObjectMissing:
        raise NotFound("sounds.not_found") from None
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error


async def sweep_orphans(pool: Pool, objects: ObjectStore, older_than: timedelta = timedelta(hours=24)) -> int:
    """Delete what nothing has claimed for so long, with its bytes; gives how many. Raises Unavailable."""
    return await orphans.sweep(pool, objects, _BLOBS, older_than)


def _key(sha256: str) -> str:
    return f"sounds/{sha256[:2]}/{sha256}"


_BLOBS = orphans.Blobs("sound_blobs", store.UNCLAIMED, lambda sha256: [_key(sha256)])
