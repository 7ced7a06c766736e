"""A case put into words for its page: conversation, notes, timeline, deadline, photos. Pure, given what was read."""

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from markupsafe import Markup
from msgspec import Struct

from app.accounts.model import Agency
from app.casefile.countdown import countdown, words
from app.casefile.model import By, CaseFile, finished, first_answer
from app.casefile.words import agency_name, fact
from app.history.model import Event, Kind
from app.i18n import Lang, t
from app.photos.service import own_url
from app.reports.clock import clock_of
from app.reports.model import Message, Picture, Report, Status
from app.routing.limits import parse_limit
from app.routing.service import RuleSet

PHOTOS = "/api/v1/photos"
_ORIGINAL = "/api/v1/staff/reports/{code}/photos/{photo}/original"
_EXCERPT = 140
_NOT_OF_HANDLING = frozenset({Kind.RESOLVED, Kind.DIRECTED, Kind.DIRECTION_ANSWERED, Kind.DIRECTION_LIFTED})
"""Events whose deadline is another's, or none that came of them."""
_INTAKE = frozenset({Status.SUBMITTED, Status.RECEIVED})


class Shot(Struct, frozen=True):
    """A photo with its links; ``original`` is the file as it came, for staff on the case alone."""

    picture: Picture
    small: str
    large: str
    original: str


class Said(Struct, frozen=True):
    """Words in the conversation or among the notes. ``ours``: said by staff. ``what``: on which occasion."""

    at: datetime
    who: str
    ours: bool
    what: str
    text: str | Markup


class Step(Struct, frozen=True):
    """One line of the timeline. ``excerpt``: of the words said then; ``due``: the deadline that came of it."""

    seq: int
    at: datetime
    kind: str
    who: str
    what: str
    excerpt: str
    due: datetime | None
    photos: int


class DueChange(Struct, frozen=True):
    at: datetime
    due: datetime | None
    what: str
    who: str


class ClockView(Struct, frozen=True):
    """The deadline that counts now: the intake's until an agency has the report, then the handling's. ``words``: what
    is left; ``state``: how it looks; ``first_…``: of the first answer, where the rules set a limit for it."""

    state: Literal["calm", "soon", "over", "paused", "done", "late"]
    words: str
    intake: bool
    due: datetime
    limit: str
    changes: tuple[DueChange, ...]
    first_due: datetime | None
    first_at: datetime | None
    first_over: bool


class Reader(Struct, frozen=True):
    """Who reads the page, and with what names."""

    rules: RuleSet
    agencies: Mapping[str, Agency]
    lang: Lang
    secret: bytes
    now: datetime

    def who(self, by: By) -> str:
        return by.name if by.kind == "staff" and by.name else t(f"case.by_{by.kind}", self.lang)

    def agency(self, agency_id: str) -> str:
        return agency_name(self.agencies, agency_id, self.lang)


def shots(case: CaseFile, reader: Reader) -> list[Shot]:
    return [
        Shot(
            picture,
            own_url(reader.secret, PHOTOS, picture.sha256, "small"),
            own_url(reader.secret, PHOTOS, picture.sha256, "large"),
            _ORIGINAL.format(code=case.report.code, photo=picture.photo_id),
        )
        for picture in case.pictures
    ]


def conversation(case: CaseFile, reader: Reader) -> list[Said]:
    """What the reporter and the agencies said to each other or to everybody, oldest first."""
    return [_said(case, reader, one) for one in case.messages if one.visibility != "staff"]


def notes(case: CaseFile, reader: Reader) -> list[Said]:
    """What staff alone read, newest first: notes and the reasons of acts."""
    inside = [one for one in case.messages if one.visibility == "staff" and one.kind != "voice"]
    return [_said(case, reader, one) for one in reversed(inside)]


def voices(case: CaseFile, reader: Reader) -> list[Said]:
    """What followers added, newest first."""
    return [_said(case, reader, one) for one in reversed(case.messages) if one.kind == "voice"]


