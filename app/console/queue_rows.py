"""A queue's rows and what its filters choose from, in the reader's language."""

from collections.abc import Iterable
from datetime import datetime
from typing import get_args
from urllib.parse import quote_plus

from msgspec import Struct

from app.accounts.model import Actor
from app.casefile.words import category_name
from app.console.context import BASE, Req, console, lang_of
from app.console.deadlines import Clock, clock
from app.console.queue_asked import Asked, statuses_of
from app.console.words import Teller
from app.i18n import Lang, t
from app.photos.service import own_url
from app.reports.model import Channel, Rating, Urgency
from app.routing.model import commune_office_id
from app.routing.ruleset import RuleSet
from app.wiring import Parts
from app.worklist.model import QueueRow
from app.worklist.service import cursor_of

_PHOTOS = "/api/v1/photos"
_SHOWN = 160
"""Letters of a report's words in a row; the case has them all."""
COLUMNS = ("status", "agency", "assignee", "voices", "tags", "photo", "sent", "channel", "rating")
"""Those that a reader may hide; deadline and report always stand."""
USUAL = ("status", "agency", "assignee", "voices", "tags", "photo")
Choice = tuple[str, str]


_CHOICES: dict[tuple[object, ...], "Choices"] = {}
_CHOICES_MOST = 500


class Row(Struct, frozen=True):
    """One report. ``path``: its case, which leads on to the next of this queue."""

    seen: QueueRow
    path: str
    clock: Clock
    status: str
    category: str
    words: str
    place: str
    agency: str
    channel: str
    rating: str
    photo: str
    answer_late: bool


class Choices(Struct, frozen=True):
    """What the filters choose from: ids and names. ``agencies`` is empty for who sees one alone."""

    statuses: list[Choice]
    categories: list[tuple[str, list[Choice]]]
    communes: list[Choice]
    agencies: list[Choice]
    urgencies: list[Choice]
    channels: list[Choice]
    ratings: list[Choice]

    def name(self, field: str, value: str) -> str:
        """A chosen value in words; what is not chosen from a list is its own name."""
        lists = {
            "status": self.statuses,
            "category": [each for _, group in self.categories for each in group],
            "commune": self.communes,
            "agency": self.agencies,
            "urgency": self.urgencies,
            "channel": self.channels,
            "rating": self.ratings,
        }
        return dict(lists.get(field, ())).get(value, value)


def rows_of(request: Req, found: Iterable[QueueRow], wanted: Asked, now: datetime) -> list[Row]:
    parts, lang = console(request).parts, lang_of(request)
    queue = quote_plus(wanted.query())
    return [_row(parts, lang, each, queue, now) for each in found]


def _row(parts: Parts, lang: Lang, seen: QueueRow, queue: str, now: datetime) -> Row:
    paused = seen.paused_at is not None
    due = seen.first_answer_due_at
    return Row(
        seen,
        f"{BASE}/reports/{seen.code}?queue={queue}%26at%3D{cursor_of(seen)}",
        clock(
            parts.rules.calendar,
            lang,
            now,
            status=seen.status,
            due_at=seen.directed_due_at or seen.due_at,
            paused=paused and seen.directed_due_at is None,
            handling=seen.handling,
        ),
        t(f"reports.status_{seen.status}", lang),
        category_name(parts.rules, seen.category, lang),
        seen.body if len(seen.body) <= _SHOWN else f"{seen.body[:_SHOWN].rsplit(' ', 1)[0]}…",
        ", ".join(part for part in (seen.address, seen.commune_name) if part),
        (seen.agency_en if lang == "en" else "") or seen.agency,
        t(f"console.channel_{seen.channel}", lang),
        t(f"queue.rating_{seen.rating}", lang) if seen.rating else "",
        own_url(parts.settings.secret_key, _PHOTOS, seen.photo, "small") if seen.photo else "",
        due is not None and seen.first_answered_at is None and not seen.finished and due < now,
    )


def choices_of(request: Req, actor: Actor, tab: str) -> Choices:
    """Only what the reader may see: within the account's categories and communes. Worked out once for all whose choices
    are the same: going through every commune of the country is a tenth of what a page costs."""
    parts, lang = console(request).parts, lang_of(request)
    agencies = None if actor.sees_all else actor.agencies
    key = (parts.rules.version, parts.gazetteer, lang, tab, agencies, actor.categories, actor.communes)
    if key not in _CHOICES:
        if len(_CHOICES) >= _CHOICES_MOST:
            _CHOICES.clear()
        _CHOICES[key] = _choices(parts, lang, actor, tab)
    return _CHOICES[key]


def _choices(parts: Parts, lang: Lang, actor: Actor, tab: str) -> Choices:
    rules = parts.rules
    communes = [
        (c.code, c.full_name)
        for c in parts.gazetteer.communes
        if c.province_code == rules.province_code and (not actor.communes or c.code in actor.communes)
    ]
    return Choices(
        [(status, t(f"reports.status_{status}", lang)) for status in statuses_of(tab)],
        _categories(rules, actor, lang),
        sorted(communes, key=lambda each: each[1]),
        _agencies(parts, actor, lang),
        [(each, t(f"console.urgency_{each}", lang)) for each in get_args(Urgency)],
        [(each, t(f"console.channel_{each}", lang)) for each in get_args(Channel)],
        [(str(each), t(f"queue.rating_{each}", lang)) for each in Rating],
    )


def _categories(rules: RuleSet, actor: Actor, lang: Lang) -> list[tuple[str, list[Choice]]]:
    groups: dict[str, list[Choice]] = {}
    for category in rules.categories.values():
        if not actor.categories or category.category_id in actor.categories:
            group = rules.groups[category.group_id]
            name = category.name_en if lang == "en" else category.name
            groups.setdefault(group.name_en if lang == "en" else group.name, []).append((category.category_id, name))
    return list(groups.items())


def _agencies(parts: Parts, actor: Actor, lang: Lang) -> list[Choice]:
    """By name; commune offices are agencies too."""
    rules = parts.rules
    if actor.sees_all:
        offices = [c.code for c in parts.gazetteer.communes if c.province_code == rules.province_code]
        known = {*rules.agencies, *(commune_office_id(code) for code in offices)}
    else:
        known = set(actor.agencies) if len(actor.agencies) > 1 else set()
    teller = Teller(rules, parts.gazetteer, lang)
    return sorted(((each, teller.agency(each)) for each in known), key=lambda each: each[1])
