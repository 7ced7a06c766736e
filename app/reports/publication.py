"""The public copy of a report: what everybody may read and see of it, apart from the originals, which stay as they are.

A coordinator edits the words and decides about each photo: shown, hidden, or shown with boxes burnt in. What nobody has
edited is masked (``app.reports.masking``). What the agencies write and show later is public at once, masked; what
citizens send later waits until it is published anew.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

from app.db import Conn, Pool
from app.errors import Invalid, Problem
from app.history.model import digest
from app.i18n import Lang
from app.i18n.text import nfc
from app.photos import service as photos
from app.photos.lab import PhotoLab
from app.photos.model import Box
from app.reports import store_publication
from app.reports.masking import mask
from app.reports.model import TEXT_MAX, Message, Picture, PublicCopy, PublicPhoto, Report
from storage.objects import ObjectStore


def is_public(report: Report) -> bool:
    return report.published_at is not None and report.visibility == "public"


def text_of(report: Report, copy: PublicCopy, lang: Lang) -> str:
    """The report's own words."""
    return copy.words.get(report.report_id) or mask(report.body, lang)


def words_of(message: Message, copy: PublicCopy, lang: Lang) -> str:
    """What somebody said about it in public."""
    return copy.words.get(message.message_id) or mask(message.body, lang)


def pictures_of(report: Report, pictures: Iterable[Picture], copy: PublicCopy) -> list[Picture]:
    """Those that everybody may see, each under the hash of what is shown of it. What followers added is for staff."""
    shown = []
    for picture in pictures:
        chosen = copy.photos.get(picture.photo_id)
        if picture.added_by == "follower" or (chosen is None and not _at_once(report, picture)):
            continue
        sha256 = picture.sha256 if chosen is None else chosen.sha256
        if sha256 is not None:
            shown.append(msgspec.structs.replace(picture, sha256=sha256))
    return shown


def shown_for(report: Report, pictures: Iterable[Picture], copy: PublicCopy) -> Mapping[str, str]:
    """From a photo's hash to the hash of what everybody may see of it. Of the same photo sent twice, the stricter
    decision holds."""
    every = list(pictures)
    public = {picture.photo_id: picture.sha256 for picture in pictures_of(report, every, copy)}
    hidden = {picture.sha256 for picture in every if picture.photo_id not in public}
    found: dict[str, str] = {}
    for picture in every:
        seen = public.get(picture.photo_id)
        if seen and picture.sha256 not in hidden and found.get(picture.sha256, picture.sha256) == picture.sha256:
            found[picture.sha256] = seen
    return found


def _at_once(report: Report, picture: Picture) -> bool:
    """Whether a photo that nobody has decided about is shown: the agencies' own, and what was there to be seen when the
    report was published."""
    if picture.added_by == "staff":
        return True
    return report.published_at is not None and picture.at <= report.published_at


def editable(messages: Iterable[Message]) -> list[Message]:
    """Words that everybody reads, so that a coordinator may edit them."""
    return [message for message in messages if message.visibility == "public"]


def clean(copy: PublicCopy) -> PublicCopy:
    """As it will be kept."""
    return PublicCopy({key: nfc(words) for key, words in copy.words.items()}, copy.photos)


def said_of(copy: PublicCopy, pictures: Iterable[Picture]) -> dict[str, object]:
    """What the history says of it: digests of the words, hashes of the photos."""
    hashes = {picture.photo_id: picture.sha256 for picture in pictures}
    redacted = {hashes[key]: photo.sha256 for key, photo in copy.photos.items() if photo.sha256 and photo.boxes}
    return {
        "words": {str(key): digest(words) for key, words in copy.words.items()},
        "hidden": sorted(hashes[key] for key, photo in copy.photos.items() if photo.sha256 is None),
        "redacted": redacted,
    }


def check(report: Report, messages: Iterable[Message], pictures: Iterable[Picture], copy: PublicCopy) -> None:
    """Whether this can be the report's public copy. Raises Invalid with everything that is wrong."""
    problems = []
    known = {report.report_id} | {message.message_id for message in editable(messages)}
    for key, words in copy.words.items():
        field = "text" if key == report.report_id else f"words.{key}"
        if key not in known:
            problems.append(Problem("reports.public_words_unknown", field=field))
        elif not words:
            problems.append(Problem("reports.public_words_empty", field=field))
        elif len(words) > TEXT_MAX:
            problems.append(Problem("reports.text_long", {"most": TEXT_MAX, "length": len(words)}, field))
    hashes = {picture.photo_id: picture.sha256 for picture in pictures if picture.added_by != "follower"}
    for key, photo in copy.photos.items():
        # A photo with boxes that is shown as it came would be the one mistake that cannot be taken back.
        plain = photo.sha256 == hashes.get(key)
        if key not in hashes or (photo.sha256 is not None and plain == bool(photo.boxes)):
            problems.append(Problem("reports.public_photo_unknown", field=f"photos.{key}"))
    if problems:
        raise Invalid.many(problems)


class Shown(Struct, frozen=True):
    """What a coordinator decided about a photo: ``hidden``, or shown with these boxes burnt in."""

    hidden: bool = False
    boxes: tuple[Box, ...] = ()


async def photos_as(
    pool: Pool, objects: ObjectStore, lab: PhotoLab, pictures: Iterable[Picture], decided: Mapping[UUID, Shown]
) -> dict[UUID, PublicPhoto]:
    """The photos as decided, by photo id, with the boxes burnt in; of one that is not among ``decided`` nothing.

    Raises Invalid (with the photo's field), NotFound and Unavailable.
    """
    made: dict[UUID, PublicPhoto] = {}
    for picture in pictures:
        wish = decided.get(picture.photo_id)
        if wish is None or picture.added_by == "follower":
            continue
        sha256: str | None = None if wish.hidden else picture.sha256
        if sha256 is not None and wish.boxes:
            try:
                sha256 = (await photos.redact_photo(pool, objects, lab, picture.sha256, wish.boxes)).sha256
            except Invalid as error:
                problem = error.problems[0]
                raise Invalid(problem.key, field=f"photos.{picture.photo_id}", **problem.params) from None
        made[picture.photo_id] = PublicPhoto(sha256, wish.boxes)
    return made


async def of(conn: Conn, report_id: UUID) -> PublicCopy:
    """The public copy as it was last published; empty when nobody has edited anything."""
    return await store_publication.read(conn, report_id)
