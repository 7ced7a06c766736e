"""The forms of a case's acts: what each asks for, under which letter, and which comes first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import uuid4

from msgspec import Struct

from app.casefile.model import CaseFile
from app.console.case_view import Reader
from app.i18n import Lang, t
from app.places.gazetteer import Gazetteer
from app.reports import directions
from app.reports.colleagues import Colleague
from app.reports.model import Report, Status, Urgency
from app.reports.workflow import DESK, MOVES, Act

URGENCIES: tuple[Urgency, ...] = ("normal", "urgent", "complex")

KEYS: dict[Act, str] = {
    Act.ACCEPT: "v",
    Act.ASSIGN: "g",
    Act.CLAIM: "v",
    Act.GIVE: "g",
    Act.RELEASE: "w",
    Act.START: "b",
    Act.ASK: "h",
    Act.RESUME: "s",
    Act.RETURN: "t",
    Act.TRANSFER: "u",
    Act.PROGRESS: "d",
    Act.RESOLVE: "x",
    Act.CONFIRM_PROOF: "y",
    Act.REOPEN: "o",
    Act.RECLASSIFY: "l",
    Act.SET_URGENCY: "z",
    Act.ASK_EXTENSION: "e",
    Act.GRANT_EXTENSION: "e",
    Act.REFUSE_EXTENSION: "r",
    Act.REJECT: "j",
    Act.MERGE: "m",
    Act.UNMERGE: "m",
    Act.SPLIT: "t",
    Act.PUBLISH: "k",
    Act.UNPUBLISH: "w",
    Act.DIRECT: "d",
    Act.REPORT_BACK: "q",
    Act.LIFT_DIRECTION: "q",
    Act.NOTE: "c",
    Act.TAG: "i",
    Act.ATTACH: "f",
}
"""Near the act's own name in Vietnamese where that was free. n, p and ? are the page's."""

OWN_PAGES: dict[Act, str] = {
    Act.PUBLISH: "/publish",
    Act.MERGE: "/merge",
    Act.UNMERGE: "/merge",
    Act.SPLIT: "/split",
    Act.ATTACH: "#files",
}
"""Acts that have a page of their own behind the case's address, or a place on this one, and no form among the acts."""

_ALSO: dict[Act, tuple[str, ...]] = {
    Act.ASSIGN: ("text",),
    Act.GIVE: ("text",),
    Act.RELEASE: ("text",),
    Act.RECLASSIFY: ("text",),
    Act.MERGE: ("text",),
    Act.GRANT_EXTENSION: ("later",),
    Act.PROGRESS: ("photos",),
}
"""What an act may bring without having to."""

TEXTS: dict[Act, tuple[str, str]] = {
    Act.ASK: ("question", "reporter"),
    Act.PROGRESS: ("progress", "public"),
    Act.RESOLVE: ("result", "public"),
    Act.REJECT: ("reason", "reporter"),
    Act.REOPEN: ("reason", "reporter"),
    Act.GRANT_EXTENSION: ("reason", "reporter"),
    Act.NOTE: ("note", "staff"),
    Act.GIVE: ("note", "staff"),
    Act.RELEASE: ("note", "staff"),
    Act.DIRECT: ("direction", "staff"),
    Act.REPORT_BACK: ("done", "staff"),
}
"""What the words of an act are, and who reads them (see ``app.reports.effects``); else a reason that staff read."""

_FIRST = (
    Act.GRANT_EXTENSION,
    Act.CONFIRM_PROOF,
    Act.START,
    Act.RESOLVE,
    Act.RESUME,
    Act.ASSIGN,
    Act.PUBLISH,
    Act.DIRECT,
    Act.NOTE,
)
"""The next step of whoever reads: the first of these that may be done."""


class ActForm(Struct, frozen=True):
    """One act as the page offers it. ``fields``: in order; ``optional``: those that may stay empty. ``page``: the
    address of its own page, else ""."""

    act: Act
    fields: tuple[str, ...]
    optional: frozenset[str]
    key: str
    text: str
    audience: str
    page: str = ""
    client_key: str = ""


