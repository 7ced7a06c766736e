"""Photos and other files on their way in by HTTP: large ones lie in temporary files, so that slow phones cost disk and
not memory."""

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from typing import IO

import msgspec

from app.db import Pool
from app.errors import Problem, Unavailable
from app.photos import service
from app.photos.lab import PhotoLab
from app.photos.model import MAX_BYTES, StoredPhoto
from storage.objects import ObjectStore

PHOTOS, FILES = "photos", "files"
"""The parts of a multipart form that photos and other files come in."""
AT_ONCE = 4
"""Requests whose files are in memory at the same time; the photo lab is the narrow place anyway."""
_IN_MEMORY = 256 << 10
"""Bytes of each file: nobody who opens many lines at once fills the memory."""
_SPARE = 32 << 20
"""Bytes that stay free where temporary files lie, for everybody else who needs some."""


class Upload:
    """One file of a multipart body, from the part ``field``. ``size`` counts all its bytes; what is beyond the limit is
    not kept."""

    def __init__(self, name: str, field: str = PHOTOS) -> None:
        self.name = name
        self.field = field
        self.size = 0
        self._recent = bytearray()
        self._file: IO[bytes] | None = None

    @property
    def too_large(self) -> bool:
        return self.size > MAX_BYTES

    async def add(self, data: bytes) -> None:
        """Raises Unavailable where there is no room left for more."""
        self.size += len(data)
        if self.too_large:
            self.close()
            return
        self._recent += data
        if len(self._recent) >= _IN_MEMORY:
            await asyncio.to_thread(self._spill)

    def _spill(self) -> None:
        if shutil.disk_usage(tempfile.gettempdir()).free < _SPARE:
            self.close()
            raise Unavailable("uploads.full")
        if self._file is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # closed by close()
        self._file.write(self._recent)
        self._recent.clear()

    async def read(self) -> bytes:
        """All of it, from memory and file."""
        if self._file is None:
            return bytes(self._recent)
        return await asyncio.to_thread(self._read, self._file)

    def _read(self, file: IO[bytes]) -> bytes:
        file.seek(0)
        return file.read() + bytes(self._recent)

    def close(self) -> None:
        self._recent.clear()
        if self._file is not None:
            self._file.close()
            self._file = None


async def store(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, gate: asyncio.Semaphore, uploads: Sequence[Upload]
) -> tuple[tuple[StoredPhoto, ...], list[Problem]]:
    """Store what can be stored; a problem for each photo that cannot, by its place in the request (``photos[1]``).

    ``gate``: how many requests do this at once. Raises Unavailable.
    """
    if not uploads:
        return (), []
    problems, files, places = [], [], []
    async with gate:
        for at, upload in enumerate(uploads):
            name = upload.name or str(at + 1)
            if upload.too_large:
                size = {"size": f"{upload.size / 2**20:.1f}", "limit": MAX_BYTES >> 20, "name": name}
                problems.append(Problem("photos.too_large", size, f"photos[{at}]"))
            else:
                files.append((name, await upload.read()))
                places.append(f"photos[{at}]")
        stored, refused = await service.store_photos(pool, objects, lab, files)
    in_request = {f"photos[{i}]": place for i, place in enumerate(places)}
    problems += [msgspec.structs.replace(p, field=in_request[p.field or ""]) for p in refused]
    return tuple(stored), problems
