"""``/viec``: an agency's open cases, soonest deadline first, a page at a time; and one case opened from it."""

from datetime import UTC, datetime

from app.accounts.chats import Officer
from app.i18n import t
from app.notify import staff, staff_cards
from app.notify.templates import when
from app.worklist import service as worklist
from app.worklist.model import Filter, QueueRow
from bot.conversation.channel import STAFF_PRESS
from bot.conversation.fulfilment import Parts
from bot.conversation.model import Choice, Reply
from bot.officers import acts

_PAGE = 8
_MOST = 200
"""How far one leafs through in a chat; the pages in the browser go on to the end."""


async def page(parts: Parts, who: Officer, agency_id: str, number: int, instead_of: int = 0) -> Reply:
    """One page of the agency's queue. Raises Forbidden for whoever has no queue or no business with the agency."""
    wanted = Filter(agency_id=agency_id)
    rows = (await worklist.queue(parts.pool, who.actor, wanted, limit=min((number + 1) * _PAGE + 1, _MOST))).rows
    shown, more = rows[number * _PAGE : (number + 1) * _PAGE], len(rows) > (number + 1) * _PAGE
    if not shown:
        return Reply(text=t("officers.queue_empty", who.lang), instead_of=instead_of)
    now = datetime.now(UTC)
    lines = [_line(parts, who, row, now) for row in shown]
    codes = [Choice(row.code, f"{STAFF_PRESS}card|{row.code}") for row in shown]
    leaf = [
        *([Choice("◀", f"{STAFF_PRESS}list|{number - 1}")] if number else []),
        *([Choice("▶", f"{STAFF_PRESS}list|{number + 1}")] if more else []),
    ]
    pairs = tuple(tuple(codes[i : i + 2]) for i in range(0, len(codes), 2))
    return Reply(
        text="\n\n".join((t("officers.queue_head", who.lang), *lines)),
        rows=(*pairs, tuple(leaf)) if leaf else pairs,
        instead_of=instead_of,
    )


def _line(parts: Parts, who: Officer, row: QueueRow, now: datetime) -> str:
    mark = staff_cards.URGENT if row.urgency == "urgent" else "•"
    category = staff_cards.category_name(parts.rules, row.category, who.lang)
    status = t(f"reports.status_{row.status}", who.lang)
    due = t("officers.due", who.lang, due=when(row.due_at))
    late = row.paused_at is None and row.due_at < now
    tail = f" – {staff_cards.late_by(now, row.due_at, who.lang)}" if late else ""
    return f"{mark} {row.code} {category}, {row.commune_name or '–'}\n{status}. {due}{tail}"


async def card(parts: Parts, who: Officer, code: str, *, in_group: bool) -> Reply:
    """A case as a card. Raises NotFound or Forbidden."""
    report = await acts.case(parts, who, code)
    async with parts.pool.acquire() as conn:
        shown = await staff.show(
            conn, report, who.lang, theirs=True, in_group=in_group, map_link=parts.settings.map_link
        )
    rows = tuple(
        tuple(Choice(button.label, button.data) for button in row) for row in staff_cards.buttons(who.lang, shown)
    )
    return Reply(text=staff_cards.card(parts.rules, who.lang, shown), rows=rows)