class Kept(Struct, frozen=True):
    """What was typed into one act's form that could not be carried out; ``problems``: sentences by field. ``photos``:
    those stored already, as (what the form sends again, address of a small copy)."""

    act: Act
    typed: Mapping[str, str]
    problems: Mapping[str, str]
    photos: Sequence[tuple[str, str]] = ()
    client_key: str = ""


def offered(case: CaseFile, here: str, kept: Kept | None = None) -> list[ActForm]:
    """A form for each act that may be done now and has its words. Taking a file out has its place beside the file."""
    return [_form(act, here, kept) for act in case.acts if act in KEYS and not _pointless(act, case.report)]


def fields_of(act: Act) -> tuple[str, ...]:
    """What is chosen first, then the words, then the proof of them; what it needs before what it may bring."""
    last = {"text": 1, "proof": 2, "photos": 2}
    return (*sorted(MOVES[act].needs, key=lambda need: last.get(need, 0)), *_ALSO.get(act, ()))


def _form(act: Act, here: str, kept: Kept | None) -> ActForm:
    text, audience = TEXTS.get(act, ("reason", "staff"))
    key = kept.client_key if kept and kept.act is act and kept.client_key else uuid4().hex
    page = f"{here}{OWN_PAGES[act]}" if act in OWN_PAGES else ""
    return ActForm(act, fields_of(act), frozenset(_ALSO.get(act, ())), KEYS[act], text, audience, page, key)


def _pointless(act: Act, report: Report) -> bool:
    """Allowed, and changes nothing."""
    return act is Act.UNPUBLISH and report.published_at is None


def next_step(acts: Sequence[ActForm], report: Report) -> ActForm | None:
    """The one to offer first."""
    by_act = {one.act: one for one in acts}
    for act in _FIRST:
        if act not in by_act or (act is Act.ASSIGN and report.status not in DESK):
            continue
        if act is Act.PUBLISH and (report.published_at or report.status not in (Status.RESOLVED, Status.CLOSED)):
            continue
        return by_act[act]
    return acts[0] if acts else None


class Pickers(Struct, frozen=True):
    """What the forms choose from, each as (value, name); only what some form needs."""

    agencies: list[str] = []
    categories: list[tuple[str, list[tuple[str, str]]]] = []
    communes: list[str] = []
    directions: list[tuple[str, datetime, str]] = []
    colleagues: list[tuple[str, str]] = []


def pickers(
    acts: Sequence[ActForm],
    case: CaseFile,
    reader: Reader,
    gazetteer: Gazetteer,
    colleagues: Sequence[Colleague] = (),
) -> Pickers:
    wanted = {field for one in acts if not one.page for field in one.fields}
    rules, lang = reader.rules, reader.lang
    return Pickers(
        sorted(reader.agency(one.agency_id) for one in reader.agencies.values() if one.active)
        if "agency" in wanted
        else [],
        [
            (
                group.name_en if lang == "en" else group.name,
                [(name, _category(rules.categories[name], lang)) for name in group.categories],
            )
            for group in rules.groups.values()
        ]
        if "matter" in wanted
        else [],
        [c.full_name for c in gazetteer.communes if c.province_code == rules.province_code]
        if "matter" in wanted
        else [],
        _directions(case) if "direction" in wanted else [],
        [
            (str(one.staff_id), colleague_word(one, lang))
            for one in colleagues
            if one.staff_id != case.report.assignee_id
        ],
    )


def colleague_word(one: Colleague, lang: Lang) -> str:
    """Who, with how much they have; why not now, and who stands in."""
    said = t("case.colleague", lang, name=one.name, count=one.open_cases)
    if one.away_until is None:
        return said
    away = "case.colleague_away" if one.deputy else "case.colleague_away_alone"
    return t(away, lang, said=said, until=f"{one.away_until:%d/%m/%Y}", deputy=one.deputy)


def _category(category: object, lang: Lang) -> str:
    name: str = getattr(category, "name_en" if lang == "en" else "name")
    return name


def _directions(case: CaseFile) -> list[tuple[str, datetime, str]]:
    words = {message.message_id: message.body for message in case.messages}
    return [
        (str(one.direction_id), one.due, words.get(one.message_id, "")[:80] if one.message_id else "")
        for one in directions.open_of(case.events)
    ]
