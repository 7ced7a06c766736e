"""Sending what concerns a member of staff: a card in their chat, a mail to their address, a line on their device's
screen; at most once, few at a time.

The rules of the ledger are those of ``app.notify.service``. After three messages within ten minutes the rest waits and
then comes as one; a mail always takes along whatever else waits for its address.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from app.accounts import chats, push_devices
from app.accounts.push_devices import PushDevice
from app.db import Conn, Pool
from app.escalation import letters, store
from app.escalation.store import Taken
from app.i18n import Lang, t
from app.notify import staff, staff_cards
from app.notify import store as ledger
from app.notify.attempts import again, later, outcome
from app.notify.mail import CHANNEL as MAIL
from app.notify.mail import MailSender
from app.notify.manners import WINDOW, Go, Moment, Wait, decide
from app.notify.model import Button, CardSender, Glance, SendFailed, Telling, TryLater, Unreachable
from app.notify.push import CHANNEL as PUSH
from app.notify.push import WebPush
from app.reports import service as reports
from app.reports.model import Report
from app.reports.workflow import OPEN
from app.routing.ruleset import RuleSet

_BACKOFF_MOST = 1800.0
"""Seconds."""
_LISTED = 20
_BUTTONS = 8
_NAMED = 3


class Ways(Struct, frozen=True):
    """The ways out, and what messages are made with. ``public_url``: where staff open the pages."""

    rules: RuleSet
    chats: Mapping[str, CardSender]
    mail: MailSender | None
    push: WebPush | None
    public_url: str
    map_link: str = ""


class Item(Struct, frozen=True):
    """One thing to be told, as it stands now."""

    kind: str
    report: Report


async def deliver(pool: Pool, ways: Ways, key: ledger.Key, at: datetime | None = None) -> None:
    """Send one message, or with it all that waits for the same address. Raises RetryRequested when it is not the
    time, or the way out asks us to come back later."""
    at = at or datetime.now(UTC)
    async with pool.acquire() as conn:
        found = await store.waiting(conn, key, at - WINDOW)
        if found is None:
            return
        entry = found.entry
        if {MAIL: ways.mail, PUSH: ways.push, **ways.chats}.get(entry.channel) is None:
            await ledger.settle(conn, entry, "failed", "no such way out here", was=("queued",))
            return
    moment = Moment(entry.template, found.entered_at, found.urgent, found.lately, found.waiting)
    match decide(moment, None, at):
        case Wait(seconds) if not found.urgent:
            raise later(seconds, "not now")
        case Go(digest=True):
            together = True
        case _:
            together = entry.channel == MAIL
    await _send(pool, ways, entry, together=together, at=at)


async def _send(pool: Pool, ways: Ways, entry: ledger.Entry, *, together: bool, at: datetime) -> None:
    who = UUID(entry.recipient.removeprefix("staff:"))
    async with pool.acquire() as conn:
        attempt, taken = await store.take(conn, entry, together=together)
        if not taken:
            return
        entry = _named(entry)
        items = await _standing(conn, who, taken)
        device = await push_devices.of(conn, who) if entry.channel == PUSH else None
        address, lang = (device.address, device.lang) if device else await _address(conn, entry, who)
        if not items or address is None:
            status, why = ("superseded", "overtaken") if address else ("unreachable", "no longer an address")
            await ledger.settle(conn, entry, status, why, was=("sending",), attempt=attempt)
            return
        single = len(items) == 1 and entry.channel in ways.chats
        telling = await _card(conn, ways, entry, items[0]) if single else None
    failure: SendFailed | None = None
    ref: str | None = None
    try:
        if entry.channel == MAIL:
            assert ways.mail is not None
            letter = letters.warnings(ways.rules, lang, [(item.kind, item.report) for item in items], ways.public_url)
            ref = await ways.mail.send_mail(letter.to(address, f"{entry.seq}.{entry.report_id}.{who}", at))
        elif device is not None:
            assert ways.push is not None
            ref = await ways.push.show(device.address, (device.p256dh, device.auth), _glance(items, lang), lang)
        else:
            ref = await ways.chats[entry.channel].send(address, telling or _list(items, lang))
    except SendFailed as failed:
        failure = failed
    shows = items[0].report if telling else None
    await _settle(pool, entry, attempt, failure, ref, shows=shows, device=device)


def _named(entry: ledger.Entry) -> ledger.Entry:
    """Under the name by which it, and what goes with it, is claimed."""
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__}
    return ledger.Entry(**(fields | {"digest": entry.name}))


async def _settle(
    pool: Pool,
    entry: ledger.Entry,
    attempt: int,
    failure: SendFailed | None,
    ref: str | None,
    *,
    shows: Report | None,
    device: PushDevice | None,
) -> None:
    status = outcome(failure, attempt)
    # Somebody may have taken us for dead and written 'uncertain' meanwhile. We know better, but do not send it again.
    was = ("sending",) if status == "queued" else ("sending", "uncertain")
    async with pool.acquire() as conn:
        if isinstance(failure, Unreachable) and device is not None:
            await push_devices.gone(conn, device.address)
        elif isinstance(failure, Unreachable) and entry.channel != MAIL:
            await chats.unreachable(conn, entry.channel, entry.channel_user_id)
        reason = failure.reason if failure else None
        settled = await ledger.settle(conn, entry, status, reason, ref, was=was, attempt=attempt)
        if ref is not None and shows is not None:
            await staff.note_card(conn, shows.report_id, entry.channel, entry.channel_user_id, ref)
    if settled and isinstance(failure, TryLater) and status == "queued":
        raise again(failure, attempt, _BACKOFF_MOST)


async def _standing(conn: Conn, who: UUID, taken: Sequence[Taken]) -> list[Item]:
    """What of it is still to be told, each report's latest once: it may have lain through a night, in which the case
    was resolved, or went to others who alone may read it."""
    latest = {(row.report_id, letters.clock_of(row.template)): row for row in sorted(taken, key=lambda row: row.seq)}
    found = []
    for row in latest.values():
        report = await reports.get(conn, row.report_id)
        theirs = any(one.staff_id == who for one in await store.people_around(conn, report))
        if theirs and (report.status in OPEN or not row.template.startswith("warned_")):
            found.append(Item(row.template, report))
    return found


async def _address(conn: Conn, entry: ledger.Entry, who: UUID) -> tuple[str | None, Lang]:
    """Where it goes, if not to a device; None: they have left, or let go of the chat or address."""
    if entry.channel == MAIL:
        person = await store.mailbox(conn, who)
        return (person or None), entry.lang
    known = await chats.officer(conn, entry.channel, entry.channel_user_id)
    return (entry.channel_user_id if known and known.staff.staff_id == who else None), entry.lang


async def _card(conn: Conn, ways: Ways, entry: ledger.Entry, item: Item) -> Telling:
    """The case's card, with what may be done with it where it is in the person's own agency."""
    shown = await staff.show(conn, item.report, entry.lang, theirs=True, in_group=False, map_link=ways.map_link)
    known = await chats.officer(conn, entry.channel, entry.channel_user_id)
    own = known is not None and known.staff.agency_id == item.report.agency_id
    buttons = staff_cards.buttons(entry.lang, shown) if own else ()
    return Telling(staff_cards.card(ways.rules, entry.lang, shown, item.kind), (), buttons)


def _glance(items: Sequence[Item], lang: Lang) -> Glance:
    """Codes and what is the matter with them: the screen may be seen by others."""
    if len(items) == 1:
        code = items[0].report.code
        return Glance(t(f"officers.{items[0].kind}", lang), code, f"/console/reports/{code}", code)
    codes = ", ".join(item.report.code for item in items[:_NAMED])
    return Glance(t("escalation.many", lang, count=len(items)), codes, "/console/notices")


def _list(items: Sequence[Item], lang: Lang) -> Telling:
    """Many at once: a line for each, and buttons that open the first of them."""
    lines = [t("escalation.many", lang, count=len(items))]
    lines += [f"• {item.report.code} – {t(f'officers.{item.kind}', lang)}" for item in items[:_LISTED]]
    if len(items) > _LISTED:
        lines.append(t("escalation.more", lang, count=len(items) - _LISTED))
    rows = tuple(
        (Button(f"{staff_cards.MARK} {item.report.code}", f"o1|card|{item.report.code}"),) for item in items[:_BUTTONS]
    )
    return Telling("\n".join(lines), (), rows)
