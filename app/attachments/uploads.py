"""Files on their way in by HTTP."""

import asyncio
from collections.abc import Sequence

from app.attachments import service
from app.attachments.model import MAX_BYTES, StoredFile
from app.db import Pool
from app.errors import Problem
from app.photos.lab import PhotoLab
from app.photos.uploads import Upload
from storage.objects import ObjectStore


async def store(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, gate: asyncio.Semaphore, uploads: Sequence[Upload]
) -> tuple[tuple[StoredFile, ...], list[Problem]]:
    """Store what can be stored; a problem for each file that cannot, by its place in the request (``files[1]``).

    ``gate``: how many requests do this at once. Raises Unavailable.
    """
    stored: list[StoredFile] = []
    problems = []
    if not uploads:
        return (), []
    async with gate:
        for at, upload in enumerate(uploads):
            field, name = f"files[{at}]", upload.name or str(at + 1)
            if upload.too_large:
                size = {"size": f"{upload.size / 2**20:.1f}", "limit": MAX_BYTES >> 20, "name": name}
                problems.append(Problem("attachments.too_large", size, field))
                continue
            taken, refused = await service.store_files(pool, objects, lab, [(name, await upload.read())])
            stored += taken
            problems += [Problem(problem.key, problem.params, field) for problem in refused]
    return tuple({file.sha256: file for file in stored}.values()), problems
