"""The working calendar in force, as a year, and adding a closure or a swapped day: the rules file is edited where it
says so, and what comes of it goes the way of every change of the rules, with a check, a preview and a note."""

import calendar as months
from datetime import UTC, date, datetime, time
from typing import Any

from litestar import Response, get, post
from msgspec import Struct

from app.console import candidates
from app.console.context import BASE, Req, console, lang_of, signature
from app.console.declare import RULES, page
from app.console.render import go, show
from app.console.rules_candidate import HERE as CANDIDATE
from app.console.rules_in_force import view_of
from app.console.words import Teller
from app.errors import AppError, Conflict, Invalid
from app.forms import Form
from app.routing import edit
from app.routing import service as routing
from app.routing.calendar import VIETNAM, Calendar
from app.routing.files import FILE_NAME
from app.routing.language import WEEKDAYS

HERE = f"{BASE}/system/calendar"
_NOON = time(12)


class Day(Struct, frozen=True):
    """``kind``: as the calendar has it, or ``worked`` for a day off that is worked instead of another."""

    number: int
    kind: str


class Month(Struct, frozen=True):
    number: int
    weeks: list[list[Day | None]]


def months_of(calendar: Calendar, year: int) -> list[Month]:
    worked = {swap.work for swap in calendar.week.swaps}
    off = {swap.off for swap in calendar.week.swaps}

    def day(number: int, month: int) -> Day | None:
        if not number:
            return None
        on = date(year, month, number)
        kind = calendar.day_kind(datetime.combine(on, _NOON, VIETNAM))
        return Day(number, "worked" if on in worked else "swapped" if on in off else kind)

    weeks = {month: months.monthcalendar(year, month) for month in range(1, 13)}
    return [Month(month, [[day(n, month) for n in week] for week in weeks[month]]) for month in weeks]


@get("/system/calendar", **page(RULES))
async def calendar(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(request: Req, *, typed: Form | None = None, error: AppError | None = None) -> Response[bytes]:
    parts = console(request).parts
    rules = await routing.current(parts.pool, parts.rules)
    this = datetime.now(UTC).astimezone(VIETNAM).year
    year = this + 1 if request.query_params.get("year") == str(this + 1) else this
    week = rules.calendar.week
    return show(
        request,
        "system_calendar.html.j2",
        status=error.status if error else 200,
        months=months_of(rules.calendar, year),
        year=year,
        years=(this, this + 1),
        hours=[
            (day, [_stretch(one) for one in stretches]) for day, stretches in zip(WEEKDAYS, week.hours, strict=True)
        ],
        swaps=[swap for swap in week.swaps if year in (swap.off.year, swap.work.year)],
        closures=[day for day in week.closures if day.year == year],
        typed=typed.fields if typed else {},
        problem=error.problems[0] if error else None,
    )


def _stretch(stretch: tuple[int, int]) -> str:
    return "–".join(f"{minute // 60:02}:{minute % 60:02}" for minute in stretch)


@post("/system/calendar", **page(RULES))
async def change(request: Req) -> Response[Any]:
    """Adds to the rules file and leads to the candidate that it makes."""
    form: Form = request.state.form
    pool, rules = console(request).parts.pool, console(request).parts.rules
    rules = await routing.current(pool, rules)
    try:
        if form.text("what") == "swap":
            off, work = _day(form, "off"), _day(form, "work")
            changed = edit.add_swap(rules, off, work, _name(form))
        else:
            first = _day(form, "first")
            last = _day(form, "last") if form.text("last") else first
            changed = edit.add_closure(rules, first, last, _name(form))
    except (Invalid, Conflict) as error:
        return await _page(request, typed=form, error=error)
    kept = await candidates.keep(pool, changed.encode(), FILE_NAME, signature(request))
    return go(f"{CANDIDATE}/{kept}")


def _name(form: Form) -> str:
    name = form.text("name")
    if not 3 <= len(name) <= 120:
        raise Invalid("system.name_length", field="name", least=3, most=120)
    return name


def _day(form: Form, field: str) -> date:
    try:
        return date.fromisoformat(form.text(field))
    except ValueError:
        raise Invalid("system.day_wrong", field=field) from None


@get("/system/categories", **page(RULES))
async def categories(request: Req) -> Response[bytes]:
    """Every category with what the rules file says of it."""
    parts = console(request).parts
    rules = await routing.current(parts.pool, parts.rules)
    typed = request.query_params.get("q", "").strip()[:200]
    rows = view_of(rules, Teller(rules, parts.gazetteer, lang_of(request)), typed).categories
    return show(request, "system_categories.html.j2", rows=rows, typed=typed, version=rules.version)


ROUTES = [calendar, change, categories]
