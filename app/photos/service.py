"""Storing photos, giving out their public copies, and sweeping away what nothing claims."""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from app import orphans
from app.db import Pool
from app.errors import Invalid, NotFound, Problem, Unavailable
from app.photos import store
from app.photos.lab import PhotoLab
from app.photos.links import sign_photo
from app.photos.model import (
    BOXES_MOST,
    COPY_TYPE,
    KEPT,
    SIZES,
    Box,
    Kept,
    PhotoSize,
    PreparedPhoto,
    StoredPhoto,
    object_key,
)
from storage.objects import ObjectMissing, ObjectStore, StoreUnavailable

_T = TypeVar("_T")

_ROUNDING = 1e-6
_LINK_LIFETIME = timedelta(minutes=15)
BLOBS = orphans.Blobs("photo_blobs", store.UNCLAIMED, lambda sha256: [object_key(sha256, what) for what in KEPT])


async def store_photo(pool: Pool, objects: ObjectStore, lab: PhotoLab, data: bytes, name: str = "1") -> StoredPhoto:
    """Check a photo and keep it and its copies for at least 24 h, within which a draft or a report must claim it.

    One SQL statement. Raises Invalid (``photos.…``, see ``PhotoLab.prepare``) and Unavailable.
    """
    prepared = await lab.prepare(data, name)
    async with pool.acquire() as conn:
        # Before the objects: it waits for a sweep that is deleting this very photo, and keeps the next one off.
        await store.touch_blob(conn, prepared.photo)
    await _put(objects, prepared, data)
    return prepared.photo


async def redact_photo(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, sha256: str, boxes: Sequence[Box]
) -> StoredPhoto:
    """A photo of its own with the boxes burnt into it, made of the original and kept for at least 24 h; the same boxes
    make the same photo.

    Raises Invalid (``photos.boxes_…``), NotFound and Unavailable.
    """
    if not 1 <= len(boxes) <= BOXES_MOST:
        raise Invalid("photos.boxes_many", most=BOXES_MOST)
    if not all(_inside(box) for box in boxes):
        raise Invalid("photos.box_outside")
    prepared = await lab.redact(await read_original(objects, sha256), tuple(boxes))
    async with pool.acquire() as conn:
        await store.touch_blob(conn, prepared.photo)
    await _put(objects, prepared, prepared.large)
    return prepared.photo


def _inside(box: Box) -> bool:
    measures = (box.x, box.y, 1 - box.x - box.width + _ROUNDING, 1 - box.y - box.height + _ROUNDING)
    # Comparisons with what is no number are never true.
    return all(each >= 0 for each in measures) and box.width > 0 and box.height > 0


async def store_photos(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, files: Sequence[tuple[str, bytes]]
) -> tuple[list[StoredPhoto], list[Problem]]:
    """Store what can be stored of ``files`` (name, bytes): the photos, each once, and a problem for each refused file.

    A problem's field is ``photos[i]`` and its parameters hold the file's ``name``. Raises Unavailable.
    """

    async def one(at: int, name: str, data: bytes) -> StoredPhoto | Problem:
        try:
            return await store_photo(pool, objects, lab, data, name or str(at + 1))
        except Invalid as error:
            return Problem(error.key, error.problems[0].params, f"photos[{at}]")

    outcomes = await _together([one(at, name, data) for at, (name, data) in enumerate(files)])
    stored = {o.sha256: o for o in outcomes if isinstance(o, StoredPhoto)}
    return list(stored.values()), [o for o in outcomes if isinstance(o, Problem)]


async def known(pool: Pool, hashes: Sequence[str]) -> tuple[StoredPhoto, ...]:
    """Those of the photos (sha256, hex) that are kept, in the order asked for."""
    if not hashes:
        return ()
    async with pool.acquire() as conn:
        found = {one.sha256: one for one in await store.known(conn, [bytes.fromhex(each) for each in hashes])}
    return tuple(found[each] for each in dict.fromkeys(hashes) if each in found)


async def sweep_orphans(
    pool: Pool, objects: ObjectStore, older_than: timedelta = timedelta(hours=24), batch: int = 100
) -> int:
    """Delete photos that nothing has claimed for ``older_than``, with their objects; gives how many. Raises
    Unavailable."""
    return await orphans.sweep(pool, objects, BLOBS, older_than, batch)


async def read_photo(objects: ObjectStore, sha256: str, size: PhotoSize) -> bytes:
    """A public copy, JPEG (``COPY_TYPE``). Raises NotFound and Unavailable."""
    return await _read(objects, _public_key(sha256, size))


async def read_original(objects: ObjectStore, sha256: str) -> bytes:
    """The bytes as they came, with place, time and device in them: evidence. The caller has checked the right to it.

    Raises NotFound and Unavailable.
    """
    return await _read(objects, _key(sha256, "original"))


async def photo_url(
    objects: ObjectStore,
    secret: bytes,
    base: str,
    sha256: str,
    size: PhotoSize,
    lifetime: timedelta = _LINK_LIFETIME,
    now: float | None = None,
) -> str:
    """A link to a public copy, good for one to two lifetimes: the store's own, or ``{base}/{sha256}/{size}?token=…``.

    Our own links stay the same for a whole lifetime, so that a browser's cache is of use. Raises NotFound for what
    cannot be a photo or is not a public size.
    """
    url = await objects.signed_url(_public_key(sha256, size), lifetime)
    return own_url(secret, base, sha256, size, lifetime, now) if url is None else url


def own_url(
    secret: bytes,
    base: str,
    sha256: str,
    size: PhotoSize,
    lifetime: timedelta = _LINK_LIFETIME,
    now: float | None = None,
) -> str:
    """A link through our own API, wherever the photo is kept: for our own pages, which show nothing from elsewhere."""
    seconds = int(lifetime.total_seconds())
    expires = (int(time.time() if now is None else now) // seconds + 2) * seconds
    return f"{base}/{sha256}/{size}?token={sign_photo(secret, sha256, size, expires)}"


async def _put(objects: ObjectStore, prepared: PreparedPhoto, original: bytes) -> None:
    """Always all three, even for a photo known before: a sweep that failed half-way may have taken some of them."""
    photo = prepared.photo
    try:
        await _together(
            [
                objects.put(object_key(photo.sha256, "original"), original, photo.content_type),
                objects.put(object_key(photo.sha256, "large"), prepared.large, COPY_TYPE),
                objects.put(object_key(photo.sha256, "small"), prepared.small, COPY_TYPE),
            ]
        )
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error


def _public_key(sha256: str, size: PhotoSize) -> str:
    if size not in SIZES:  # handlers pass on what stands in the address; "original" must not work there
        raise NotFound("photos.not_found")
    return _key(sha256, size)


def _key(sha256: str, what: Kept) -> str:
    try:
        return object_key(sha256, what)
    except ValueError:
        raise NotFound("photos.not_found") from None


async def _read(objects: ObjectStore, key: str) -> bytes:
    try:
        return await objects.get(key)
    except ObjectMissing:
        raise NotFound("photos.not_found") from None
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error


async def _together(work: Sequence[Coroutine[Any, Any, _T]]) -> list[_T]:
    """All results in order; the first failure ends the others and is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
