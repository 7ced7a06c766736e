"""Reading what was sent: the bytes as they come, and a page's form of fields and small files, never more than the
limits."""

import asyncio
from collections.abc import AsyncIterator, Collection
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request
from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # ships no types
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from app.attachments.model import AT_ONCE
from app.errors import AppError, Invalid, TooLarge
from app.i18n.text import nfc
from app.photos.uploads import FILES, PHOTOS, Upload
from app.reports.model import PHOTOS_MAX

MOST_BYTES = 17 << 20
"""A rules file with everything it includes, and a little for the form around it."""
WORDS_BYTES = 1 << 20
"""All that somebody types whom we do not know. It lies in memory, and there may be many at once."""
UPLOAD_BYTES = 130 << 20
"""Six photos as large as they may be, and the form around them."""
_UPLOADS_MOST = PHOTOS_MAX + AT_ONCE
_FIELDS_MOST = 2_000
"""A box for each category and commune of a province, or for each report somebody may act on at once, and enough more
to be able to say that these are too many."""
_DRAINED_MOST = 64 << 20
SILENCE = 30.0
"""Seconds. A line that brings nothing for so long is dead, or somebody holds it open."""
_LONGEST = 1800.0
"""Seconds for a whole body: six large photos at 70 KB a second."""


class Malformed(AppError):
    """The bytes are no form."""

    status = 400


class Cut(Exception):
    """The line broke, or fell silent, before all had come."""


async def pieces(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """A request's body as it comes. Raises Cut."""
    clock = asyncio.get_running_loop().time
    end = clock() + _LONGEST
    while True:
        try:
            async with asyncio.timeout_at(min(end, clock() + SILENCE)):
                message: Any = await request.receive()
        except TimeoutError:
            raise Cut from None
        if message["type"] == "http.disconnect":
            raise Cut
        if message["body"]:
            yield message["body"]
        if not message.get("more_body", False):
            return


class File(Struct, frozen=True):
    name: str
    data: bytes


def whole(typed: str, digits: int = 9) -> int | None:
    """The whole number that was typed, in at most so many digits; None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else None


class Form(Struct):
    """``fields`` as typed, the last of each name; ``ticked``: all values of a name that came several times; ``files``
    by field, without those left empty; ``uploads``: photos and files of a page that takes them, for its handler to
    close."""

    fields: dict[str, str] = {}
    files: dict[str, File] = {}
    ticked: dict[str, list[str]] = {}
    uploads: list[Upload] = []

    def text(self, name: str) -> str:
        """A line somebody typed: composed, trimmed, "" when it was not sent."""
        return nfc(self.fields.get(name, ""))

    def number(self, name: str) -> int:
        """A version that a page of ours put there; 0, which no report has, for anything else."""
        return whole(self.fields.get(name, "")) or 0

    def close(self) -> None:
        for upload in self.uploads:
            upload.close()

    def uploaded(self, field: str) -> list[Upload]:
        return [upload for upload in self.uploads if upload.field == field]


async def read_form(
    request: Request[Any, Any, Any],
    *,
    uploads: bool = False,
    takes: Collection[str] = (PHOTOS, FILES),
    words: int = WORDS_BYTES,
) -> Form:
    """``takes``: which parts hold the ``uploads``; ``words``: bytes that all others may have together. Raises
    Malformed, TooLarge, Unavailable, and Invalid for more photos and files than are taken."""
    kind, parameters = request.content_type
    if kind == "multipart/form-data":
        most, parts = UPLOAD_BYTES if uploads else words, _Parts(takes if uploads else (), words)
        return await _multipart(_chunks(request, most), parameters.get("boundary", ""), most, parts)
    body = b"".join([chunk async for chunk in _chunks(request, words)])
    form = Form()
    try:
        for name, text in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MOST):
            _put(form, name, text)
    except ValueError:
        raise Malformed("console.form_broken") from None
    return form


async def _chunks(request: Request[Any, Any, Any], most: int) -> AsyncIterator[bytes]:
    """The body piece by piece. What is too large is read to its end, within reason: a browser that is cut off while it
    sends shows its own error instead of ours."""
    seen = 0
    try:
        async for piece in pieces(request):
            seen += len(piece)
            if seen <= most:
                yield piece
            if seen > most + _DRAINED_MOST:
                break
    except Cut:
        raise Malformed("console.form_broken") from None
    if seen > most:
        raise TooLarge("console.form_large", most=most >> 20)


async def _multipart(chunks: AsyncIterator[bytes], boundary: str, most: int, parts: "_Parts") -> Form:
    try:
        with PushMultipartParser(
            boundary.encode("ascii"), max_segment_count=_FIELDS_MOST, max_segment_size=most
        ) as parser:
            async for chunk in chunks:
                if not parser.closed:
                    for event in parser.parse(chunk):
                        await parts.take(event)
    except (MultipartError, ValueError):
        parts.form.close()
        raise Malformed("console.form_broken") from None
    except BaseException:
        parts.form.close()
        raise
    return parts.form


class _Parts:
    """Collects the parts of a multipart form. ``room``: bytes that all but uploads may have together."""

    def __init__(self, takes: Collection[str], room: int) -> None:
        self.form = Form()
        self._takes = takes
        self._most = self._room = room
        self._part: MultipartSegment | None = None
        self._into: Upload | bytearray = bytearray()

    async def take(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self._part = event
            is_upload = event.name in self._takes and event.filename is not None
            self._into = Upload(event.filename or "", event.name) if is_upload else bytearray()
        elif event:
            await self._add(event)
        elif self._part is not None:
            self._keep(self._part)

    async def _add(self, data: bytes) -> None:
        if isinstance(self._into, Upload):
            await self._into.add(data)
            return
        self._room -= len(data)
        if self._room < 0:
            raise TooLarge("console.form_large", most=self._most >> 20)
        self._into += data

    def _keep(self, part: MultipartSegment) -> None:
        if isinstance(self._into, Upload):
            # A browser sends an empty part where no file was chosen.
            if self._into.size:
                self.form.uploads.append(self._into)
            if len(self.form.uploads) > _UPLOADS_MOST:
                raise Invalid("reports.photos_many", field=PHOTOS, most=PHOTOS_MAX)
        elif part.filename is None:
            _put(self.form, part.name, self._into.decode())
        elif self._into or part.filename:
            self.form.files[part.name] = File(part.filename, bytes(self._into))


def _put(form: Form, name: str, text: str) -> None:
    form.fields[name] = text
    form.ticked.setdefault(name, []).append(text)
