"""The system's state: what waits, what failed and can be tried again, what did not arrive, disk, backup, versions."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from msgspec import Struct

from app.console.context import BASE, Req, actor, console, lang_of
from app.console.declare import SYSTEM, page
from app.console.render import go, show
from app.errors import Invalid
from app.forms import Form, whole
from app.i18n import Lang, catalogue, t
from app.notify import undelivered
from app.places.gazetteer import Gazetteer
from app.subscriptions import service as subscriptions
from app.upkeep import service as upkeep
from app.upkeep.model import BACKUP_WITHIN, State

HERE = f"{BASE}/system"
_LOST_DAYS = timedelta(days=7)
_LOST_SHOWN = 25
_WAITS_WARN, _WAITS_BAD = 60, 600  # seconds, as phananh doctor judges them
_NEEDED = ("api", "worker", "bot")


class Finding(Struct, frozen=True):
    """``level``: warm, soon; bad, now."""

    level: str
    words: str


def findings(state: State, lang: Lang) -> list[Finding]:
    """What needs somebody, the gravest first; nothing when all is well."""
    found = [Finding(level, t(f"system.{key}", lang, **params)) for level, key, params in _needs(state)]
    return sorted(found, key=lambda each: each.level != "bad")


def _needs(state: State) -> Iterator[tuple[str, str, dict[str, Any]]]:
    oldest = max((queue.oldest_seconds for queue in state.queues), default=0.0)
    if oldest > _WAITS_WARN:
        yield "bad" if oldest > _WAITS_BAD else "warm", "jobs_wait", {"minutes": int(oldest // 60)}
    if state.failures:
        yield "warm", "jobs_failed", {"count": sum(queue.failed for queue in state.queues)}
    for name in _NEEDED:
        running = [process for process in state.processes if process.name == name]
        if all(process.silent(state.at) for process in running):
            yield "bad", f"{name}_silent", {}
    if len({process.version for process in state.processes if not process.silent(state.at)}) > 1:
        yield "warm", "versions_differ", {}
    if state.chats.updates:
        yield "bad", "updates_wait", {"count": state.chats.updates}
    if state.chats.replies:
        yield "bad", "replies_wait", {"count": state.chats.replies}
    if not state.store_answers:
        yield "bad", "store_away", {}
    if state.disk.little:
        yield "bad", "disk_little", {"free": size(state.disk.free)}
    if state.database.missing:
        yield "bad", "migrations_missing", {"count": state.database.missing}
    if not state.backups:
        yield "warm", "backup_never", {}
    elif state.at - state.backups[0].at > BACKUP_WITHIN:
        yield "bad", "backup_old", {"hours": int((state.at - state.backups[0].at).total_seconds() // 3600)}
    if not state.boundaries:
        yield "warm", "no_boundaries", {}


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _followed(gazetteer: Gazetteer, places: list[tuple[str, int]], lang: Lang) -> list[tuple[str, int]]:
    """The most followed communes by name."""
    named = [(gazetteer.commune(code) if code else None, count) for code, count in places]
    return [(one.full_name if one else t("follow.whole_province", lang), count) for one, count in named]


@get("/system", **page(SYSTEM))
async def system(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(request: Req, *, error: Invalid | None = None) -> Response[bytes]:
    parts, lang = console(request).parts, lang_of(request)
    state = await upkeep.state(parts.pool, parts.objects, parts.settings.home, parts.rules.version, actor(request))
    since = state.at - _LOST_DAYS
    async with parts.pool.acquire() as conn:
        counts = await undelivered.counts(conn, since)
        lost = await undelivered.latest(conn, since, _LOST_SHOWN)
        followers = await subscriptions.counted(conn)
    done = request.query_params.get("done", "")
    return show(
        request,
        "system.html.j2",
        status=error.status if error else 200,
        state=state,
        findings=findings(state, lang),
        counts=counts,
        lost=lost,
        followers=followers,
        followed=_followed(parts.gazetteer, followers.places, lang),
        days=_LOST_DAYS.days,
        size=size,
        job_name=lambda entrypoint: catalogue(lang).get(f"system.entrypoint_{entrypoint}", entrypoint),
        s3=parts.settings.s3 is not None,
        done=done if done in ("retried", "discarded") else "",
        number_done=request.query_params.get("n", ""),
        problem=error.problems[0] if error else None,
    )


@post("/system/jobs", **page(SYSTEM))
async def on_jobs(request: Req) -> Response[Any]:
    """Try the ticked jobs again, or give them up."""
    form: Form = request.state.form
    ids = [number for one in form.ticked.get("job", []) if (number := whole(one, 18)) is not None]
    what = form.text("what")
    if not ids or what not in ("retry", "discard"):
        return await _page(request, error=Invalid("system.nothing_ticked", field="job"))
    verb = upkeep.retry if what == "retry" else upkeep.discard
    count = await verb(console(request).parts.pool, actor(request), ids)
    return go(f"{HERE}?done={'retried' if what == 'retry' else 'discarded'}&n={count}")


ROUTES = [system, on_jobs]
