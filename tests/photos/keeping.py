"""Photos that were stored, and what is left of them."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg

from app.db import Pool
from app.photos.model import KEPT, StoredPhoto, object_key
from storage.folder import FolderStore
from storage.objects import ObjectMissing, StoreUnavailable
from tests.photos.pictures import encoded, scene

_seeds = iter(range(1000, 10_000))


def photo_bytes() -> bytes:
    """A photo that no other test has stored."""
    return encoded(scene(320, 240, next(_seeds)))


async def row_of(pool: Pool, photo: StoredPhoto) -> asyncpg.Record | None:
    return await pool.fetchrow("SELECT * FROM photo_blobs WHERE sha256 = $1", bytes.fromhex(photo.sha256))


async def kept(objects: FolderStore, photo: StoredPhoto) -> list[str]:
    found: list[str] = []
    for what in KEPT:
        try:
            await objects.get(object_key(photo.sha256, what))
            found.append(what)
        except ObjectMissing:
            continue
    return found


async def age(pool: Pool, photo: StoredPhoto, hours: float) -> None:
    await pool.execute(
        "UPDATE photo_blobs SET touched_at = now() - $2::interval WHERE sha256 = $1",
        bytes.fromhex(photo.sha256),
        timedelta(hours=hours),
    )


class Refusing(FolderStore):
    """A store that fails: at the n-th put, or in the middle of a deletion."""

    def __init__(self, root: Path, *, puts: int = 1000, deletes: bool = True) -> None:
        super().__init__(root)
        self.puts, self.deletes = puts, deletes

    async def put(self, key: str, data: bytes, content_type: str) -> None:
        self.puts -= 1
        if self.puts < 0:
            raise StoreUnavailable("no room")
        await super().put(key, data, content_type)

    async def delete(self, keys: Sequence[str]) -> None:
        if not self.deletes:
            await super().delete(keys[:1])
            raise StoreUnavailable("gone away")
        await super().delete(keys)
