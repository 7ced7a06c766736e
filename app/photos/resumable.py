"""Photos that come piece by piece over bad lines, to be named in a report or added to one when they are whole.

Pieces lie in the database: what was answered for is safe whichever process dies, and any process goes on. An upload's
id cannot be guessed; whoever knows it is its sender.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from msgspec import Struct

from app.db import Pool
from app.errors import Conflict, Invalid, NotFound, Problem, TooLarge, Unavailable
from app.photos import service
from app.photos import store_resumable as store
from app.photos.lab import PhotoLab
from app.photos.model import MAX_BYTES, StoredPhoto
from app.photos.store import touched
from app.photos.store_resumable import Uploading
from storage.objects import ObjectStore

LIFETIME = timedelta(days=2)
"""After the last piece, and after it was used: as long as an idempotency key."""
PIECE = 256 << 10
"""Bytes written at once. Of a line that breaks, no more than this is sent again even when the server dies with it."""
ROOM = 8 << 30
"""Bytes that may wait in all; a flood must not fill the database's disk."""
_METADATA_MOST = 2000
_NAME_MOST = 200


async def begin(pool: Pool, length: int, metadata: str, name: str) -> Uploading:
    """Raises TooLarge, Invalid or Unavailable."""
    if length > MAX_BYTES:
        raise TooLarge("uploads.too_large", field="Upload-Length", most=MAX_BYTES >> 20)
    if len(metadata) > _METADATA_MOST:
        raise Invalid("uploads.metadata_wrong", field="Upload-Metadata")
    name = "".join(c for c in name if c.isprintable())[:_NAME_MOST]
    made = Uploading(uuid4(), metadata, name, length, 0, None, datetime.now(UTC) + LIFETIME)
    async with pool.acquire() as conn:
        if not await store.insert(conn, made, ROOM):
            raise Unavailable("uploads.full")
    return made


async def find(pool: Pool, upload_id: str) -> Uploading:
    """Raises NotFound for what there is not, or not any more."""
    wanted = _uuid(upload_id)
    async with pool.acquire() as conn:
        found = (await store.find(conn, [wanted])).get(wanted) if wanted else None
    if found is None:
        raise NotFound("uploads.unknown")
    return found


def _uuid(written: str) -> UUID | None:
    """From an id, or from the address that an upload was given."""
    try:
        return UUID(written.rpartition("/")[2])
    except ValueError:
        return None


async def append(pool: Pool, uploading: Uploading, start: int, data: AsyncIterator[bytes]) -> int:
    """Write what comes, piece by piece, and give the new length; what has come is kept when it breaks off.

    Raises Conflict when the upload does not end at ``start``, or somebody else writes to it; TooLarge for more than was
    announced, of which nothing beyond is kept.
    """
    if start != uploading.received:
        raise _elsewhere(uploading.received)
    at, piece = start, bytearray()
    async for chunk in data:
        check_fits(uploading, at + len(piece) + len(chunk))
        piece += chunk
        while len(piece) >= PIECE:
            at = await _write(pool, uploading, at, bytes(piece[:PIECE]))
            del piece[:PIECE]
    return await _write(pool, uploading, at, bytes(piece)) if piece else at


def check_fits(uploading: Uploading, length: int) -> None:
    """Raises TooLarge for more than was announced."""
    if length > uploading.length:
        raise TooLarge("uploads.beyond", field="Upload-Length", length=uploading.length)


async def _write(pool: Pool, uploading: Uploading, start: int, data: bytes) -> int:
    async with pool.acquire() as conn:
        if await store.append(conn, uploading.upload_id, start, data, LIFETIME):
            return start + len(data)
    raise _elsewhere((await find(pool, str(uploading.upload_id))).received)


def _elsewhere(received: int) -> Conflict:
    return Conflict("uploads.offset_wrong", field="Upload-Offset", received=received)


async def end(pool: Pool, upload_id: str) -> None:
    """Forget it. A photo that was made of it stays with its report. Raises NotFound."""
    wanted = _uuid(upload_id)
    async with pool.acquire() as conn:
        if wanted is None or not await store.delete(conn, wanted):
            raise NotFound("uploads.unknown")


async def sweep(pool: Pool) -> int:
    """Forget those whose time is over; gives how many."""
    async with pool.acquire() as conn:
        return await store.sweep(conn)


async def as_photos(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, gate: asyncio.Semaphore, ids: Sequence[str]
) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    """The photos that these uploads are, kept like any other; a problem (field ``uploads[1]``) for each that is
    unknown, not whole, or no photo. Naming one again gives the same photo. ``gate``: as of ``uploads.store``.

    Raises Unavailable.
    """
    if not ids:
        return (), []
    async with gate:
        whole, problems = await _read(pool, [_uuid(each) for each in ids])
        stored, refused = await _kept(pool, objects, lab, whole)
    return stored, problems + refused


class _Whole(Struct, frozen=True):
    """``at``: its place in the request. ``data`` is empty once it is kept as a photo."""

    at: int
    uploading: Uploading
    data: bytes


async def _read(pool: Pool, wanted: Sequence[UUID | None]) -> tuple[list[_Whole], list[Problem]]:
    """Both statements see the same: somebody who sends a report twice at once must not find the pieces gone."""
    whole: list[_Whole] = []
    problems: list[Problem] = []
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        found = await store.find(conn, [each for each in wanted if each])
        for at, upload_id in enumerate(wanted):
            one = found.get(upload_id) if upload_id else None
            if one is None:
                problems.append(Problem("uploads.unknown", field=f"uploads[{at}]"))
            elif not one.whole:
                told = {"received": one.received, "length": one.length}
                problems.append(Problem("uploads.unfinished", told, f"uploads[{at}]"))
            else:
                whole.append(_Whole(at, one, b"" if one.sha256 else await store.pieces(conn, one.upload_id)))
    return whole, problems


async def _kept(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, whole: Sequence[_Whole]
) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    new = [each for each in whole if each.uploading.sha256 is None]
    made, refused = await service.store_photos(pool, objects, lab, [(each.uploading.name, each.data) for each in new])
    known = {photo.sha256: photo for photo in made}
    hashes = [each.uploading.sha256 or hashlib.sha256(each.data).hexdigest() for each in whole]
    async with pool.acquire() as conn:
        before = [each.uploading.sha256 for each in whole if each.uploading.sha256]
        known |= {photo.sha256: photo for photo in await touched(conn, before)}
        for each, sha256 in zip(whole, hashes, strict=True):
            if sha256 in known:
                await store.kept(conn, each.uploading.upload_id, sha256, LIFETIME)
    problems = [Problem(p.key, p.params, f"uploads[{new[_place(p)].at}]") for p in refused]
    gone = [each.at for each in whole if each.uploading.sha256 and each.uploading.sha256 not in known]
    problems += [Problem("uploads.unknown", field=f"uploads[{at}]") for at in gone]
    return tuple(known[sha256] for sha256 in dict.fromkeys(hashes) if sha256 in known), problems


def _place(problem: Problem) -> int:
    """Of ``photos[2]``."""
    return int((problem.field or "").rpartition("[")[2].rstrip("]"))
