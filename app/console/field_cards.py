"""What an officer's phone keeps of a case, to be read without signal: enough to find it, do it and answer, and nothing
of whoever reported it. Words are masked as for the public."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct, structs

from app.accounts.model import Actor, Agency
from app.casefile.words import Answered, agency_name, answers_of, category_name, status_word
from app.i18n import Lang
from app.reports.masking import mask
from app.reports.model import Picture, Report, Stage, Status, Urgency
from app.reports.workflow import MOVES, Act, acts_for
from app.routing.ruleset import RuleSet

ACTS = (Act.CLAIM, Act.START, Act.PROGRESS, Act.RESOLVE, Act.ASK, Act.RETURN, Act.NOTE)
"""What makes sense where the thing itself is, in the order of a visit."""
OPEN = (Status.ASSIGNED, Status.IN_PROGRESS, Status.AWAITING_INFO)
_PHOTOS_SHOWN = 4


class Photo(Struct, frozen=True):
    photo_id: UUID
    stage: Stage


class Card(Struct, frozen=True, kw_only=True):
    """``acts``: what this person may do to it now. ``due_at``: of a leader's open direction where that comes first."""

    code: str
    version: int
    status: Status
    status_word: str
    category: str
    icon: str
    text: str
    answers: list[Answered]
    address: str
    commune: str
    lat: float | None
    lon: float | None
    approximate: bool
    agency: str
    assignee: str
    mine: bool
    urgency: Urgency
    directed: bool
    due_at: datetime
    paused: bool
    photos: list[Photo]
    acts: list[Act]


class Kind(Struct, frozen=True):
    """An act as the phone's form needs it. ``to``: the status afterwards, where it changes."""

    act: Act
    needs: list[str]
    to: Status | None


def kinds() -> list[Kind]:
    return [Kind(act, [str(need) for need in MOVES[act].needs], MOVES[act].to) for act in ACTS]


def acts_now(actor: Actor, report: Report) -> list[Act]:
    allowed = set(acts_for(actor, report))
    return [act for act in ACTS if act in allowed]


def acts_then(actor: Actor, report: Report) -> dict[Status, list[Act]]:
    """What this person might do next, by the status that an act kept on the phone will lead to."""
    then = {move.to for act in ACTS if (move := MOVES[act]).to is not None}
    return {status: acts_now(actor, structs.replace(report, status=status)) for status in sorted(then)}


def card(
    actor: Actor,
    found: tuple[Report, Sequence[Picture]],
    rules: RuleSet,
    names: Mapping[UUID, str],
    agencies: Mapping[str, Agency],
    lang: Lang,
) -> Card:
    report, pictures = found
    category = rules.categories.get(report.category)
    directed = report.directed_due_at is not None
    due_at = min(report.due_at, report.directed_due_at) if report.directed_due_at else report.due_at
    return Card(
        code=report.code,
        version=report.version,
        status=report.status,
        status_word=status_word(report.status, lang),
        category=category_name(rules, report.category, lang),
        icon=category.icon if category else "",
        text=mask(report.body, lang),
        answers=answers_of(rules, report, lang),
        address=mask(report.address, lang),
        commune=report.commune_name,
        lat=report.lat,
        lon=report.lon,
        approximate=report.place_approximate,
        agency=agency_name(agencies, report.agency_id, lang),
        assignee=names.get(report.assignee_id, "") if report.assignee_id else "",
        mine=report.assignee_id == actor.id,
        urgency=report.urgency,
        directed=directed,
        due_at=due_at,
        paused=report.paused_at is not None,
        photos=[Photo(one.photo_id, one.stage) for one in _shown(pictures)],
        acts=acts_now(actor, report),
    )


def _shown(pictures: Sequence[Picture]) -> Iterable[Picture]:
    return pictures[:_PHOTOS_SHOWN]
