"""Calls to 1022: what a coordinator writes down while somebody speaks.

A call about a matter that is known already is a report of its own, merged into that one at once: so the caller gets a
code that answers for the matter, counts as a voice, is kept as contact for the coordinators alone, and can be taken
apart again when it turns out to be another matter. It is filed on the coordinators' desk, so that no agency hears of it
in between; whatever cuts the two steps apart leaves it there, and the same form sent again ends what was begun.
"""

from msgspec import Struct, structs

from app.accounts.model import Actor
from app.accounts.permissions import Permission, require
from app.errors import Invalid, Problem
from app.reports import service
from app.reports.model import Filed, Form, NewReport, Report, Status
from app.reports.receiving import Means, Storing, receive
from app.reports.workflow import ENDED, Act


class Taken(Struct, frozen=True):
    """``into``: the report that the call was merged into, as it was then."""

    filed: Filed
    refused: list[Problem]
    into: Report | None = None


async def take_call(
    means: Means,
    actor: Actor,
    call: NewReport,
    key: str | None,
    store: Storing,
    *,
    photos: bool,
    into: Report | None = None,
) -> Taken:
    """File a call under the coordinator's own ``key``, and merge it ``into`` the report of the same matter.

    Raises Forbidden, NotFound, what ``file_report`` and ``perform`` raise, and Invalid for a report that is over.
    """
    require(actor, Permission.KEEP_DESK)
    call = structs.replace(
        call, channel="hotline", key=(f"hotline:{actor.id}", key) if key else None, to_desk=into is not None
    )
    if into is None:
        return Taken(*await receive(means, call, store, photos=photos))
    service.visible(actor, into)
    if into.status in ENDED and into.status is not Status.CLOSED:
        raise Invalid("reports.target_ended", field="target", code=into.code)
    filed, refused = await receive(means, call, store, photos=photos)
    if filed.report.status is not Status.DUPLICATE:
        merge = Form(target=into.code, client_key=f"call:{key}" if key else None)
        merged = await service.perform(means.pool, means.rules, actor, filed.report, Act.MERGE, merge)
        filed = structs.replace(filed, report=merged)
    return Taken(filed, refused, into)
