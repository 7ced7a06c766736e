"""Words after which a person looks at a report before anybody else does."""

from typing import Any

from litestar import Response, get, post

from app.accounts.model import Role
from app.console.context import BASE, Req, actor, console, signature
from app.console.declare import WORDS, page
from app.console.render import go, show
from app.errors import AppError, Conflict, Invalid
from app.forms import Form
from app.watchwords import service
from app.watchwords.model import WordList

HERE = f"{BASE}/system/words"
_TRIED_MOST = 4000


@get("/system/words", **page(WORDS))
async def words(request: Req) -> Response[bytes]:
    return await _page(request)


async def _page(request: Req, *, typed: Form | None = None, error: AppError | None = None) -> Response[bytes]:
    parts = console(request).parts
    async with parts.pool.acquire() as conn:
        kept = await service.listed(conn)
    tried = typed.text("tried")[:_TRIED_MOST] if typed else ""
    return show(
        request,
        "system_words.html.j2",
        status=error.status if error else 200,
        kept=kept,
        tried=tried,
        found=WordList(word.word for word in kept).found(tried) if tried else [],
        word=typed.text("word") if typed else "",
        reason=typed.text("reason") if typed else "",
        problem=error.problems[0] if error else None,
        done=request.query_params.get("done", ""),
        everything=actor(request).role is Role.ADMINISTRATOR,
    )


@post("/system/words", **page(WORDS))
async def add(request: Req) -> Response[Any]:
    form: Form = request.state.form
    try:
        pool = console(request).parts.pool
        await service.add(pool, actor(request), form.text("word"), form.text("reason"), signature(request))
    except (Invalid, Conflict) as error:
        return await _page(request, typed=form, error=error)
    return go(f"{HERE}?done=added")


@post("/system/words/try", **page(WORDS))
async def try_words(request: Req) -> Response[bytes]:
    """Whether a sentence would be looked at first."""
    return await _page(request, typed=request.state.form)


@post("/system/words/remove", **page(WORDS, status=303))
async def remove(request: Req) -> Response[Any]:
    await service.remove(console(request).parts.pool, actor(request), request.state.form.text("word"))
    return go(f"{HERE}?done=removed")


ROUTES = [words, add, try_words, remove]
