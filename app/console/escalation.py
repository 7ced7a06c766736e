"""Agencies' rules of whom to warn: which agencies follow whose, and a form for one agency's own."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Agency
from app.accounts.permissions import Permission
from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import Who, page
from app.console.render import go, show
from app.console.staff_common import agency_word
from app.errors import AppError, Invalid
from app.escalation import policies
from app.escalation.model import AUDIENCES, PEOPLE_MOST, STEPS, USUAL, WAYS, Audience, Policy, Step, Way
from app.forms import Form
from app.i18n import t
from app.reports.warning import ClockName

HERE = f"{BASE}/escalation"
MANAGERS = Who("staff", Permission.MANAGE_ESCALATION)
LEVELS = (50, 80, 100)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_USUAL_QUIET = ("18:00", "07:00")


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class Typed(Struct, frozen=True):
    """The form as it was typed, or as the rules have it. ``quiet_own``: hours of the agency's own."""

    steps: Mapping[tuple[ClockName, int], Step]
    required: Sequence[str]
    quiet_own: bool
    quiet: tuple[str, str]
    people: str
    people_from: int

    @classmethod
    def of(cls, policy: Policy, names: Mapping[UUID, str]) -> "Typed":
        quiet = (
            tuple(f"{minute // 60:02}:{minute % 60:02}" for minute in policy.quiet) if policy.quiet else _USUAL_QUIET
        )
        people = ", ".join(names.get(one, "") for one in policy.people)
        steps = {(step.clock, step.level): step for step in policy.steps}
        return cls(steps, policy.required, policy.quiet is not None, (quiet[0], quiet[1]), people, policy.people_from)

    @classmethod
    def from_form(cls, form: Form) -> "Typed":
        steps = {}
        for clock, level in STEPS:
            to = form.ticked.get(f"to-{clock}-{level}", [])
            by = form.ticked.get(f"by-{clock}-{level}", [])
            audiences: tuple[Audience, ...] = tuple(each for each in AUDIENCES if each in to)
            ways: tuple[Way, ...] = tuple(each for each in WAYS if each in by)
            if audiences:
                steps[clock, level] = Step(clock, level, audiences, ways)
        level = next((each for each in LEVELS if str(each) == form.text("people_from")), USUAL.people_from)
        quiet = (form.text("quiet_from"), form.text("quiet_until"))
        required = [way for way in WAYS if way in form.ticked.get("required", [])]
        return cls(steps, required, form.text("quiet") == "own", quiet, form.text("people"), level)

    def minutes(self) -> tuple[int, int] | None:
        """Raises Invalid."""
        if not self.quiet_own:
            return None
        found = [_TIME.fullmatch(each) for each in self.quiet]
        if not all(found):
            raise Invalid("escalation.quiet_wrong", field="quiet")
        start, end = (int(each[1]) * 60 + int(each[2]) for each in found if each)
        return start, end


async def _people(request: Req, typed: str) -> tuple[UUID, ...]:
    """The accounts named. Raises Invalid, naming those that are none."""
    wanted = [name for name in re.split(r"[\s,;]+", typed.lower()) if name]
    async with console(request).parts.pool.acquire() as conn:
        known = {one.username: one.staff_id for one in await accounts.all_staff(conn) if one.active} if wanted else {}
    if strange := [name[:63] for name in wanted if name not in known]:
        raise Invalid("escalation.people_unknown", field="people", names=", ".join(strange[:PEOPLE_MOST]))
    return tuple(dict.fromkeys(known[name] for name in wanted))


@get("/escalation", **page(MANAGERS))
async def overview(request: Req) -> Response[bytes]:
    lang = lang_of(request)
    async with console(request).parts.pool.acquire() as conn:
        held = await policies.overview(conn, actor(request))
        names = await accounts.agency_names(conn, {one.whose for one in held if one.whose}, lang)
    rows = [(one, agency_word(one.agency, lang), names.get(one.whose or "", "")) for one in held]
    return show(request, "escalation.html.j2", rows=rows)


async def _form(
    request: Req, agency_id: str, typed: Typed | None = None, error: AppError | None = None
) -> Response[bytes]:
    lang = lang_of(request)
    async with console(request).parts.pool.acquire() as conn:
        agency, policy, whose = await policies.holding(conn, agency_id, actor(request))
        names = {one.staff_id: one.username for one in await accounts.all_staff(conn)} if policy.people else {}
        above = await accounts.agency_names(conn, [whose] if whose else [], lang)
    return show(
        request,
        "escalation_form.html.j2",
        status=error.status if error else 200,
        agency=agency,
        name=agency_word(agency, lang),
        whose=_whose(agency, whose, above, request),
        own=whose == agency.agency_id,
        typed=typed or Typed.of(policy, names),
        problems={problem.field: problem for problem in error.problems} if error else {},
        steps=[(clock, level, t(f"officers.warned_{clock}_{level}", lang)) for clock, level in STEPS],
        audiences=AUDIENCES,
        ways=[way for way in WAYS if way != "in_app"],
        all_ways=WAYS,
        levels=LEVELS,
        most=PEOPLE_MOST,
        done=request.query_params.get("done", ""),
    )


def _whose(agency: Agency, whose: str | None, names: Mapping[str, str], request: Req) -> str:
    lang = lang_of(request)
    if whose is None:
        return t("escalation.whose_usual", lang)
    if whose == agency.agency_id:
        return t("escalation.whose_own", lang)
    return t("escalation.whose_above", lang, agency=names.get(whose, whose))


@get("/escalation/{agency:str}", **page(MANAGERS))
async def form_page(request: Req, agency: FromPath[str]) -> Response[bytes]:
    return await _form(request, agency)


@post("/escalation/{agency:str}", **page(MANAGERS))
async def save(request: Req, agency: FromPath[str]) -> Response[Any]:
    typed = Typed.from_form(request.state.form)
    try:
        required: tuple[Way, ...] = tuple(way for way in WAYS if way in typed.required)
        people = await _people(request, typed.people)
        policy = Policy(tuple(typed.steps.values()), required, typed.minutes(), people, typed.people_from)
        await policies.set_policy(console(request).parts.pool, agency, policy, actor(request))
    except Invalid as error:
        return await _form(request, agency, typed, error)
    return go(f"{HERE}/{agency}?done=rules_saved")


@post("/escalation/{agency:str}/give-up", **page(MANAGERS))
async def give_up(request: Req, agency: FromPath[str]) -> Response[Any]:
    await policies.give_up(console(request).parts.pool, agency, actor(request))
    return go(f"{HERE}/{agency}?done=given_up")


ROUTES = [overview, form_page, save, give_up]
