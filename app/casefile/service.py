"""Reading a case for a member of staff."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec import convert

from app.accounts import absence
from app.accounts import service as accounts
from app.accounts.model import Actor
from app.attachments import service as attachments
from app.casefile.model import CaseFile, Proposal, Told, why_agency
from app.db import Conn
from app.history import service as history
from app.history.model import Kind
from app.notify import service as notify
from app.reports import following, store_parts
from app.reports import service as reports
from app.reports.calling import decided
from app.reports.clock import proposal_of
from app.reports.model import Report
from app.reports.workflow import acts_for


async def read(conn: Conn, actor: Actor, report: Report) -> CaseFile:
    """The whole case as this member of staff may see it. The caller has checked that they may.

    Eight statements, one more for a report that somebody has, that was merged into another, or is split or a part, and
    where colleagues were called.
    """
    case = await reports.case(conn, report)
    events = await history.of_report(conn, report.report_id)
    files = await attachments.of_report(conn, report.report_id)
    told = await notify.ledger(conn, report.report_id)
    people = {e.actor_id for e in events if e.actor_kind == "staff" and e.actor_id} | {report.assignee_id}
    people |= {file.added_by for file in files} | {UUID(e.data["assignee"]) for e in events if "assignee" in e.data}
    deputy = None
    if report.assignee_id:
        deputy = (await absence.acting(conn, [report.assignee_id], datetime.now(UTC))).get(report.assignee_id)
    names = await accounts.staff_names(conn, [person for person in {*people, deputy} if person])
    called = {UUID(one) for event in events for one in event.data.get("mentions", ())}
    split = any(event.kind == Kind.SPLIT for event in events)
    original = await reports.get(conn, report.duplicate_of) if report.duplicate_of else None
    voices, ratings = await following.standing(conn, report)
    proposed = proposal_of(events)
    return CaseFile(
        report=report,
        messages=case.messages,
        pictures=case.pictures,
        attachments=files,
        public=case.public,
        events=events,
        told=[convert(row, Told) for row in told],
        names=names,
        deputy=names.get(deputy) if deputy else None,
        usernames=await accounts.usernames(conn, called),
        original=original.code if original else None,
        voices=voices,
        ratings=ratings,
        calls=decided(events)[0],
        why=why_agency(events, names),
        proposal=Proposal(
            proposed["agency"],
            tuple(proposed["co_agencies"]),
            proposed["rule"],
            proposed["rule_set"],
            tuple(proposed["reasons"]),
        )
        if proposed
        else None,
        acts=acts_for(actor, report),
        whole=await reports.get(conn, report.part_of) if report.part_of else None,
        parts=await store_parts.parts_of(conn, report.report_id) if split else [],
    )
