"""The photos that go along with a message: a result as one picture, before and after side by side."""

from msgspec import Struct

from app.errors import Invalid, NotFound, Unavailable
from app.history.model import Event, Kind
from app.i18n import Lang
from app.notify.templates import Relation
from app.photos import service as photos
from app.photos.lab import PhotoLab
from app.reports.publication import is_public, shown_for
from app.reports.service import Case
from storage.objects import ObjectStore


class Shown(Struct, frozen=True):
    """Photos by hash: those of the event, and the one of the report that the first of them is held against."""

    photos: tuple[str, ...] = ()
    before: str | None = None


def shown(event: Event, relation: Relation, case: Case, *, readable: bool) -> Shown:
    """What this person is shown: to others than the reporter every photo as the public may see it, the one that a
    citizen sent only once it is published."""
    if event.kind not in (Kind.RESOLVED, Kind.PROGRESS) or not readable:
        return Shown()
    theirs = relation is Relation.OWNER
    public = {} if theirs else shown_for(case.report, case.pictures, case.public)
    photos = [sha256 for sha256 in event.data.get("photos", ()) if theirs or sha256 in public]
    before = None
    if event.kind == Kind.RESOLVED and (theirs or is_public(case.report)):
        sent = [p.sha256 for p in case.pictures if p.stage == "before" and (theirs or p.sha256 in public)]
        before = next((public.get(sha256, sha256) for sha256 in sent), None)
    return Shown(tuple(public.get(sha256, sha256) for sha256 in photos), before)


async def of(objects: ObjectStore, lab: PhotoLab | None, shown: Shown, lang: Lang) -> tuple[bytes, ...]:
    """JPEGs. A photo that cannot be read, or a pair that cannot be put together, never holds the message back."""
    read = [data for sha256 in shown.photos if (data := await _read(objects, sha256))]
    if not read or lab is None or shown.before is None:
        return tuple(read)
    before = await _read(objects, shown.before)
    if before is None:
        return tuple(read)
    try:
        return await lab.side_by_side(before, read[0], lang), *read[1:]
    except (Invalid, Unavailable):
        return tuple(read)


async def _read(objects: ObjectStore, sha256: str) -> bytes | None:
    try:
        return await photos.read_photo(objects, sha256, "large")
    except (NotFound, Unavailable):
        return None
