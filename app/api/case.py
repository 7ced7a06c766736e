"""What members of staff see of a report: the queue's rows and the whole case. Who reported it is in neither."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct, convert

from app.accounts import service as accounts
from app.accounts.model import Actor, Agency
from app.api.context import Context
from app.api.views import (
    Named,
    PlaceView,
    Voices,
    agency_view,
    category_view,
    commune_view,
    photo_link,
    sentence,
    status_word,
)
from app.api.waiting import Answered, FirstAnswer, answers_of, finished, first_answer
from app.history import service as history
from app.history.model import Event, Kind
from app.i18n import Lang
from app.notify import service as notify
from app.reports import following
from app.reports import service as reports
from app.reports.calling import decided
from app.reports.clock import proposal_of
from app.reports.model import (
    Adder,
    Audience,
    Message,
    MessageKind,
    Picture,
    Rating,
    Report,
    ReporterKind,
    Stage,
    Status,
    Urgency,
)
from app.reports.workflow import Act, acts_for
from app.routing.limits import parse_limit
from app.worklist.model import QueueRow

Doc = Meta


class QueueItem(Struct):
    """A report as a queue shows it."""

    code: str
    version: int
    status: Status
    status_word: str
    category: Named
    text: str
    commune: str
    address: str
    agency: Named
    assignee: Named | None
    urgency: Urgency
    submitted_at: datetime
    due_at: datetime
    first_answer: FirstAnswer
    paused_at: datetime | None
    overdue: bool
    voices: Voices
    photo: Annotated[str | None, Doc(description="Link to the first photo, 320 pixels.")]


class QueuePage(Struct):
    """Soonest deadline first. ``next`` is the cursor of the following page, null on the last."""

    items: list[QueueItem]
    next: str | None


class Deadline(Struct):
    """The clock. ``limit`` in words; ``left_seconds`` of the calendar clock, negative when overdue; null when the
    clock does not run (paused or finished). ``extension_wanted``: what the agency asks for and no coordinator has
    answered; ``extended_to``: what was granted."""

    intake_due_at: datetime
    first_answer: FirstAnswer
    due_at: datetime
    limit: str
    paused_at: datetime | None
    overdue: bool
    left_seconds: int | None
    extension_wanted: datetime | None
    extended_to: datetime | None


class CasePhoto(Struct):
    """``original`` is the file as it came, with the camera's time and place: evidence, for staff on the case alone."""

    photo_id: UUID
    stage: Stage
    at: datetime
    by: Adder
    width: int
    height: int
    small: str
    large: str
    original: str


class By(Struct):
    """Who: the reporter or a follower (never by name), a member of staff, or the system."""

    kind: Literal["citizen", "follower", "staff", "system"]
    name: str | None = None


class CaseMessage(Struct):
    message_id: UUID
    at: datetime
    kind: MessageKind
    by: By
    audience: Annotated[Audience, Doc(description="Who may read it: everybody, the reporter, or staff alone.")]
    text: str


class CaseEvent(Struct):
    """A fact of the history. ``message_id`` names the words said on the occasion."""

    seq: int
    at: datetime
    what: str
    words: str
    by: By
    message_id: UUID | None


class Told(Struct):
    """A message that went out, or did not: by event, channel and what became of it; never to whom."""

    seq: int
    channel: str
    template: str
    status: str
    attempts: int
    reason: str | None
    created_at: datetime
    updated_at: datetime


class WhyAgency(Struct):
    """Why this agency: the rule and its reasons, or the person who decided."""

    rule: str | None
    rule_set: str | None
    reasons: list[str]
    by: By


class ProposalView(Struct):
    """Who should have it by the rules, since category or place were corrected, and why. Assigning it there accepts the
    proposal."""

    agency: Named
    co_agencies: list[Named]
    rule: str
    rule_set: str
    reasons: list[str]


class FollowerRatings(Struct):
    """How many followers think what of the result that stands now. The reporter's own word is ``rating``."""

    satisfied: int = 0
    acceptable: int = 0
    dissatisfied: int = 0


