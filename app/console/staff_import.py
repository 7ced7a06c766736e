"""Staff from a table: first what it would do, then doing it."""

from typing import Any

from litestar import Response, get, post

from app.accounts import importing
from app.accounts.importing import Outcome, Unusable
from app.console.context import Req, actor, console, lang_of
from app.console.declare import ACCOUNTS, page
from app.console.render import show
from app.console.staff_common import agencies_of, choices_of, known_of
from app.errors import Conflict
from app.forms import Form
from app.i18n import t


def _page(
    request: Req,
    *,
    status: int = 200,
    mistakes: list[str] | None = None,
    preview: list[Outcome] | None = None,
    taken: list[Outcome] | None = None,
    table: str = "",
) -> Response[bytes]:
    outcomes = preview if preview is not None else taken or []
    return show(
        request,
        "staff_import.html.j2",
        status=status,
        mistakes=mistakes or [],
        preview=preview,
        taken=taken,
        counts=[(what, sum(each.what == what for each in outcomes)) for what in ("new", "changed", "same")],
        table=table,
        columns=importing.COLUMNS,
    )


@get("/staff/import", **page(ACCOUNTS))
async def import_page(request: Req) -> Response[bytes]:
    return _page(request)


@post("/staff/import", **page(ACCOUNTS, status=200))
async def take(request: Req) -> Response[Any]:
    """``take``: the table that was looked at before, to be taken now."""
    form, lang = request.state.form, lang_of(request)
    assert isinstance(form, Form)
    file = form.files.get("file")
    table = file.data if file else form.fields.get("table", "").encode()
    known = known_of(choices_of(request, await agencies_of(request)))
    pool, by = console(request).parts.pool, actor(request)
    try:
        if form.text("take") == "yes":
            return _page(request, taken=await importing.take(pool, table, known, by))
        preview = await importing.preview(pool, table, known, by)
    except Unusable as error:
        typed = "" if file else table.decode()
        return _page(request, status=422, mistakes=error.told(lang), table=typed)
    except Conflict as error:
        return _page(request, status=409, mistakes=[t(error.key, lang)], table=table.decode())
    return _page(request, preview=preview, table=table.decode("utf-8-sig"))


ROUTES = [import_page, take]
