"""Who is away and who stands in: one's own days, and for a lead everybody's in the agency."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, TypeVar
from uuid import UUID

from litestar import Response, get, post
from msgspec import Struct

from app.accounts import absence
from app.accounts import service as accounts
from app.accounts.model import Role
from app.accounts.permissions import Permission
from app.console.context import BASE, Req, actor, console, session
from app.console.declare import Who, page
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, NotFound, Problem
from app.forms import Form
from app.routing.calendar import VIETNAM

T = TypeVar("T")

HERE = f"{BASE}/absence"
HAVE_CASES = Who("staff", Permission.ENTER_ABSENCE)


class Typed(Struct, frozen=True):
    """The form's fields as they were typed."""

    staff: str = ""
    deputy: str = ""
    first_day: str = ""
    last_day: str = ""


def _today() -> date:
    return datetime.now(VIETNAM).date()


async def _page(request: Req, typed: Typed | None = None, error: AppError | None = None) -> Response[bytes]:
    me, by, today = session(request).staff, actor(request), _today()
    async with console(request).parts.pool.acquire() as conn:
        colleagues = await absence.colleagues(conn, me.agency_id)
        found = await absence.of_agencies(conn, [me.agency_id], today)
        mine = await accounts.staff_names(conn, await absence.deputised_for(conn, me.staff_id, datetime.now(UTC)))
    leads = by.role is Role.LEAD
    own = str(me.staff_id)
    return show(
        request,
        "absence.html.j2",
        status=error.status if error else 200,
        colleagues=colleagues,
        me=me,
        leads=leads,
        others=any(each.staff_id != me.staff_id for each in colleagues),
        typed=typed or Typed(staff=own),
        problems={problem.field: problem for problem in error.problems} if error else {},
        absences=found,
        may_take_back={one.absence_id for one in found if leads or one.staff_id == me.staff_id},
        standing_in=sorted(mine.values()),
        today=today,
        done=request.query_params.get("done", ""),
    )


def _person(text: str, problem: str, field: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Invalid(problem, field=field) from None


def _day(text: str, field: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid("absence.day_wrong", field=field) from None


@get("/absence", **page(HAVE_CASES))
async def absence_page(request: Req) -> Response[bytes]:
    return await _page(request)


@post("/absence", **page(HAVE_CASES))
async def enter(request: Req) -> Response[Any]:
    form: Form = request.state.form
    own = str(session(request).staff.staff_id)
    typed = Typed(form.text("staff") or own, form.text("deputy"), form.text("first_day"), form.text("last_day"))
    problems: list[Problem] = []

    def read(how: Callable[[], T]) -> T | None:
        """A field's value; what is wrong with it is collected, so that everything is said at once."""
        try:
            return how()
        except Invalid as error:
            problems.extend(error.problems)
            return None

    staff = read(lambda: _person(typed.staff, "accounts.no_such_staff", "staff"))
    deputy = read(lambda: _person(typed.deputy, "absence.deputy_wrong", "deputy"))
    first, last = read(lambda: _day(typed.first_day, "first_day")), read(lambda: _day(typed.last_day, "last_day"))
    try:
        if staff is None or deputy is None or first is None or last is None:
            raise Invalid.many(problems)
        await absence.enter(console(request).parts.pool, staff, deputy, first, last, actor(request), _today())
    except (Invalid, Conflict) as error:
        return await _page(request, typed, error)
    return go(f"{HERE}?done=entered")


@post("/absence/take-back", **page(HAVE_CASES))
async def take_back(request: Req) -> Response[Any]:
    try:
        absence_id = UUID(request.state.form.text("absence"))
    except ValueError:
        raise NotFound("absence.gone") from None
    await absence.take_back(console(request).parts.pool, absence_id, actor(request))
    return go(f"{HERE}?done=taken_back")


ROUTES = [absence_page, enter, take_back]
