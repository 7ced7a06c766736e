"""The public copy of a report, as programs of the operations centre send it."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from app.api.context import Context
from app.photos.model import Box
from app.reports import publication
from app.reports import service as reports
from app.reports.model import PublicCopy, Report
from app.reports.publication import Shown

Side = Annotated[float, Meta(description="A part of the upright photo's width or height, 0 to 1.")]


class BoxBody(Struct, frozen=True, forbid_unknown_fields=True):
    x: Side
    y: Side
    width: Side
    height: Side


class PublicPhotoBody(Struct, frozen=True, forbid_unknown_fields=True):
    """``boxes`` are burnt into the public photo; nobody can take them off."""

    photo_id: UUID
    hidden: bool = False
    boxes: list[BoxBody] = []


class PublicBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What everybody reads and sees instead of the originals: the report's ``text``, ``words`` by message id, photos.
    What is left out stays as it was published last or, if it never was, is masked and shown."""

    text: str | None = None
    words: dict[UUID, str] = {}
    photos: list[PublicPhotoBody] = []


async def public_copy(ctx: Context, report: Report, body: PublicBody) -> PublicCopy:
    """Raises Invalid, NotFound, Unavailable."""
    parts = ctx.parts
    async with parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
    wanted = {
        one.photo_id: Shown(one.hidden, tuple(Box(box.x, box.y, box.width, box.height) for box in one.boxes))
        for one in body.photos
    }
    photos = await publication.photos_as(parts.pool, parts.objects, parts.lab, case.pictures, wanted)
    words = dict(body.words) | ({report.report_id: body.text} if body.text is not None else {})
    return PublicCopy(words, photos)
