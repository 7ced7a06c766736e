"""Partners: other Open311 servers, which of our reports are sent to them, and what is made of their news. No I/O."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from app.partners.answers import Attribute, Service
from app.reports.model import TEXT_MAX, Report, Status
from app.reports.workflow import WORK
from app.routing.model import Category

Repeat = Literal["ask", "lists", "key"]
State = Literal["waiting", "posting", "unknown", "token", "sent", "withheld", "person"]
Reason = Literal[
    "", "refused", "unsure", "gave_up", "reopened", "unmapped", "overtaken", "private", "from_elsewhere", "left"
]
WAITING: tuple[Reason, ...] = ("refused", "unsure", "gave_up", "reopened", "unmapped")
"""Why something may wait for a person."""
ALL_AGAIN: frozenset[Reason] = frozenset({"refused", "gave_up", "unmapped"})
"""What may be sent again in one go: nothing of it can be there already."""
REPEATS: tuple[Repeat, ...] = ("ask", "lists", "key")
STATES: tuple[State, ...] = ("person", "waiting", "posting", "unknown", "token", "sent", "withheld")

CODE = "#code"
"""Instead of a question: our own mark."""
WAITS = tuple(timedelta(seconds=each) for each in (10, 60, 300, 900, 3600, 7200, 14400, 28800, 43200, 86400))
"""Before each further attempt; two days and a half in all."""
HOLDS = tuple(timedelta(seconds=each) for each in (0, 1, 10, 30, 60, 120, 300, 600, 900))
"""For how long a partner that is in trouble is left alone, longer each time; the last one from then on."""
_HOLDS_AT_ONCE = 2
"""Where those begin who did not take anything in: one that stumbles over a request may take the next."""
LOOKS = tuple(timedelta(seconds=each) for each in (5, 60, 600))
"""Before each look for a request of which nobody knows whether it arrived: lists may be a little behind."""
TEXT_MOST = 200
"""Characters of what another system calls something."""
_JITTER = 0.2
_THEIR_WORDS_MOST = 3000
_MARK = re.compile(r"\[PA-[0-9A-Z]{4}-[0-9A-Z]{4}(?:/\d+)? \| [^\]\n]{1,253}\]")


class Fill(Struct, frozen=True):
    """What an attribute is filled with: the answer to our question ``source`` (``answers``: answer id → what they
    take), our mark (``CODE``), or, without or where that is not known, ``fixed``."""

    source: str = ""
    fixed: str = ""
    answers: Mapping[str, str] = {}


class Mapped(Struct, frozen=True):
    """Where reports of a category go."""

    category: str
    service_code: str
    service_name: str
    attributes: tuple[Attribute, ...] = ()
    fills: Mapping[str, Fill] = {}


class Partner(Struct, frozen=True, kw_only=True):
    """``url`` as it was typed; ``endpoint`` and ``form`` as the server says. ``originals``: reporters' own words and
    exact places are sent, not the public copy. ``has_key``: what the key is, only the sender reads. ``held_until``: it
    is left alone until then, for the ``holds``th time in a row."""

    partner_id: UUID
    name: str
    url: str
    endpoint: str
    form: Literal["json", "xml"]
    jurisdiction: str
    has_key: bool
    agency_id: str
    originals: bool
    repeat: Repeat
    active: bool
    services: tuple[Service, ...]
    services_at: datetime | None
    has_updates: bool
    updates_since: datetime | None
    pulled_at: datetime | None
    failing_since: datetime | None
    failure: str
    held_until: datetime | None = None
    holds: int = 0
    created_at: datetime
    created_by: str


class Health(Struct, frozen=True):
    """How it goes with a partner: for how many seconds it has been failing, how many reports wait for a person and to
    be sent, and by how many seconds the first of those is late."""

    name: str
    active: bool
    failing: float
    person: int
    queued: int
    late: float


class Push(Struct, frozen=True, kw_only=True):
    """A report on its way to a partner, or there. ``number`` is the partner's own."""

    partner_id: UUID
    report_id: UUID
    round: int
    state: State
    reason: Reason
    sent: Mapping[str, Any]
    number: str | None
    token: str | None
    notice: str
    their_status: str
    their_words: str
    their_at: datetime | None
    tries: int
    looks: int
    next_at: datetime
    posted_at: datetime | None
    sent_at: datetime | None
    error: str
    created_at: datetime
    updated_at: datetime
    code: str = ""


