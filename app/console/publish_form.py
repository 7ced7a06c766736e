"""What stands in the form of publishing: words, and for each photo whether it is shown and with which boxes."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from msgspec import Struct

from app.errors import Problem
from app.forms import Form
from app.i18n import Lang
from app.photos.model import Box
from app.reports.model import Message, Picture
from app.reports.publication import Shown, editable, text_of, words_of
from app.reports.service import Case

SIDES = ("x", "y", "w", "h")
"""A box in per cent of the picture: from the left, from the top, width, height."""


class Typed(Struct, frozen=True):
    """``words`` by message id, the report's own text by the report's id; ``photos`` by photo id; ``problems`` are of
    boxes that are no numbers."""

    words: Mapping[UUID, str]
    photos: Mapping[UUID, Shown]
    problems: tuple[Problem, ...] = ()


def pictures_in(case: Case) -> list[Picture]:
    """Those that can become public at all."""
    return [picture for picture in case.pictures if picture.added_by != "follower"]


def messages_in(case: Case) -> list[Message]:
    return editable(case.messages)


def proposed(case: Case, lang: Lang) -> Typed:
    """What the form holds at first: the public copy as it is, and a masked proposal for what it lacks."""
    words = {case.report.report_id: text_of(case.report, case.public, lang)}
    words |= {message.message_id: words_of(message, case.public, lang) for message in messages_in(case)}
    photos = {}
    for picture in pictures_in(case):
        chosen = case.public.photos.get(picture.photo_id)
        photos[picture.photo_id] = Shown(chosen.sha256 is None, chosen.boxes) if chosen else Shown()
    return Typed(words, photos)


def typed(case: Case, form: Form) -> Typed:
    """What somebody sent. What the form does not name, because it came meanwhile, is left out."""
    names = {case.report.report_id: "text"} | {one.message_id: f"words-{one.message_id}" for one in messages_in(case)}
    words = {key: form.text(name) for key, name in names.items() if name in form.fields}
    photos, problems = {}, []
    for picture in pictures_in(case):
        key = picture.photo_id
        if f"show-{key}" not in form.fields:
            continue
        try:
            boxes = _boxes(form, key)
        except ValueError:
            problems.append(Problem("photos.box_outside", field=f"photos.{key}"))
            boxes = ()
        photos[key] = Shown(form.fields[f"show-{key}"] == "hidden", boxes)
    return Typed(words, photos, tuple(problems))


def _boxes(form: Form, key: UUID) -> tuple[Box, ...]:
    rows = zip(*(form.ticked.get(f"{side}-{key}", []) for side in SIDES), strict=True)
    return tuple(_box(row) for row in rows if any(row))


def _box(row: Iterable[str]) -> Box:
    """Raises ValueError. A comma is a decimal point, too."""
    x, y, width, height = (round(float(number.strip().replace(",", ".")) / 100, 4) for number in row)
    return Box(x, y, width, height)
