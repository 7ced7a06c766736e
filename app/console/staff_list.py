"""Who has an account: the list, a new one, the agencies with their staff."""

from typing import Any

from litestar import Response, get, post
from msgspec import Struct

from app.accounts import oversight
from app.accounts import service as accounts
from app.accounts.model import Agency, Role, Staff
from app.console.context import Req, actor, console, lang_of
from app.console.declare import ACCOUNTS, page
from app.console.render import show
from app.console.staff_common import HERE, Typed, agencies_of, agency_word, choices_of, known_of, role_word
from app.errors import Conflict, Invalid, Problem
from app.i18n.text import fold

_MOST = 100
"""Rows at once; whoever looks for one among more types a part of the name."""


class Filter(Struct, frozen=True):
    q: str = ""
    agency: str = ""
    role: str = ""
    state: str = ""  # active, disabled or all of them

    def takes(self, staff: Staff, agency: str) -> bool:
        words = fold(f"{staff.username} {staff.full_name} {staff.email} {agency}")
        return (
            all(word in words for word in fold(self.q).split())
            and self.agency in ("", staff.agency_id)
            and self.role in ("", staff.role.value)
            and (self.state == "" or (self.state == "active") is staff.active)
        )


@get("/staff", **page(ACCOUNTS))
async def staff_page(request: Req) -> Response[bytes]:
    pool, lang = console(request).parts.pool, lang_of(request)
    wanted = Filter(*(request.query_params.get(name, "")[:200].strip() for name in Filter.__struct_fields__))
    agencies = await agencies_of(request)
    names = {agency.agency_id: agency_word(agency, lang) for agency in agencies}
    async with pool.acquire() as conn:
        everybody = await accounts.all_staff(conn)
    found = [staff for staff in everybody if wanted.takes(staff, names[staff.agency_id])]
    guarded = await oversight.with_factor(pool, actor(request))
    rows = [(staff, names[staff.agency_id], role_word(staff.role, lang), staff.staff_id in guarded) for staff in found]
    return show(
        request,
        "staff.html.j2",
        rows=rows[:_MOST],
        count=len(found),
        wanted=wanted,
        filtered=wanted != Filter(),
        choices=choices_of(request, agencies),
        required=console(request).policy.required,
    )


# ---------------------------------------------------------------- a new one


async def _new_page(request: Req, typed: Typed, problems: tuple[Problem, ...] = ()) -> Response[bytes]:
    return show(
        request,
        "staff_new.html.j2",
        status=422 if problems else 200,
        typed=typed,
        choices=choices_of(request, await agencies_of(request)),
        problems={problem.field: problem for problem in problems},
        new=True,
    )


@get("/staff/new", **page(ACCOUNTS))
async def new_page(request: Req) -> Response[bytes]:
    return await _new_page(request, Typed(agency_id=request.query_params.get("agency", "")))


@post("/staff/new", **page(ACCOUNTS, status=200))
async def new(request: Req) -> Response[Any]:
    typed = Typed.from_form(request.state.form)
    wanted = typed.wanted().cleaned()
    known = known_of(choices_of(request, await agencies_of(request)))
    try:
        if problems := [*wanted.problems(), *known.problems(wanted.agency_id, wanted.limits)]:
            raise Invalid.many(problems)
        staff_id, password = await accounts.create_staff(
            console(request).parts.pool,
            wanted.username,
            wanted.full_name,
            wanted.agency_id,
            wanted.role,
            None,
            actor(request),
            email=wanted.email,
            limits=wanted.limits,
            temporary=True,
        )
    except (Invalid, Conflict) as error:
        return await _new_page(request, typed, error.problems)
    return show(
        request,
        "staff_password.html.j2",
        username=wanted.username,
        full_name=wanted.full_name,
        password=password,
        onward=f"{HERE}/account/{staff_id}",
        new=True,
        factor_gone=False,
    )


# ---------------------------------------------------------------- agencies


class Place(Struct, frozen=True):
    """An agency in the tree, ``depth`` levels below the top. ``warning``: a key under ``console.agency_``."""

    agency: Agency
    name: str
    depth: int
    staff: list[tuple[str, int]]
    total: int
    warning: str


def _tree(agencies: list[Agency]) -> list[tuple[Agency, int]]:
    """From the top down. An agency whose superior is missing, or which stands in a circle, comes last by itself."""
    below: dict[str | None, list[Agency]] = {}
    for agency in agencies:
        below.setdefault(agency.parent_id, []).append(agency)
    placed: dict[str, tuple[Agency, int]] = {}

    def place(agency: Agency, depth: int) -> None:
        if agency.agency_id not in placed:
            placed[agency.agency_id] = (agency, depth)
            for each in below.get(agency.agency_id, ()):
                place(each, depth + 1)

    for agency in [*below.get(None, ()), *agencies]:
        place(agency, 0)
    return list(placed.values())


def _warning(agency: Agency, count: oversight.Headcount) -> str:
    """Who is missing: nobody at all, or nobody who answers for the others."""
    if not agency.active:
        return "closed"
    if not count.total:
        return "empty"
    head = Role.COORDINATOR if agency.kind == "operations_centre" else Role.LEAD
    handles = {Role.OFFICER, Role.LEAD, Role.COORDINATOR} & count.by_role.keys()
    return "no_lead" if handles and head not in count.by_role else ""


@get("/staff/agencies", **page(ACCOUNTS))
async def agencies_page(request: Req) -> Response[bytes]:
    lang = lang_of(request)
    counts = await oversight.headcounts(console(request).parts.pool, actor(request))
    none = oversight.Headcount({})
    tree = []
    for agency, depth in _tree(await agencies_of(request)):
        count = counts.get(agency.agency_id, none)
        by_role = [(role_word(role, lang), count.by_role[role]) for role in Role if role in count.by_role]
        warning = _warning(agency, count)
        tree.append(Place(agency, agency_word(agency, lang), min(depth, 5), by_role, count.total, warning))
    missing = sum(place.warning in ("empty", "no_lead") for place in tree)
    return show(request, "staff_agencies.html.j2", tree=tree, missing=missing)


ROUTES = [staff_page, new_page, new, agencies_page]
