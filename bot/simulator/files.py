"""Uploaded bytes, kept in memory; photos come in Telegram's sizes, without the camera's metadata."""

import base64
import hashlib
import io
import mimetypes
import secrets
from itertools import count
from pathlib import PurePath
from typing import Any

from msgspec import Struct
from PIL import Image, ImageOps

from .model import ApiError, Json, bad

DOWNLOAD_LIMIT = 20_000_000  # bytes a bot may fetch with getFile
UPLOAD_LIMIT = 50_000_000
PHOTO_LIMIT = 10_000_000
PHOTO_SIDES = (90, 320, 800, 1280)  # longest side of each size Telegram makes

_PREFIX = {"photo": "AgAC", "document": "BQAC", "voice": "AwAC", "video": "BAAC"}
_FOLDER = {"photo": "photos", "document": "documents", "voice": "voice", "video": "videos"}


class Upload(Struct):
    """Bytes on their way in, with the name and type the sender gave them."""

    data: bytes
    name: str = ""
    mime_type: str = ""


class StoredFile(Struct):
    """A file the bot can fetch. ``unique_id`` depends on the content only, ``file_id`` on each upload."""

    file_id: str
    unique_id: str
    kind: str
    path: str
    data: bytes
    mime_type: str
    described: Any = None  # as it stands in a message (a photo: all its sizes), for sending it again by file_id

    def reference(self) -> Json:
        return {"file_id": self.file_id, "file_unique_id": self.unique_id, "file_size": len(self.data)}


class FileStore:
    """``memory_limit`` in bytes is for all files together; the oldest go first."""

    def __init__(self, memory_limit: int = 256_000_000) -> None:
        self._memory_limit = memory_limit
        self._files: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._numbers = count(1)
        self._size = 0

    def get(self, file_id: str) -> StoredFile:
        file = self._files.get(file_id)
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        return file

    def at(self, path: str) -> StoredFile | None:
        return self._by_path.get(path)

    def add(self, kind: str, upload: Upload, details: Json) -> Json:
        """Keeps the bytes and returns the object for a message: ``details`` plus ids and size."""
        mime_type = upload.mime_type or mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        suffix = PurePath(upload.name).suffix or mimetypes.guess_extension(mime_type) or ""
        digest = base64.urlsafe_b64encode(hashlib.sha256(upload.data).digest()[:11]).decode().rstrip("=")
        file = StoredFile(
            file_id=_PREFIX[kind] + secrets.token_urlsafe(30),
            unique_id="AQAD" + digest,
            kind=kind,
            path=f"{_FOLDER[kind]}/file_{next(self._numbers)}{suffix}",
            data=upload.data,
            mime_type=mime_type,
        )
        file.described = described = details | file.reference()
        self._files[file.file_id] = self._by_path[file.path] = file
        self._size += len(file.data)
        self._forget_oldest()
        return described

    def add_photo(self, sizes: list[tuple[int, int, bytes]]) -> list[Json]:
        photo = [
            self.add("photo", Upload(data, "photo.jpg", "image/jpeg"), {"width": width, "height": height})
            for width, height, data in sizes
        ]
        for size in photo:
            self._files[size["file_id"]].described = photo
        return photo

    def add_document(self, upload: Upload) -> Json:
        guessed = mimetypes.guess_type(upload.name)[0] or "application/octet-stream"
        details = {"file_name": upload.name, "mime_type": upload.mime_type or guessed}
        return self.add("document", upload, {key: value for key, value in details.items() if value})

    def _forget_oldest(self) -> None:
        while self._size > self._memory_limit and len(self._files) > 1:
            oldest = self._files.pop(next(iter(self._files)))
            del self._by_path[oldest.path]
            self._size -= len(oldest.data)


def photo_sizes(data: bytes) -> list[tuple[int, int, bytes]]:
    """(width, height, JPEG) for each of Telegram's sizes, smallest first. Upright, metadata gone. CPU work.

    Refuses what Telegram refuses: over 10 MB, unreadable, sides over 10,000 together, or narrower than 1:20.
    """
    if len(data) > PHOTO_LIMIT:
        raise ApiError(413, "Request Entity Too Large")
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "GIF", "BMP")) as opened:
            width, height = opened.size
            if width + height > 10_000 or max(width, height) > 20 * min(width, height):
                raise bad("PHOTO_INVALID_DIMENSIONS")
            opened.draft("RGB", (PHOTO_SIDES[-1], PHOTO_SIDES[-1]))
            upright = ImageOps.exif_transpose(opened)
            photo = Image.new("RGB", upright.size, "white")
            photo.paste(upright, mask=upright.convert("RGBA").getchannel("A") if _has_alpha(upright) else None)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise bad("IMAGE_PROCESS_FAILED") from error
    longest = max(photo.size)
    sides = [side for side in PHOTO_SIDES if side < longest] + [min(longest, PHOTO_SIDES[-1])]
    return [_scaled(photo, side / longest) for side in dict.fromkeys(sides)]


def _has_alpha(image: Image.Image) -> bool:
    return "A" in image.getbands() or "transparency" in image.info


def _scaled(photo: Image.Image, factor: float) -> tuple[int, int, bytes]:
    size = max(1, round(photo.width * factor)), max(1, round(photo.height * factor))
    output = io.BytesIO()
    photo.resize(size, Image.Resampling.LANCZOS).save(output, "JPEG", quality=87)
    return *size, output.getvalue()
