"""The morning's summary for agencies' groups and leads: overdue, due today, waiting for an answer, nobody's yet.

At the start of office hours on working days, at most once a day, and not at all when there is nothing to do.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

from app.accounts import chats
from app.accounts import service as accounts
from app.db import Pool
from app.i18n import t
from app.notify import store_morning as store
from app.notify.attempts import outcome
from app.notify.model import Button, CardSender, SendFailed, Telling, TryLater, Unreachable
from app.notify.staff_cards import MARK, late_by
from app.routing.calendar import VIETNAM, Calendar
from app.routing.ruleset import RuleSet

_LATEST = timedelta(hours=3)
"""After office hours began; a worker that comes back later leaves it: by then it is no morning's summary."""
_LISTED = 5
_KEPT = timedelta(days=30)
_TICK = timedelta(microseconds=1)


def due_today(calendar: Calendar, at: datetime) -> bool:
    """Whether it is the time for it: a working day, from the start of office hours on."""
    midnight = datetime.combine(at.astimezone(VIETNAM).date(), time(), VIETNAM)
    opens = calendar.add_office_hours(midnight, _TICK) - _TICK
    return opens <= at < opens + _LATEST


async def send_digests(
    pool: Pool, rules: RuleSet, senders: Mapping[str, CardSender], at: datetime | None = None
) -> int:
    """Send whatever of today's summaries has not been sent; gives how many were. Called often, does it once."""
    at = at or datetime.now(UTC)
    if not due_today(rules.calendar, at):
        return 0
    day = at.astimezone(VIETNAM).date()
    async with pool.acquire() as conn:
        await store.plan(conn, day)
        await store.forget(conn, day - _KEPT)
        waiting = await store.waiting(conn, day)
    return sum([await _send(pool, senders, digest, at) for digest in waiting])


async def _send(pool: Pool, senders: Mapping[str, CardSender], digest: store.Digest, at: datetime) -> bool:
    sender = senders.get(digest.channel)
    tonight = datetime.combine(at.astimezone(VIETNAM).date(), time.max, VIETNAM)
    async with pool.acquire() as conn:
        counts = await store.counts(conn, digest.agency_id, at, tonight, _LISTED)
        names = await accounts.agency_names(conn, [digest.agency_id], digest.lang)
        telling = _telling(digest, names.get(digest.agency_id, digest.agency_id), counts, at)
        if telling is None or sender is None:
            await store.settle(conn, digest, "failed" if telling else "nothing")
            return False
        if not await store.claim(conn, digest):
            return False
    failure: SendFailed | None = None
    try:
        await sender.send(digest.channel_user_id, telling)
    except SendFailed as failed:
        failure = failed
    async with pool.acquire() as conn:
        if isinstance(failure, Unreachable):
            await chats.unreachable(conn, digest.channel, digest.channel_user_id)
        # What is queued again is taken up by the next round, a few minutes on.
        status = outcome(failure, digest.attempts + 1)
        await store.settle(conn, digest, status, failure.reason if failure else None)
    return failure is None or not isinstance(failure, TryLater)


def _telling(digest: store.Digest, agency: str, counts: store.Counts, at: datetime) -> Telling | None:
    lines = [
        t(f"officers.digest_{name}", digest.lang, count=count)
        for name, count in (
            ("overdue", counts.overdue),
            ("today", counts.today),
            ("awaiting", counts.awaiting),
            ("unassigned", counts.unassigned),
        )
        if count
    ]
    if not lines:
        return None
    when = at.astimezone(VIETNAM).strftime("%d/%m/%Y")
    head = f"☀️ {t('officers.digest', digest.lang, agency=agency, day=when)}"
    rows = tuple(
        (Button(f"{MARK} {code} – {late_by(at, due, digest.lang)}", f"o1|card|{code}"),) for code, due in counts.worst
    )
    return Telling("\n".join((head, *lines, "", t("officers.digest_hint", digest.lang))), (), rows)
