"""Open data for the administrator: whether and how, what would be published, and what was."""

from datetime import UTC, date, datetime
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath
from msgspec import structs

from app.accounts import service as accounts
from app.console.context import BASE, Req, actor, console, lang_of, signature
from app.console.declare import SYSTEM, page
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid, NotFound
from app.forms import Form
from app.opendata import service
from app.opendata.anonymity import steps
from app.opendata.model import FORMATS, K_LEAST, K_MOST, LICENCES, TIMES, Options, Settings, due_by, month_after
from app.opendata.service import Means, Preview
from app.stats.names import names as names_of

HERE = f"{BASE}/opendata"
_DONE = ("on", "off", "corrected")


def _means(request: Req) -> Means:
    parts = console(request).parts
    return Means(parts.pool, parts.objects, parts.rules, parts.gazetteer)


@get("/opendata", **page(SYSTEM))
async def open_data(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(
    request: Req,
    *,
    typed: Settings | None = None,
    error: AppError | None = None,
    preview: Preview | None = None,
    correcting: tuple[str, str] = ("", ""),
) -> Response[bytes]:
    """``correcting``: the month a correction was refused of, and the reason typed."""
    here, now = console(request), datetime.now(UTC)
    lang, pool = lang_of(request), here.parts.pool
    kept = await service.settings(pool)
    made = await service.all_versions(pool)
    chosen = typed or kept or service.usual(await _centre(request), now)
    months = service.months_to_choose(now)
    async with pool.acquire() as conn:
        names = await names_of(conn, here.parts.rules, here.parts.gazetteer)
    groups = {key: group.name_en if lang == "en" else group.name for key, group in here.parts.rules.groups.items()}
    return show(
        request,
        "opendata.html.j2",
        status=error.status if error else 200,
        kept=kept,
        typed=chosen,
        months=sorted({*months, chosen.first_month}, reverse=True),
        next_due=_next(kept, now, {version.month for version in made}),
        made=made,
        newest={version.month: version.version for version in reversed(made)},
        preview=preview,
        ladder=[step.name for step in steps(chosen.options)],
        names=lambda by, key: names.of(by, key, lang) if key else "",
        groups=groups,
        times=TIMES,
        licences=LICENCES,
        formats=FORMATS,
        k=(K_LEAST, K_MOST),
        problems={problem.field: problem for problem in error.problems} if error else {},
        correcting=correcting,
        done=next((each for each in _DONE if each == request.query_params.get("done")), ""),
    )


def _next(kept: Settings | None, now: datetime, there: set[date]) -> date | None:
    """The month that will be made next; one that is due already is made within the hour."""
    if kept is None or not kept.enabled:
        return None
    month, due = kept.first_month, due_by(now)
    while month in there and month <= due:
        month = month_after(month)
    return month


async def _centre(request: Req) -> str:
    """The operations centre publishes, unless another name is typed."""
    parts = console(request).parts
    async with parts.pool.acquire() as conn:
        found = await accounts.agency_names(conn, [parts.rules.coordinator_id])
    return found.get(parts.rules.coordinator_id, "")


def _typed(form: Form) -> Settings:
    """What was typed, as far as it can be anything; the service says what is wrong with it."""
    finest = next((each for each in TIMES if each == form.text("finest")), TIMES[-1])
    options = Options(
        place="grid" if form.text("place") == "grid" else "commune",
        finest=finest,
        k=form.number("k"),
        ratings=bool(form.text("ratings")),
        texts=bool(form.text("texts")),
    )
    return Settings(
        enabled=bool(form.text("enabled")),
        options=options,
        licence=form.text("licence"),
        publisher=form.text("publisher"),
        first_month=_month(form.text("first_month")),
    )


def _month(said: str) -> date:
    """A day that no month begins with is refused by whoever gets it."""
    try:
        return date.fromisoformat(f"{said}-01")
    except ValueError:
        return date.min


@post("/opendata", **page(SYSTEM))
async def save(request: Req) -> Response[Any]:
    typed = _typed(request.state.form)
    try:
        await service.save(console(request).parts.pool, actor(request), typed, signature(request))
    except Invalid as error:
        return await _page(request, typed=_possible(typed), error=error)
    return go(f"{HERE}?done={'on' if typed.enabled else 'off'}")


def _possible(typed: Settings) -> Settings:
    """For showing the form again: a month that is none becomes the usual one."""
    if typed.first_month != date.min:
        return typed
    return structs.replace(typed, first_month=due_by(datetime.now(UTC)))


@post("/opendata/preview", **page(SYSTEM))
async def preview(request: Req) -> Response[bytes]:
    """What a month would be, by what the form says now; nothing is kept."""
    form: Form = request.state.form
    typed, month = _typed(form), _month(form.text("month"))
    try:
        service.check(typed, datetime.now(UTC))
        if month == date.min:
            raise Invalid("opendata.month_wrong", field="month")
        found = await service.preview(_means(request), actor(request), typed.options, month)
    except Invalid as error:
        return await _page(request, typed=_possible(typed), error=error)
    return await _page(request, typed=typed, preview=found)


@post("/opendata/{month:str}/correct", **page(SYSTEM))
async def correct(request: Req, month: FromPath[str]) -> Response[Any]:
    wanted, reason = _month(month), request.state.form.text("reason")
    if wanted == date.min:
        raise NotFound("opendata.no_month")
    try:
        await service.order_correction(console(request).parts.pool, actor(request), wanted, reason, signature(request))
    except (Invalid, Conflict) as error:
        return await _page(request, error=error, correcting=(month, reason))
    return go(f"{HERE}?done=corrected")


ROUTES = [open_data, save, preview, correct]
