"""Random lives of reports, by the very effects that real ones have, without a database: for comparing counts."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import structs

from app.accounts.model import SYSTEM, Actor
from app.db import Conn
from app.errors import AppError
from app.history.model import NO_HASH, Event, Fact, chain
from app.photos.model import StoredPhoto
from app.places.gazetteer import Gazetteer
from app.reports import intake, store
from app.reports.change import Change
from app.reports.clock import clock_of, proposal_of
from app.reports.effects import ALREADY, carry_out
from app.reports.model import Form, NewReport, Rating, Report, Urgency
from app.reports.service import _BY_RULES
from app.reports.workflow import Act, Move, acts_for, check
from app.routing.ruleset import RuleSet
from tests import small_world as world

PHOTO = StoredPhoto("ab" * 32, 1, 640, 480, 1000, "image/jpeg", None, None, None)
ACTORS = (*world.STAFF, world.CITIZEN, SYSTEM)
AGENCIES = ("roads", "power", "police", "ubnd-32002")
CATEGORIES = ("pothole", "street-light", "noise", "litter", "other")
URGENCIES: tuple[Urgency, ...] = ("urgent", "normal", "complex")
EVENT = ("report_id", "seq", "kind", "at", "actor_kind", "actor_id", "data", "hash")
_APART = frozenset({Act.DETACH, Act.SPLIT, Act.REPORT_BACK, Act.LIFT_DIRECTION, Act.CONFIRM_PROOF})
"""Acts on things that these lives do not have."""
_COMMUNES = tuple(c for code in (world.AN_XUYEN, world.TAN_THANH) if (c := world.GAZETTEER.commune(code)))
_TARGET = world.bare(report_id=UUID(int=101))


def life(dice: random.Random, acts: int = 14, begin: datetime = world.MONDAY) -> tuple[Report, list[Event]]:
    """A report with up to so many acts, and its history."""
    report, events = _filed(dice, begin + timedelta(minutes=dice.randrange(60 * 24 * 20)))
    at = report.submitted_at
    for _ in range(dice.randrange(acts + 1)):
        at += timedelta(minutes=dice.choice((0, 5, 90, 600, 3_000, 9_000)), seconds=dice.randrange(60))
        actor = dice.choice(ACTORS)
        possible = [act for act in acts_for(actor, report) if act not in _APART and _sound(actor, report)]
        if possible:
            report, events = _done(dice, dice.choice(possible), actor, report, events, at)
    return report, events


def _filed(dice: random.Random, at: datetime) -> tuple[Report, list[Event]]:
    new = world.new(category=dice.choice(CATEGORIES), channel=dice.choice(("telegram", "web", "hotline")))
    return filed(world.RULES, world.GAZETTEER, dice, new, at)


def filed(
    rules: RuleSet, gazetteer: Gazetteer, dice: random.Random, new: NewReport, at: datetime
) -> tuple[Report, list[Event]]:
    """A report as intake would file it, and the beginning of its history."""
    new, located = intake._examine(rules, gazetteer, new)
    decision = rules.decide(intake.facts_for(new, located, new.category, at))
    desk = rules.coordinator_id if new.to_desk or decision.agency_id == rules.coordinator_id else None
    report = intake.row_of(new, located, decision, desk, at)
    report = structs.replace(report, report_id=UUID(int=dice.getrandbits(128)))
    facts = intake._facts_of_intake(report, decision, new)
    events = chain(report.report_id, (0, NO_HASH), facts, at=at, actor=("citizen", None))
    return structs.replace(report, last_seq=len(events), last_hash=events[-1].hash), events


def _sound(actor: Actor, report: Report) -> bool:
    """The agency's people act while the agency has it; the others as the table says."""
    return actor.kind != "staff" or actor.sees_all or actor.may_see(report)


def _done(
    dice: random.Random, act: Act, actor: Actor, report: Report, events: list[Event], at: datetime
) -> tuple[Report, list[Event]]:
    return acted(world.RULES, act, actor, report, events, at, _form(dice, act, check(act, actor, report), report, at))


def acted(
    rules: RuleSet, act: Act, actor: Actor, report: Report, events: list[Event], at: datetime, form: Form
) -> tuple[Report, list[Event]]:
    """The report and its history after the act; as they were, where the act is refused or changes nothing."""
    if act in ALREADY and ALREADY[act](report, form):
        return report, events
    change = Change(seen=report, report=report, actor=actor, form=form, at=at, rules=rules)
    change.target, change.supervisor = _TARGET, "roads"
    if act in _BY_RULES:
        change.clock, change.proposal = clock_of(events), proposal_of(events)
    try:
        carry_out(act, change)
    except AppError:
        return report, events
    return noted(change.report, events, change.facts, actor, at)


def noted(
    report: Report, events: list[Event], facts: list[Fact], actor: Actor, at: datetime
) -> tuple[Report, list[Event]]:
    """The facts as the next version of the report, behind its history."""
    more = chain(report.report_id, (report.last_seq, report.last_hash), facts, at=at, actor=(actor.kind, actor.id))
    after = structs.replace(
        report, updated_at=at, version=report.version + 1, last_seq=more[-1].seq, last_hash=more[-1].hash
    )
    return after, [*events, *more]


def _form(dice: random.Random, act: Act, move: Move, report: Report, at: datetime) -> Form:
    given: dict[str, Any] = {"text": "Lời nhắn."}
    if "agency" in move.needs:
        given["agency_id"] = dice.choice([a for a in AGENCIES if a != report.agency_id])
        given["category"] = dice.choice((None, *CATEGORIES)) if act is Act.ASSIGN else None
    if "matter" in move.needs:
        given["category"] = dice.choice([c for c in CATEGORIES if c != report.category])
        given["commune"] = dice.choice((None, *_COMMUNES))
    if "urgency" in move.needs:
        given["urgency"] = dice.choice(URGENCIES)
    if "later" in move.needs:
        given["days"] = dice.randrange(1, 20)
    if "proof" in move.needs or "photos" in move.needs:
        given["photos"] = (PHOTO,)
    if "colleague" in move.needs:
        there = [each.id for each in world.STAFF if each.agency_id == report.agency_id]
        given["colleague"] = dice.choice(there or [world.OFFICER.id])
    if "rating" in move.needs:
        given["rating"] = dice.choice(list(Rating))
    given["due"] = None
    return Form(**given)


async def keep(conn: Conn, lives: Iterable[tuple[Report, list[Event]]]) -> None:
    """Write reports and histories into the database as they are, past the verbs."""
    reports: list[Report] = []
    events: list[Event] = []
    for number, (report, history) in enumerate(lives):
        # Into which other one a report was merged does not matter.
        into = None if report.duplicate_of is None else reports[-1].report_id
        code = f"PA-{number // 10_000:04d}-{number % 10_000:04d}"
        reports.append(structs.replace(report, code=code, duplicate_of=into))
        events += history
    columns = [name for name in store._COLUMNS if name != "answers"]  # nobody was asked anything
    await conn.copy_records_to_table(
        "reports",
        columns=[*columns, "secret_hash", "search_text"],
        records=[(*(getattr(report, name) for name in columns), bytes(32), "") for report in reports],
    )
    await conn.execute(
        """
        INSERT INTO report_events (report_id, seq, kind, at, actor_kind, actor_id, data, hash)
        SELECT * FROM unnest($1::uuid[], $2::int[], $3::text[], $4::timestamptz[], $5::text[], $6::uuid[], $7::jsonb[],
                             $8::bytea[])
        """,
        *([getattr(e, column) for e in events] for column in EVENT),
    )
