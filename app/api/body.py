"""Reading what was sent: JSON or multipart, never more than the limits, every mistake told by its field.

Photos of a multipart body go to temporary files once they are large, so that slow phones cost disk and not memory.
"""

import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request
from msgspec import Struct
from multipart import (  # type: ignore[import-untyped]  # ships no types
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
)

from app.attachments.model import AT_ONCE
from app.errors import AppError, Invalid, Problem, TooLarge
from app.forms import Cut, pieces
from app.photos.uploads import FILES, PHOTOS, Upload
from app.reports.model import PHOTOS_MAX

JSON_MOST = 1 << 20
MULTIPART_MOST = 130 << 20
_FIELD_MOST = 64 << 10
_FIELDS_MOST = 40
_MOST = {PHOTOS: ("reports.photos_many", PHOTOS_MAX), FILES: ("attachments.many", AT_ONCE)}

T = TypeVar("T", bound=Struct)


class Malformed(AppError):
    """The bytes are not what their content type says."""

    status = 400


class WrongType(AppError):
    """A content type that the route does not take."""

    status = 415


async def _chunks(request: Request[Any, Any, Any], most: int) -> AsyncIterator[bytes]:
    """The body piece by piece. Raises TooLarge as soon as it is known, before reading when the length is announced."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise TooLarge("api.body_large", most=most >> 20)
    seen = 0
    try:
        async for piece in pieces(request):
            seen += len(piece)
            if seen > most:
                raise TooLarge("api.body_large", most=most >> 20)
            yield piece
    except Cut:
        raise Malformed("api.body_cut") from None


async def read_body(
    request: Request[Any, Any, Any], kind: type[T], *, photos: bool = False, files: bool = False
) -> tuple[T, list[Upload]]:
    """The body as ``kind`` and the photos, and with ``files`` other files, that came with it.

    Raises WrongType, Malformed, Invalid or TooLarge.

    A body without anything is an empty JSON object, so that acts without words need no body. The caller closes the
    uploads.
    """
    content_type, parameters = request.content_type
    if content_type == "multipart/form-data" and photos:
        boundary = parameters.get("boundary", "")
        if not 1 <= len(boundary) <= 200 or not boundary.isascii():
            raise Malformed("api.multipart_broken")
        return await _multipart(request, kind, boundary.encode(), (PHOTOS, FILES) if files else (PHOTOS,))
    body = b"".join([chunk async for chunk in _chunks(request, JSON_MOST)])
    if content_type == "" and not body:
        body = b"{}"
    elif content_type != "application/json":
        takes = "application/json, multipart/form-data" if photos else "application/json"
        raise WrongType("api.wrong_content_type", field="Content-Type", takes=takes)
    return _decoded(lambda: msgspec.json.decode(body, type=kind)), []


async def _multipart(
    request: Request[Any, Any, Any], kind: type[T], boundary: bytes, takes: Collection[str]
) -> tuple[T, list[Upload]]:
    form = _Form(takes, kind)
    try:
        with PushMultipartParser(boundary, max_segment_count=_FIELDS_MOST) as parser:
            async for chunk in _chunks(request, MULTIPART_MOST):
                if not parser.closed:
                    for event in parser.parse(chunk):
                        await form.take(event)
        return form.decoded(kind), form.uploads()
    except ParserLimitReached:
        form.close()
        raise Malformed("api.multipart_many") from None
    except (MultipartError, UnicodeError, LookupError):
        form.close()
        raise Malformed("api.multipart_broken") from None
    except BaseException:
        form.close()
        raise


class _Form:
    """Collects the parts of a multipart body. ``takes``: names of the parts that are files; ``kind``: what its fields
    make, of which those that are lists may come several times."""

    def __init__(self, takes: Collection[str], kind: type[Struct]) -> None:
        self._takes = takes
        self._lists = {field.encode_name for field in msgspec.structs.fields(kind) if "list" in str(field.type)}
        self._fields: dict[str, bytearray] = {}
        self._uploads: list[Upload] = []
        self._into: Upload | bytearray | None = None
        self._name = ""

    async def take(self, event: MultipartSegment | bytes | None) -> None:
        if isinstance(event, MultipartSegment):
            self._begin(event)
        elif isinstance(self._into, Upload) and event:
            await self._into.add(event)
        elif isinstance(self._into, bytearray) and event:
            self._into += event
            if len(self._into) > _FIELD_MOST:
                raise Invalid("api.field_long", field=self._name)

    def _begin(self, part: MultipartSegment) -> None:
        self._name = part.name
        if part.name not in self._takes:
            if part.filename:
                raise Invalid("api.file_field", field=part.name[:60])
            if part.name not in self._fields:
                self._into = self._fields[part.name] = bytearray()
            elif part.name in self._lists:
                self._into = self._fields[part.name]
                self._into += b","
            else:
                raise Invalid("api.field_twice", field=part.name[:60])
            return
        key, most = _MOST[part.name]
        if sum(upload.field == part.name for upload in self._uploads if upload.size) == most:
            raise Invalid(key, field=part.name, most=most)
        # A browser sends an empty part where no file was chosen; it is left out.
        self._uploads = [upload for upload in self._uploads if upload.size or upload.name]
        self._into = Upload(part.filename or "", part.name)
        self._uploads.append(self._into)

    def uploads(self) -> list[Upload]:
        return [upload for upload in self._uploads if upload.size or upload.name]

    def decoded(self, kind: type[T]) -> T:
        """The text fields as ``kind``. An empty field counts as not sent, as browsers mean it; a list may
        come with commas."""
        flags = {field.encode_name for field in msgspec.structs.fields(kind) if field.type is bool}
        objects = {field.encode_name for field in msgspec.structs.fields(kind) if "dict" in str(field.type)}
        values: dict[str, Any] = {}
        for name, raw in self._fields.items():
            try:
                text = raw.decode()
            except UnicodeDecodeError:
                raise Malformed("api.not_utf8", field=name[:60]) from None
            if text and name in objects:
                values[name] = _object(name, text)
            elif text and name in self._lists:
                values[name] = [each.strip() for each in text.split(",") if each.strip()]
            elif text:
                values[name] = "true" if name in flags and text == "on" else text
        return _decoded(lambda: msgspec.convert(values, kind, strict=False))

    def close(self) -> None:
        for upload in self._uploads:
            upload.close()


def _object(name: str, text: str) -> Any:
    """A field of a form that holds JSON."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("api.want_object", field=name) from None