class CaseView(Struct):
    """The whole case. ``version`` goes along with every act; ``acts`` are those the caller may do now."""

    code: str
    version: int
    status: Status
    status_word: str
    category: Named
    text: str
    answers: list[Answered]
    reporter_kind: ReporterKind
    channel: str
    lang: str
    place: PlaceView
    agency: Named
    why_agency: WhyAgency
    proposal: Annotated[
        ProposalView | None, Doc(description="Open since category or place were corrected, until it is handed on.")
    ]
    calls: Annotated[list[Named], Doc(description="Agencies that the rules call at once.")]
    tags: list[str]
    supervisor: Named | None
    assignee: Named | None
    urgency: Urgency
    visibility: Literal["public", "private"]
    published_at: datetime | None
    submitted_at: datetime
    assigned_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    deadline: Deadline
    handovers: int
    original: Annotated[str | None, Doc(description="The report this one was merged into.")]
    rating: Rating | None
    voices: Voices
    follower_ratings: FollowerRatings
    recordings: Annotated[int, Doc(description="Voice messages the reporter left; coordinators may hear them.")]
    photos: list[CasePhoto]
    messages: list[CaseMessage]
    history: list[CaseEvent]
    notifications: list[Told]
    acts: list[Act]


def _overdue(due_at: datetime, paused_at: datetime | None, finished: bool, now: datetime) -> bool:
    return paused_at is None and not finished and due_at < now


async def queue_items(
    ctx: Context, rows: Iterable[QueueRow], agencies: Mapping[str, Agency], names: Mapping[UUID, str], lang: Lang
) -> list[QueueItem]:
    now = datetime.now(UTC)
    return [
        QueueItem(
            row.code,
            row.version,
            Status(row.status),
            status_word(row.status, lang),
            category_view(ctx.parts.rules, row.category, lang),
            row.body,
            row.commune_name,
            row.address,
            agency_view(agencies, row.agency_id, lang),
            _person(row.assignee_id, names),
            convert(row.urgency, Urgency),
            row.submitted_at,
            row.due_at,
            first_answer(row.first_answer_due_at, row.first_answered_at, Status(row.status), now),
            row.paused_at,
            _overdue(row.due_at, row.paused_at, finished(Status(row.status)), now),
            row.voices,
            await photo_link(ctx, row.photo, "small") if row.photo else None,
        )
        for row in rows
    ]


def _person(staff_id: UUID | None, names: Mapping[UUID, str]) -> Named | None:
    return Named(str(staff_id), names.get(staff_id, "")) if staff_id else None


_OF_FOLLOWERS = {Kind.FOLLOWED, Kind.UNFOLLOWED, Kind.VOICE_ADDED, Kind.FOLLOWER_RATED}


def _by(kind: str, actor_id: UUID | None, names: Mapping[UUID, str], *, follower: bool = False) -> By:
    """Staff by name. A citizen's id stays where it is."""
    if follower:
        return By("follower")
    if kind == "staff" and actor_id:
        return By("staff", names.get(actor_id))
    return By("citizen") if kind == "citizen" else By("system")


def _deadline(report: Report, lang: Lang) -> Deadline:
    now = datetime.now(UTC)
    running = report.paused_at is None and not finished(report.status)
    return Deadline(
        report.intake_due_at,
        first_answer(report.first_answer_due_at, report.first_answered_at, report.status, now),
        report.due_at,
        parse_limit(report.handling).words(lang),
        report.paused_at,
        _overdue(report.due_at, report.paused_at, finished(report.status), now),
        int((report.due_at - now).total_seconds()) if running else None,
        report.extension_wanted,
        report.extended_to,
    )


def _why(events: Iterable[Event], names: Mapping[UUID, str]) -> WhyAgency:
    """From the last event that chose an agency."""
    why = WhyAgency(None, None, [], By("system"))
    for event in events:
        chosen: dict[str, Any] = event.data.get("proposed") or event.data
        if "agency" in chosen or "supervisor" in chosen:
            by = By("system") if "rule" in chosen else _by(event.actor_kind, event.actor_id, names)
            grounds = chosen.get("accepts", chosen)
            why = WhyAgency(grounds.get("rule"), grounds.get("rule_set"), list(grounds.get("reasons", ())), by)
    return why


