"""What members of staff see of a report, put together: the queue's rows and the whole case."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from msgspec import convert

from app.accounts.model import Actor, Agency
from app.api.case_shapes import (
    Answered,
    CaseAttachment,
    CaseEvent,
    CaseMessage,
    CasePhoto,
    CaseView,
    Deadline,
    FollowerRatings,
    PartView,
    PhotoProof,
    ProposalView,
    QueueItem,
    UsedBefore,
    WhyAgency,
)
from app.api.context import Context
from app.api.views import (
    Named,
    PlaceView,
    agency_view,
    category_view,
    commune_view,
    photo_link,
)
from app.casefile import service as casefile
from app.casefile.model import By, CaseFile, finished, first_answer, overdue
from app.casefile.proving import lines, may_know_codes
from app.casefile.words import answers_of, sentence, status_word
from app.history.model import Event
from app.i18n import Lang
from app.reports.model import (
    Message,
    Report,
    Status,
    Urgency,
)
from app.reports.proof import PhotoFacts
from app.routing.limits import parse_limit
from app.routing.service import RuleSet
from app.worklist.model import QueueRow


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
            list(row.tags),
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
