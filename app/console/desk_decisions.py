"""Decisions on the desk that end an argument: whose a case is, whether an agency gets more time, whether a result
is proved."""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from litestar import Response, post
from litestar.params import FromPath

from app.console.case_page import visible
from app.console.context import Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.desk import act, by_htmx, finished, writer_of
from app.console.desk_cases import CaseWriter
from app.console.desk_rows import names_of
from app.console.render import show
from app.errors import AppError, Conflict, Invalid
from app.forms import Form
from app.reports.model import Form as ActForm
from app.reports.model import Report
from app.reports.workflow import OPEN, Act, in_dispute
from app.routing.calendar import VIETNAM, Calendar
from app.worklist import desk

_REASON_LEAST = 5


def _reason(form: Form) -> str:
    words = form.text("text")
    if len(words) < _REASON_LEAST:
        raise Invalid("desk.needs_reason", field="text", least=_REASON_LEAST)
    return words


@post("/desk/competence/{code:str}", **page(DESK))
async def decide(request: Req, code: FromPath[str]) -> Response[Any]:
    """Whose the case is from now on, whatever the agencies say. The status table lets nobody hand it on after that."""
    report, form = await visible(request, code), request.state.form
    try:
        if not in_dispute(report):
            raise Conflict("desk.no_dispute")
        agency_id, reason = form.text("agency"), _reason(form)
        if not agency_id:
            raise Invalid("desk.choose_agency", field="agency")
        after = await act(request, report, Act.ASSIGN, ActForm(agency_id=agency_id, text=reason), form)
    except (Conflict, Invalid) as error:
        return await _again(request, report.code, "competence", error)
    return await finished(request, after, "decided", "competence")


@post("/desk/extension/{code:str}", **page(DESK))
async def answer_request(request: Req, code: FromPath[str]) -> Response[Any]:
    """More time as asked for, until another day, or none."""
    report, form = await visible(request, code), request.state.form
    granted = form.text("decision") == "grant"
    try:
        if not granted and form.text("decision") != "refuse":
            raise Invalid("console.form_broken")
        reason = _reason(form)
        due = _end_of_day(form.text("due"), console(request).parts.rules.calendar) if granted else None
        what = Act.GRANT_EXTENSION if granted else Act.REFUSE_EXTENSION
        after = await act(request, report, what, ActForm(text=reason, due=due), form)
    except (Conflict, Invalid) as error:
        return await _again(request, report.code, "extensions", error)
    return await finished(request, after, "granted" if granted else "refused", "extensions")


@post("/desk/proof/{code:str}", **page(DESK))
async def confirm(request: Req, code: FromPath[str]) -> Response[Any]:
    """The coordinator has looked at what is odd, and lets the result stand."""
    report, form = await visible(request, code), request.state.form
    try:
        after = await act(request, report, Act.CONFIRM_PROOF, ActForm(text=form.text("text")), form)
    except (Conflict, Invalid) as error:
        return await _again(request, report.code, "proof", error)
    return await finished(request, after, "confirmed", "proof")


def _end_of_day(typed: str, calendar: Calendar) -> datetime | None:
    """The end of office hours on that day, or on the next one that has any. Raises Invalid."""
    if not typed:
        return None
    try:
        day = date.fromisoformat(typed)
        noon_before = datetime.combine(day - timedelta(days=1), time(12), VIETNAM)
        if abs(noon_before - datetime.now(UTC)) < timedelta(days=3660):
            return calendar.add_working_days(noon_before, 1)
    except (ValueError, OverflowError):
        pass
    raise Invalid("desk.date_wrong", field="due")


async def _again(request: Req, code: str, name: str, error: AppError) -> Response[bytes]:
    """The row as it is now, with what is wrong and what was typed."""
    here, lang, now = console(request), lang_of(request), datetime.now(UTC)
    report = await visible(request, code)
    if not _waits(report, name):
        template = "desk_decided_row.html.j2" if by_htmx(request) else "desk_decided.html.j2"
        return show(request, template, status=error.status, report=report, name=name)
    async with here.parts.pool.acquire() as conn:
        found = [await desk.one(conn, actor(request), report)]
        row = (await CaseWriter(writer_of(request, now), lang, now).write(conn, name, found))[0]
    agencies = await here.agencies.all()
    return show(
        request,
        f"desk_{name}.html.j2" if by_htmx(request) else "desk_case.html.j2",
        status=error.status,
        name=name,
        row=row,
        agencies=[one for one in names_of(agencies, lang) if one[0] != here.parts.rules.coordinator_id],
        given=defaultdict(str, request.state.form.fields),
        problem=error.problems[0],
    )


def _waits(report: Report, name: str) -> bool:
    """Whether there is still anything to decide."""
    if name == "proof":
        return bool(report.proof_doubts)
    return report.status in OPEN and (in_dispute(report) if name == "competence" else bool(report.extension_wanted))


ROUTES = [decide, answer_request, confirm]