class Settled(Struct, frozen=True, kw_only=True):
    """What a push has become. None: as it was."""

    state: State
    reason: Reason = ""
    error: str = ""
    next_at: datetime | None = None
    number: str | None = None
    token: str | None = None
    notice: str | None = None
    tries: int | None = None
    looks: int | None = None


class News(Struct, frozen=True):
    """What a partner says of a request. ``source``: the same for the same news; ``media``: a photo that came with it;
    ``quiet``: that the request has arrived, which nobody need be told."""

    source: str
    status: Literal["open", "closed"]
    words: str
    at: datetime | None
    media: str = ""
    quiet: bool = False


def mark(code: str, round_: int, host: str) -> str:
    """By which a request of ours is known again, at the partner and here."""
    return f"[{code}{f'/{round_}' if round_ > 1 else ''} | {host}]"


def is_marked(text: str) -> bool:
    """Whether the words came from such a system already."""
    return _MARK.search(text) is not None


def why_not(report: Report, partner: Partner, mapped: Mapped | None) -> Reason:
    """Why a report is not sent; "" when it is."""
    if report.agency_id != partner.agency_id or report.status not in WORK | {Status.AWAITING_INFO}:
        return "overtaken"
    if report.visibility == "private":
        return "private"
    if report.channel == "open311" and is_marked(report.body):
        return "from_elsewhere"
    return "" if mapped else "unmapped"


def described(words: str, own_mark: str) -> str:
    """No longer than the specification allows."""
    return f"{words[: TEXT_MAX - len(own_mark) - 2].rstrip()}\n{own_mark}"


def filled(mapped: Mapped, category: Category | None, given: Mapping[str, str], own_mark: str) -> list[tuple[str, str]]:
    """The attributes as a form has them. ``given``: the report's answers, question id → answer id."""
    fields = []
    for attribute in mapped.attributes:
        fill = mapped.fills.get(attribute.code, Fill())
        value = fill.fixed
        if fill.source == CODE:
            value = own_mark
        elif fill.source and fill.source in given:
            answer = given[fill.source]
            question = category.questions.get(fill.source) if category else None
            named = question.answers[answer][0] if question and answer in question.answers else ""
            value = fill.answers.get(answer) or ("" if attribute.chosen else named) or value
        if value:
            many = "[]" if attribute.datatype == "multivaluelist" else ""
            fields.append((f"attribute[{attribute.code}]{many}", value))
    return fields


def unfilled(attributes: Sequence[Attribute], fills: Mapping[str, Fill]) -> list[Attribute]:
    """Attributes that the partner demands and for which a report may have nothing."""
    return [
        one
        for one in attributes
        if one.required and not fills.get(one.code, Fill()).fixed and fills.get(one.code, Fill()).source != CODE
    ]


def wrongly(attributes: Sequence[Attribute], fills: Mapping[str, Fill]) -> list[Attribute]:
    """Lists that are filled with what is not in them."""
    given = {code: {fill.fixed, *fill.answers.values()} - {""} for code, fill in fills.items()}
    return [one for one in attributes if one.chosen and given.get(one.code, set()) - set(one.values)]


def wait(tries: int, after: timedelta | None, waits: Sequence[timedelta] = WAITS) -> timedelta | None:
    """Until the next attempt after so many; None: no more."""
    if tries > len(waits):
        return None
    usual = waits[tries - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # spreads load, hides nothing
    return max(usual, min(after, timedelta(days=1))) if after else usual


def hold(
    before: int, after: timedelta | None, holds: Sequence[timedelta] = HOLDS, *, stumbled: bool = False
) -> timedelta:
    """For how long a partner is left alone that was put off so many times before. ``after``: as it asks itself;
    ``stumbled``: it may have taken the request in all the same."""
    place = before if stumbled else before + _HOLDS_AT_ONCE
    usual = holds[min(place, len(holds) - 1)] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # as above
    return max(usual, min(after, timedelta(days=1))) if after else usual


def short(words: str) -> str:
    return words if len(words) <= _THEIR_WORDS_MOST else words[: _THEIR_WORDS_MOST - 1].rstrip() + "…"
