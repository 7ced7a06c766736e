"""The coordinators' desk: six lists of what waits for a coordinator, and one key to send a new report on its way."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import structs

from app.accounts import service as accounts
from app.casefile.words import agency_name
from app.console.case_page import visible
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import DESK, page
from app.console.desk_cases import CaseWriter
from app.console.desk_rows import Choice, Writer, categories_of, names_of
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid
from app.forms import Form, whole
from app.history.model import Kind
from app.reports import service as reports
from app.reports.model import Form as ActForm
from app.reports.model import Report
from app.reports.workflow import DESK as ON_DESK
from app.reports.workflow import Act
from app.worklist import desk

HERE = f"{BASE}/desk"
DID = ("assigned", "decided", "granted", "refused", "confirmed")


def by_htmx(request: Req) -> bool:
    """Whether a piece of the page was asked for instead of the whole."""
    return "hx-request" in request.headers


def version_of(form: Form) -> int:
    """Raises Invalid for a form that is not ours."""
    version = whole(form.text("version"))
    if version is None:
        raise Invalid("console.form_broken")
    return version


def writer_of(request: Req, now: datetime) -> Writer:
    return Writer(console(request), actor(request), lang_of(request), now)


@get("/desk", **page(DESK))
async def lists(request: Req) -> Response[bytes]:
    here, reader, lang, now = console(request), actor(request), lang_of(request), datetime.now(UTC)
    asked = request.query_params.get("s", "")
    name = next((each for each in desk.LISTS if each == asked), desk.LISTS[0])
    writer = writer_of(request, now)
    async with here.parts.pool.acquire() as conn:
        counts = await desk.counts(conn, reader)
        found = await desk.page(conn, reader, name, request.query_params.get("after", ""))
        rows: Any
        if name in ("intake", "returned"):
            rows = await writer.intake(conn, found.rows)
        else:
            rows = await CaseWriter(writer, lang, now).write(conn, name, found.rows)
    agencies = await here.agencies.all()
    return show(
        request,
        "desk.html.j2",
        name=name,
        lists=desk.LISTS,
        counts=counts,
        most=desk.COUNTED_MOST,
        rows=rows,
        next=found.next,
        later="after" in request.query_params,
        agencies=[one for one in names_of(agencies, lang) if one[0] != here.parts.rules.coordinator_id],
        groups=categories_of(here.parts.rules, lang),
        done=await _done(request),
        given=defaultdict(str),
        problem=None,
    )


async def _done(request: Req) -> dict[str, Any] | None:
    """What was just done without scripts, told on the page that follows."""
    code, did = request.query_params.get("done", ""), request.query_params.get("did", "")
    if not code or did not in DID:
        return None
    return await told(request, await visible(request, code), did)


async def told(request: Req, report: Report, did: str) -> dict[str, Any]:
    agencies = await console(request).agencies.all([report.agency_id])
    return {"report": report, "did": did, "agency": agency_name(agencies, report.agency_id, lang_of(request))}


@get("/desk/one/{code:str}", **page(DESK))
async def one(request: Req, code: FromPath[str]) -> Response[bytes]:
    """A report with another category or agency, as chosen; nothing is written."""
    report = await visible(request, code)
    asked = request.query_params
    choice = Choice(asked.get("category") or None, asked.get("agency") or None)
    if report.status not in ON_DESK:
        return await _gone(request, report, 200)
    return await _row(request, report, choice)


@post("/desk/one/{code:str}", **page(DESK))
async def accept(request: Req, code: FromPath[str]) -> Response[Any]:
    """Hand the report to an agency. Whoever is second reads what the first one did."""
    report, form = await visible(request, code), request.state.form
    choice = Choice(form.text("category") or None, form.text("agency") or None)
    came_from = "returned" if report.status == "returned" else "intake"
    try:
        if choice.agency_id is None:
            raise Invalid("desk.choose_agency", field="agency")
        after = await act(
            request, report, Act.ASSIGN, ActForm(agency_id=choice.agency_id, category=choice.category), form
        )
    except (Conflict, Invalid) as error:
        return await _refused(request, report.code, choice, error)
    return await finished(request, after, "assigned", came_from)


async def act(request: Req, report: Report, what: Act, brings: ActForm, form: Form) -> Report:
    """The act on the version that the form's page showed, once for its key. Raises what ``reports.perform`` does."""
    parts = console(request).parts
    keyed = structs.replace(brings, client_key=f"desk:{form.text('key')}" if form.text("key") else None)
    return await reports.perform(parts.pool, parts.rules, actor(request), report, what, keyed, version=version_of(form))


async def finished(request: Req, report: Report, did: str, name: str) -> Response[Any]:
    """The row's place says what was done; without scripts the list does."""
    if not by_htmx(request):
        return go(f"{HERE}?s={name}&done={report.code}&did={did}")
    async with console(request).parts.pool.acquire() as conn:
        counts = await desk.counts(conn, actor(request))
    done = await told(request, report, did)
    return show(request, "desk_done.html.j2", done=done, name=name, count=counts[name], most=desk.COUNTED_MOST)


async def _refused(request: Req, code: str, choice: Choice, error: AppError) -> Response[bytes]:
    report = await visible(request, code)
    if report.status not in ON_DESK:
        return await _gone(request, report, error.status)
    # What was chosen was chosen for what the page showed; after a change the fresh suggestion is to be read first.
    fresh = Choice() if isinstance(error, Conflict) else choice
    return await _row(request, report, fresh, error)


async def _row(request: Req, report: Report, choice: Choice, error: AppError | None = None) -> Response[bytes]:
    here, reader, lang, now = console(request), actor(request), lang_of(request), datetime.now(UTC)
    agencies = await here.agencies.all([choice.agency_id] if choice.agency_id else [])
    if choice.agency_id and choice.agency_id not in agencies:
        choice, error = Choice(choice.category), error or Invalid("desk.choose_agency", field="agency")
    if choice.category and choice.category not in here.parts.rules.categories:
        choice, error = Choice(None, choice.agency_id), error or Invalid("desk.choose_category", field="category")
    async with here.parts.pool.acquire() as conn:
        row = (await writer_of(request, now).intake(conn, [await desk.one(conn, reader, report)], choice))[0]
    return show(
        request,
        "desk_row.html.j2" if by_htmx(request) else "desk_one.html.j2",
        status=error.status if error else 200,
        row=row,
        agencies=[one for one in names_of(agencies, lang) if one[0] != here.parts.rules.coordinator_id],
        groups=categories_of(here.parts.rules, lang),
        problem=error.problems[0] if error else None,
    )


async def _gone(request: Req, report: Report, status: int) -> Response[bytes]:
    """Somebody else was faster: who, and where the report is now."""
    here = console(request)
    async with here.parts.pool.acquire() as conn:
        last = (await desk.one(conn, actor(request), report)).last(Kind.ASSIGNED)
        names = await accounts.staff_names(conn, [last.actor_id]) if last and last.actor_id else {}
    who = names.get(last.actor_id, "") if last and last.actor_id else ""
    gone = await told(request, report, "assigned") | {"who": who}
    template = "desk_gone_row.html.j2" if by_htmx(request) else "desk_gone.html.j2"
    return show(request, template, status=status, gone=gone)


ROUTES = [lists, one, accept]