def _said(case: CaseFile, reader: Reader, message: Message) -> Said:
    event = next((e for e in case.events if e.data.get("message_id") == str(message.message_id)), None)
    what = t(f"case.said_{message.kind}", reader.lang)
    if message.kind in ("reason", "note") and event is not None:
        what = fact(event, reader.agencies, reader.lang, case.names).rstrip(".")
    who = reader.who(case.who_said(message))
    called = event.data.get("mentions", ()) if event is not None else ()
    text = (
        with_mentions(message.body, {case.usernames.get(UUID(one), "") for one in called}) if called else message.body
    )
    return Said(message.at, who, message.author_kind == "staff", what, text)


def with_mentions(text: str, called: Collection[str]) -> Markup:
    """The text with those user names marked that were called."""
    parts = re.split(r"(@[\w.-]*\w)", text)
    return Markup("").join(
        Markup('<mark class="mention">{}</mark>').format(part)
        if part.startswith("@") and part[1:].lower() in called
        else part
        for part in parts
    )


def timeline(case: CaseFile, reader: Reader) -> list[Step]:
    """The whole history, newest first."""
    bodies = {str(message.message_id): message.body for message in case.messages}
    return [_step(case, reader, event, bodies) for event in reversed(case.events)]


def _step(case: CaseFile, reader: Reader, event: Event, bodies: Mapping[str, str]) -> Step:
    said = " ".join(bodies.get(event.data.get("message_id", ""), "").split())
    return Step(
        event.seq,
        event.at,
        event.kind,
        reader.who(case.who_did(event)),
        fact(event, reader.agencies, reader.lang, case.names),
        said if len(said) <= _EXCERPT else f"{said[:_EXCERPT].rpartition(' ')[0]}…",
        _due(event),
        len(event.data.get("photos", ())),
    )


def _due(event: Event) -> datetime | None:
    """The handling deadline that came of the event."""
    due = event.data.get("due") or event.data.get("proposed", {}).get("due")
    return datetime.fromisoformat(due) if due and event.kind not in _NOT_OF_HANDLING else None


def clock(case: CaseFile, reader: Reader) -> ClockView:
    report, lang = case.report, reader.lang
    limit, runs = parse_limit(report.handling), clock_of(case.events)
    intake = report.status in _INTAKE
    due = report.intake_due_at if intake else report.due_at
    start = runs.intake if intake else runs.start
    count = countdown(reader.rules.calendar, limit, start, due, report.paused_at or reader.now)
    said = words(reader.rules.calendar, count, lang)
    first = first_answer(report.first_answer_due_at, report.first_answered_at, report.status, reader.now)
    state: Literal["calm", "soon", "over", "paused", "done", "late"] = count.level
    if finished(report.status):
        state, said = _ended(case.events, report, lang)
    elif report.paused_at is not None:
        state, said = "paused", t("case.paused_left", lang, left=said)
    return ClockView(
        state,
        said,
        intake,
        due,
        limit.words(lang),
        tuple(_changes(case, reader)),
        first.due_at,
        first.answered_at,
        first.overdue,
    )


def _ended(events: Iterable[Event], report: Report, lang: Lang) -> tuple[Literal["done", "late"], str]:
    if report.status not in (Status.RESOLVED, Status.CLOSED):
        return "done", t("case.clock_ended", lang)
    on_time = next((e.data.get("on_time") for e in reversed(list(events)) if e.kind == Kind.RESOLVED), None)
    return ("late", t("case.resolved_late", lang)) if on_time is False else ("done", t("case.resolved_on_time", lang))


def _changes(case: CaseFile, reader: Reader) -> Iterable[DueChange]:
    """What moved the deadline, or stopped its clock, newest first."""
    for event in reversed(case.events):
        due = _due(event)
        if due is not None or event.kind in (Kind.ASKED, Kind.EXTENSION_ASKED, Kind.EXTENSION_REFUSED):
            what = fact(event, reader.agencies, reader.lang, case.names)
            yield DueChange(event.at, due, what, reader.who(case.who_did(event)))


def now() -> datetime:
    return datetime.now(UTC)