def read_query(request: Request[Any, Any, Any], kind: type[T]) -> T:
    """The query string as ``kind``; a name given several times becomes a list, and so does one with commas. Raises
    Invalid."""
    lists = {f.encode_name for f in msgspec.structs.fields(kind) if "tuple" in str(f.type)}
    values: dict[str, Any] = {}
    for name, given in request.query_params.dict().items():
        if name in lists:
            values[name] = [part for each in given for part in each.split(",") if part]
        elif given[-1] != "":
            values[name] = given[-1]
    return _decoded(lambda: msgspec.convert(values, kind, strict=False))


_AT = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_EXPECTED = re.compile(r"^Expected `(?P<type>\w+)")
_NAMED = re.compile(r"^Object (?:missing required|contains unknown) field `(?P<name>[^`]*)`")
_KINDS = {
    "str": "api.want_text",
    "float": "api.want_number",
    "int": "api.want_whole",
    "bool": "api.want_flag",
    "array": "api.want_list",
    "object": "api.want_object",
}


def _decoded(decode: Callable[[], T]) -> T:
    """Run a msgspec decoder and put what it says into our words."""
    try:
        value = decode()
    except msgspec.ValidationError as error:
        raise Invalid.many([_problem(str(error))]) from None
    except UnicodeDecodeError:
        raise Malformed("api.not_utf8") from None
    except (msgspec.DecodeError, RecursionError):
        raise Malformed("api.json_broken") from None
    for name in value.__struct_fields__:
        _check_kept(getattr(value, name), name)
    return value


def _check_kept(given: Any, name: str) -> None:
    """Whether it can be kept and reckoned with, however deep it lies in the field ``name``: no NUL in a text, which
    nobody types, and no moment at the ends of the calendar. Raises Invalid."""
    if isinstance(given, str):
        if "\x00" in given:
            raise Invalid("api.zero_byte", field=name)
    elif isinstance(given, datetime):
        if not 1900 < given.year < 2200:
            raise Invalid("api.wrong_value", field=name)
    elif isinstance(given, Struct):
        for inner in given.__struct_fields__:
            _check_kept(getattr(given, inner), name)
    elif isinstance(given, Mapping):
        for key, value in given.items():
            _check_kept(key, name)
            _check_kept(value, name)
    elif isinstance(given, list | tuple | frozenset | set):
        for each in given:
            _check_kept(each, name)


def _problem(said: str) -> Problem:
    """msgspec's sentence as a problem of ours: its wording is part of msgspec's tested behaviour, ours is the key."""
    at = _AT.search(said)
    path = at["path"] if at else ""
    if named := _NAMED.match(said):
        key = "api.unknown_field" if "unknown" in said else "api.missing_field"
        return Problem(key, field=f"{path}.{named['name']}".lstrip(".")[:80])
    if expected := _EXPECTED.match(said):
        return Problem(_KINDS.get(expected["type"], "api.wrong_value"), field=path[:80] or None)
    return Problem("api.wrong_value", field=path[:80] or None)
