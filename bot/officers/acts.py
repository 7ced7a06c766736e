"""Acts on a case, each under the officer's own account: the status table and the permissions decide, as everywhere."""

from datetime import UTC, datetime
from uuid import UUID

from app.accounts import service as accounts
from app.accounts.chats import Officer
from app.db import Conn
from app.errors import AppError, Conflict, Forbidden, NotFound
from app.history import service as history
from app.i18n import Lang, t
from app.reports import service as reports
from app.reports.clock import proposal_of
from app.reports.judging import facts_of
from app.reports.model import Form, Report, Status
from app.reports.workflow import Act, acts_for, check
from app.routing.model import commune_office_id
from bot.conversation.fulfilment import Parts
from bot.conversation.turn import problem_text
from bot.officers.model import Aim, StaffDraft

ACTS: dict[Aim, Act] = {
    "ask": Act.ASK,
    "return": Act.RETURN,
    "transfer": Act.TRANSFER,
    "resolve": Act.RESOLVE,
    "note": Act.NOTE,
}
_RACES = 5
_OFFERED = 6


def why_not(error: AppError, lang: Lang) -> str:
    """A refusal in words. What is our own trouble is raised again: trying later may help."""
    if error.status >= 500:
        raise error
    return "\n".join(problem_text(problem, lang) for problem in error.problems)


async def case(parts: Parts, who: Officer, code: str) -> Report:
    """The report, if it is any of the officer's business. Raises NotFound or Forbidden."""
    report = await reports.find(parts.pool, code)
    try:
        return reports.visible(who.actor, report)
    except NotFound:
        raise Forbidden("officers.not_your_agency", code=report.code) from None


async def take(parts: Parts, who: Officer, code: str) -> str:
    """Take a case on and begin with it; gives what to say. Of two who press at once the second hears who was first.

    Raises AppError.
    """
    for _ in range(_RACES):
        report = await case(parts, who, code)
        if report.assignee_id == who.staff.staff_id and report.status is not Status.ASSIGNED:
            return t("officers.yours_already", who.lang, code=report.code)
        if report.assignee_id not in (None, who.staff.staff_id):
            assert report.assignee_id is not None
            raise Conflict("officers.taken", name=await _name(parts, report.assignee_id))
        act = Act.START if report.status is Status.ASSIGNED else Act.CLAIM
        try:
            await reports.perform(parts.pool, parts.rules, who.actor, report, act, version=report.version)
        except Conflict as error:
            if error.key != "reports.changed_meanwhile":
                raise
            continue
        return t("officers.taken_by_you", who.lang, code=report.code)
    raise Conflict("officers.busy")


async def _name(parts: Parts, staff_id: UUID) -> str:
    async with parts.pool.acquire() as conn:
        return (await accounts.staff_names(conn, [staff_id])).get(staff_id, "")


def may(who: Officer, report: Report, aim: Aim) -> None:
    """Raises Forbidden or Conflict when the officer cannot do this now; asked before they write a long sentence."""
    check(ACTS[aim], who.actor, report)


def may_transfer(who: Officer, report: Report) -> bool:
    return Act.TRANSFER in acts_for(who.actor, report)


async def carry_out(parts: Parts, who: Officer, code: str, draft: StaffDraft) -> Report:
    """Do what the draft is for. Doing it twice (the same message after a crash) does it once. Raises AppError."""
    report = await reports.find(parts.pool, code)
    async with parts.pool.acquire() as conn:
        said = (await reports.case(conn, report)).messages
    if any(message.client_key == draft.key for message in said):
        return report
    report = await case(parts, who, code)
    assert draft.aim
    form = Form(text=draft.words, photos=draft.pictures, agency_id=draft.agency or None, client_key=draft.key or None)
    return await reports.perform(parts.pool, parts.rules, who.actor, report, ACTS[draft.aim], form)


async def likely_agencies(parts: Parts, conn: Conn, report: Report) -> tuple[str, ...]:
    """Who else might answer for it: as the rules say now, whom they proposed, the office of the commune, the category's
    department."""
    rules = parts.rules
    decision = rules.decide(facts_of(report, at=datetime.now(UTC), category=report.category, urgency=report.urgency,
                                     has_photo=False))  # fmt: skip
    proposal = proposal_of(await history.of_report(conn, report.report_id))
    category = rules.categories.get(report.category)
    found = [
        *([proposal["agency"], *proposal["co_agencies"]] if proposal else []),
        decision.agency_id,
        *decision.co_agencies,
        *([commune_office_id(report.commune_code)] if report.commune_code else []),
        *([category.department] if category and category.department else []),
        await accounts.parent_agency(conn, report.agency_id) or "",
    ]
    open_ones = {agency.agency_id for agency in await accounts.agencies(conn) if agency.active}
    here = {report.agency_id, rules.coordinator_id}
    return tuple(dict.fromkeys(a for a in found if a in open_ones and a not in here))[:_OFFERED]
