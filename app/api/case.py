"""What members of staff see of a report: the queue's rows and the whole case. Who reported it is in neither."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, convert

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
)
from app.casefile import service as casefile
from app.casefile.model import By, CaseFile, FirstAnswer, Told, finished, first_answer, overdue
from app.casefile.proving import lines, may_know_codes
from app.casefile.words import answers_of, sentence, status_word
from app.history.model import Event
from app.i18n import Lang
from app.reports.model import (
    Adder,
    Audience,
    Message,
    MessageKind,
    Rating,
    Report,
    ReporterKind,
    Stage,
    Status,
    Urgency,
)
from app.reports.proof import PhotoFacts, Taken, Use, Where
from app.reports.workflow import Act
from app.routing.limits import parse_limit
from app.routing.service import RuleSet
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


class Answered(Struct):
    """What the reporter answered to an extra question of the category. Names as the rules have them now; the ids where
    they have none any more."""

    question: Named
    answer: Named


class UsedBefore(Struct):
    """Where else a photo was seen. ``code`` only for those who see every report; ``same``: the very file, else one
    that looks the same."""

    how: Use
    code: str | None
    same: bool


class PhotoProof(Struct):
    """What is known of a photo that proves a result. ``metres`` from the report's place; ``doubts``: what is odd about
    it; ``words``: all of it in sentences."""

    taken: Taken
    taken_at: datetime | None
    where: Where
    metres: int | None
    used: list[UsedBefore]
    doubts: list[str]
    words: list[str]


class CaseAttachment(Struct):
    """A file that staff put into the case; seen by staff alone. ``proof``: it proves the result. ``link``: the bytes as
    they came, to be saved."""

    attachment_id: UUID
    name: str
    content_type: str
    size_bytes: int
    pages: Annotated[int, Doc(description="Of a PDF; 0 for a picture.")]
    proof: bool
    at: datetime
    by: By
    link: str


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
    proof: Annotated[PhotoProof | None, Doc(description="Of a photo that was brought with a result.")]


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


class PartView(Struct):
    """A part of a split report, with the agency that has it."""

    code: str
    status: Status
    agency: Named
    due_at: datetime


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
    part_of: Annotated[str | None, Doc(description="The report that this one is a part of.")]
    parts: Annotated[list[PartView], Doc(description="What this report was split into.")]
    rating: Rating | None
    voices: Voices
    follower_ratings: FollowerRatings
    recordings: Annotated[int, Doc(description="Voice messages the reporter left; coordinators may hear them.")]
    photos: list[CasePhoto]
    attachments: list[CaseAttachment]
    proof_doubts: Annotated[
        list[str], Doc(description="What is odd about the proof of the result, until a coordinator has looked at it.")
    ]
    messages: list[CaseMessage]
    history: list[CaseEvent]
    notifications: list[Told]
    acts: list[Act]


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
            overdue(row.due_at, row.paused_at, Status(row.status), now),
            row.voices,
            await photo_link(ctx, row.photo, "small") if row.photo else None,
        )
        for row in rows
    ]


def _person(staff_id: UUID | None, names: Mapping[UUID, str]) -> Named | None:
    return Named(str(staff_id), names.get(staff_id, "")) if staff_id else None


def _deadline(report: Report, lang: Lang) -> Deadline:
    now = datetime.now(UTC)
    running = report.paused_at is None and not finished(report.status)
    return Deadline(
        report.intake_due_at,
        first_answer(report.first_answer_due_at, report.first_answered_at, report.status, now),
        report.due_at,
        parse_limit(report.handling).words(lang),
        report.paused_at,
        overdue(report.due_at, report.paused_at, report.status, now),
        int((report.due_at - now).total_seconds()) if running else None,
        report.extension_wanted,
        report.extended_to,
    )


def _why(case: CaseFile) -> WhyAgency:
    return WhyAgency(case.why.rule, case.why.rule_set, list(case.why.reasons), case.why.by)


def _proposal(case: CaseFile, agencies: Mapping[str, Agency], lang: Lang) -> ProposalView | None:
    proposal = case.proposal
    if proposal is None:
        return None
    return ProposalView(
        agency_view(agencies, proposal.agency_id, lang),
        [agency_view(agencies, each, lang) for each in proposal.co_agencies],
        proposal.rule,
        proposal.rule_set,
        list(proposal.reasons),
    )


async def _photos(ctx: Context, actor: Actor, case: CaseFile, lang: Lang) -> list[CasePhoto]:
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
            f"{ctx.root}/staff/reports/{case.report.code}/photos/{p.photo_id}/original",
            _proof(case.proven.get(p.sha256), actor, lang) if p.stage == "after" else None,
        )
        for p in case.pictures
    ]


def _proof(facts: PhotoFacts | None, actor: Actor, lang: Lang) -> PhotoProof | None:
    if facts is None:
        return None
    known = may_know_codes(actor)
    return PhotoProof(
        facts.taken,
        facts.taken_at,
        facts.where,
        facts.metres,
        [UsedBefore(used.how, used.code if known else None, used.same) for used in facts.used],
        list(facts.doubts),
        [line.text for line in lines(facts, actor, lang)],
    )


def _attachments(ctx: Context, case: CaseFile) -> list[CaseAttachment]:
    return [
        CaseAttachment(
            file.attachment_id,
            file.name,
            file.content_type,
            file.size_bytes,
            file.pages,
            file.proof,
            file.at,
            By("staff", case.names.get(file.added_by)),
            f"{ctx.root}/staff/reports/{case.report.code}/attachments/{file.attachment_id}",
        )
        for file in case.attachments
    ]


def _message(case: CaseFile, said: Message) -> CaseMessage:
    return CaseMessage(said.message_id, said.at, said.kind, case.who_said(said), said.visibility, said.body)


def _event(case: CaseFile, event: Event, agencies: Mapping[str, Agency], lang: Lang) -> CaseEvent:
    return CaseEvent(
        event.seq,
        event.at,
        event.kind,
        sentence(event, agencies, lang, case.names),
        case.who_did(event),
        UUID(event.data["message_id"]) if event.data.get("message_id") else None,
    )


def _answered(rules: RuleSet, report: Report, lang: Lang) -> list[Answered]:
    return [
        Answered(Named(each.question_id, each.question), Named(each.answer_id, each.answer))
        for each in answers_of(rules, report, lang)
    ]


async def case_view(ctx: Context, actor: Actor, report: Report, lang: Lang) -> CaseView:
    """Read and put together the case as this member of staff may see it. The caller has checked that they may."""
    async with ctx.parts.pool.acquire() as conn:
        case = await casefile.read(conn, actor, report)
    agencies = await ctx.agencies.all([report.agency_id, *case.calls])
    return CaseView(
        report.code,
        report.version,
        report.status,
        status_word(report.status, lang),
        category_view(ctx.parts.rules, report.category, lang),
        report.body,
        _answered(ctx.parts.rules, report, lang),
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
        _why(case),
        _proposal(case, agencies, lang),
        [agency_view(agencies, each, lang) for each in case.calls],
        list(case.report.tags),
        agency_view(agencies, report.supervisor_id, lang) if report.supervisor_id else None,
        _person(report.assignee_id, case.names),
        report.urgency,
        report.visibility,
        report.published_at,
        report.submitted_at,
        report.assigned_at,
        report.resolved_at,
        report.ended_at,
        _deadline(report, lang),
        report.handovers,
        case.original,
        case.whole.code if case.whole else None,
        [PartView(one.code, one.status, agency_view(agencies, one.agency_id, lang), one.due_at) for one in case.parts],
        report.rating,
        case.voices,
        FollowerRatings(**{str(rating): count for rating, count in case.ratings.items()}),
        case.recordings,
        await _photos(ctx, actor, case, lang),
        _attachments(ctx, case),
        list(report.proof_doubts),
        [_message(case, said) for said in case.messages],
        [_event(case, event, agencies, lang) for event in case.events],
        case.told,
        case.acts,
    )