def _proposal(events: Iterable[Event], agencies: Mapping[str, Agency], lang: Lang) -> ProposalView | None:
    proposal = proposal_of(events)
    if proposal is None:
        return None
    return ProposalView(
        agency_view(agencies, proposal["agency"], lang),
        [agency_view(agencies, each, lang) for each in proposal["co_agencies"]],
        proposal["rule"],
        proposal["rule_set"],
        proposal["reasons"],
    )


def _recordings(events: Iterable[Event]) -> int:
    erased = any(event.kind == Kind.DATA_ERASED for event in events)
    return 0 if erased else sum(len(event.data.get("sounds", ())) for event in events)


async def _photos(ctx: Context, report: Report, pictures: Iterable[Picture]) -> list[CasePhoto]:
    return [
        CasePhoto(
            p.photo_id,
            p.stage,
            p.at,
            p.added_by,
            p.width,
            p.height,
            await photo_link(ctx, p.sha256, "small"),
            await photo_link(ctx, p.sha256, "large"),
            f"{ctx.root}/staff/reports/{report.code}/photos/{p.photo_id}/original",
        )
        for p in pictures
    ]


def _messages(messages: Iterable[Message], names: Mapping[UUID, str]) -> list[CaseMessage]:
    return [
        CaseMessage(
            m.message_id,
            m.at,
            m.kind,
            _by(m.author_kind, m.author_id, names, follower=m.kind == "voice"),
            m.visibility,
            m.body,
        )
        for m in messages
    ]


def _event(event: Event, agencies: Mapping[str, Agency], names: Mapping[UUID, str], lang: Lang) -> CaseEvent:
    return CaseEvent(
        event.seq,
        event.at,
        event.kind,
        sentence(event, agencies, lang),
        _by(event.actor_kind, event.actor_id, names, follower=event.kind in _OF_FOLLOWERS),
        UUID(event.data["message_id"]) if event.data.get("message_id") else None,
    )


async def case_view(ctx: Context, actor: Actor, report: Report, lang: Lang) -> CaseView:
    """Read and put together the case as this member of staff may see it. The caller has checked that they may."""
    async with ctx.parts.pool.acquire() as conn:
        case = await reports.case(conn, report)
        events = await history.of_report(conn, report.report_id)
        told = await notify.ledger(conn, report.report_id)
        people = {e.actor_id for e in events if e.actor_kind == "staff" and e.actor_id} | {report.assignee_id}
        names = await accounts.staff_names(conn, [p for p in people if p])
        original = await reports.get(conn, report.duplicate_of) if report.duplicate_of else None
        voices, rated = await following.voices(conn, report), await following.ratings(conn, report)
    calls, tags = decided(events)
    agencies = await ctx.agencies.all([report.agency_id, *calls])
    return CaseView(
        report.code,
        report.version,
        report.status,
        status_word(report.status, lang),
        category_view(ctx.parts.rules, report.category, lang),
        report.body,
        answers_of(ctx.parts.rules, report, lang),
        report.reporter_kind,
        report.channel,
        report.lang,
        PlaceView(
            report.lat,
            report.lon,
            report.address,
            commune_view(report.commune_code, report.commune_name),
            report.place_approximate,
        ),
        agency_view(agencies, report.agency_id, lang),
        _why(events, names),
        _proposal(events, agencies, lang),
        [agency_view(agencies, each, lang) for each in calls],
        list(tags),
        agency_view(agencies, report.supervisor_id, lang) if report.supervisor_id else None,
        _person(report.assignee_id, names),
        report.urgency,
        report.visibility,
        report.published_at,
        report.submitted_at,
        report.assigned_at,
        report.resolved_at,
        report.ended_at,
        _deadline(report, lang),
        report.handovers,
        original.code if original else None,
        report.rating,
        voices,
        FollowerRatings(**{str(rating): count for rating, count in rated.items()}),
        _recordings(events),
        await _photos(ctx, report, case.pictures),
        _messages(case.messages, names),
        [_event(e, agencies, names, lang) for e in events],
        [convert({name: row[name] for name in Told.__struct_fields__}, Told) for row in told],
        acts_for(actor, report),
    )
