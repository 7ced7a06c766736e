"""Reports that a device has kept until there was signal: the same as by the form, with answers for its script
(``static/outbox.js``). The device's own key makes a report that is sent twice one."""

import re
import time
from typing import Any

from litestar import Response, get, post

from app.errors import AppError, Conflict, Invalid, TooLarge
from app.forms import Form, Malformed, read_form
from app.i18n import Lang, t
from app.portal import trap
from app.portal.context import Req, lang_of, open_to, portal
from app.portal.mine import keeping
from app.portal.send import take_in
from app.report_form import field_of
from app.reports.intake import filed_before

HERE = "/waiting"
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)
"""A random UUID: nobody else can guess it."""


@get(f"{HERE}/ticket", **open_to("anyone"))
async def ticket(request: Req) -> Response[Any]:
    """For what was written on a form that is older than a ticket lasts."""
    return Response({"ticket": trap.ticket(portal(request).parts.settings.secret_key, time.time())})


@post(HERE, **open_to("anyone"))
async def waiting(request: Req) -> Response[Any]:
    """The report's code and its reporter's page; or what is wrong, for mending, at which field."""
    lang, form = lang_of(request), Form()
    try:
        form = await read_form(request, uploads=True)
        return await _sent(request, form)
    except (Malformed, TooLarge, Invalid, Conflict) as error:
        said: dict[str, Any] = {"problems": _words(error, lang)}
        if any(problem.key == "reports.key_reused" for problem in error.problems):
            said |= {"before": await _before(request, form)}
        return Response(said, status_code=error.status)
    finally:
        form.close()


async def _sent(request: Req, form: Form) -> Response[Any]:
    key = form.text("key")
    if not _KEY.fullmatch(key):
        raise Invalid("console.form_broken", field="key")
    filed, refused = await take_in(request, form, key)
    code, secret = filed.report.code, filed.secret
    said = {"code": code, "page": f"/r/{code}?k={secret}", "unusable": len(refused)}
    return Response(said, headers=keeping(request, code, secret))


async def _before(request: Req, form: Form) -> dict[str, str]:
    """What was sent under this key already, before it was changed: the answer to it was lost on the way."""
    parts = portal(request).parts
    found = await filed_before(parts.pool, ("web", form.text("key")), parts.settings.secret_key)
    return {"code": found.report.code, "page": f"/r/{found.report.code}?k={found.secret}"} if found else {}


def _words(error: AppError, lang: Lang) -> list[dict[str, str]]:
    said = []
    for problem in error.problems:
        field = "ticket" if problem.field == "ticket" else field_of(problem)
        key = "web.sent_before" if problem.key == "reports.key_reused" else problem.key
        said.append({"field": field, "words": t(key, lang, **({"field": field} | problem.params))})
    return said


ROUTES = [ticket, waiting]
