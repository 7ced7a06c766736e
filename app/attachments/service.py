"""Files that staff put into a case: checked by their bytes, stored, given out to staff, swept when unclaimed.

PDFs and pictures, nothing else. A picture goes the way of every photo (``app.photos``): decoded once to prove that it
is one, with clean copies to look at. A PDF is opened by a process of its own and never shown inside a page.
"""

import asyncio
import hashlib
import os
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from app import orphans
from app.attachments import store
from app.attachments.model import (
    KEPT_AFTER_REMOVAL,
    MAX_PAGES,
    MAX_POINTS,
    PDF,
    Attachment,
    StoredFile,
    clean_name,
    object_key,
)
from app.attachments.sniff import check_pdf, check_size, is_pdf
from app.db import Conn, Pool, transaction
from app.errors import Invalid, NotFound, Problem, Unavailable
from app.photos import service as photos
from app.photos.lab import PhotoLab
from storage.objects import ObjectMissing, ObjectStore, StoreUnavailable

_log = structlog.get_logger(__name__)
_ROOT = Path(__file__).parents[2]
_PATIENCE = 30.0
_READERS = asyncio.Semaphore(2)
_EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic"}
_NO_PICTURE = {"photos.not_image", "photos.unsupported", "photos.video"}


class _Seen(Struct):
    """What the reader's process says."""

    pages: int = 0
    longest: float = 0.0
    refused: str = ""


async def store_file(pool: Pool, objects: ObjectStore, lab: PhotoLab, data: bytes, name: str) -> StoredFile:
    """Check a file and keep it for at least 24 h, within which a report must claim it.

    Raises Invalid (``attachments.…`` or ``photos.…``, with ``name`` among the parameters) and Unavailable.
    """
    try:
        check_size(len(data))
        if is_pdf(data):
            check_pdf(data)
            return await _store_pdf(pool, objects, data, name)
    except Invalid as error:
        raise Invalid(error.key, **{"name": name, **error.problems[0].params}) from None
    try:
        photo = await photos.store_photo(pool, objects, lab, data, name)
    except Invalid as error:
        if error.key in _NO_PICTURE:
            raise Invalid("attachments.unsupported", name=name) from None
        raise
    extension = _EXTENSIONS[photo.content_type]
    return StoredFile(photo.sha256, "photo", clean_name(name, extension), photo.content_type, photo.size_bytes)


async def store_files(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, files: Sequence[tuple[str, bytes]]
) -> tuple[list[StoredFile], list[Problem]]:
    """Store what can be stored of ``files`` (name, bytes), each once; a problem for each refused one, whose field is
    ``files[i]``. Raises Unavailable."""
    stored: dict[str, StoredFile] = {}
    problems = []
    for at, (name, data) in enumerate(files):
        try:
            file = await store_file(pool, objects, lab, data, name or str(at + 1))
            stored.setdefault(file.sha256, file)
        except Invalid as error:
            problems.append(Problem(error.key, error.problems[0].params, f"files[{at}]"))
    return list(stored.values()), problems


async def of_report(conn: Conn, report_id: UUID) -> list[Attachment]:
    """The files of a case, oldest first, without what was removed. The caller has checked the right to see the case."""
    return await store.of_report(conn, report_id)


async def read(objects: ObjectStore, attachment: Attachment) -> bytes:
    """The bytes as they came. The caller has checked the right to see the case. Raises NotFound and Unavailable."""
    if attachment.kind == "photo":
        return await photos.read_original(objects, attachment.sha256)
    try:
        return await objects.get(object_key(attachment.sha256))
    except ObjectMissing:
        raise NotFound("attachments.not_found") from None
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error


def download_headers(name: str) -> dict[str, str]:
    """Saved, never shown by us: a file of somebody else's may say what it likes, but not on our pages (RFC 6266)."""
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_. ") else "_" for sign in name)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }


async def sweep(pool: Pool, objects: ObjectStore, older_than: timedelta = timedelta(hours=24)) -> int:
    """Delete documents that nothing has claimed for so long, with their bytes; gives how many. What was removed from a
    case thirty days ago is claimed no longer. Raises Unavailable."""
    async with transaction(pool) as conn:
        await store.forget_removed(conn, KEPT_AFTER_REMOVAL)
    return await orphans.sweep(pool, objects, _BLOBS, older_than)


_BLOBS = orphans.Blobs("document_blobs", store.UNCLAIMED, lambda sha256: [object_key(sha256)])


async def _store_pdf(pool: Pool, objects: ObjectStore, data: bytes, name: str) -> StoredFile:
    pages = await _pages(data)
    file = StoredFile(hashlib.sha256(data).hexdigest(), "document", clean_name(name, "pdf"), PDF, len(data), pages)
    async with pool.acquire() as conn:
        # Before the object, so that a sweep which is deleting the very same one is waited for.
        await store.touch(conn, bytes.fromhex(file.sha256), file.size_bytes, file.pages)
    try:
        await objects.put(object_key(file.sha256), data, PDF)
    except StoreUnavailable as error:
        raise Unavailable("storage.unavailable") from error
    return file


async def _pages(data: bytes) -> int:
    """How many pages the PDF has. Raises Invalid for what cannot be opened or is beyond the limits."""
    async with _READERS:
        said = await _ask_reader(data)
    if said is None or said.refused == "damaged" or (not said.refused and said.pages < 1):
        raise Invalid("attachments.pdf_damaged")
    if said.refused == "locked":
        raise Invalid("attachments.pdf_locked")
    if said.pages > MAX_PAGES:
        raise Invalid("attachments.pdf_pages", pages=said.pages, most=MAX_PAGES)
    if not 0 < said.longest <= MAX_POINTS:
        raise Invalid("attachments.pdf_damaged")
    return said.pages


async def _ask_reader(data: bytes) -> _Seen | None:
    """None: the process crashed or did not come to an end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.attachments.reader",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=_ROOT,
        # Strangers' bytes are parsed there: the process gets none of our environment, where the secrets are.
        env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            out, _ = await process.communicate(data)
        return msgspec.json.decode(out, type=_Seen)
    except (TimeoutError, msgspec.DecodeError) as error:
        _log.warning("pdf not read", error=type(error).__name__, bytes=len(data))
        return None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
