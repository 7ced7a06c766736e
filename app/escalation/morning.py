"""The morning's mail: an officer's or lead's day, one a person and working day, late rather than not at all.

An officer reads of their own cases, of those they look after for whoever is away, and what nobody has taken; a lead of
the whole agency's. Whoever is away gets none, nor whoever switched e-mail off; nothing to do, no mail.
"""

from datetime import UTC, datetime, time
from uuid import UUID

from msgspec import Struct

from app.accounts import absence
from app.accounts import service as accounts
from app.accounts.model import Role, Staff
from app.db import Conn, Pool
from app.escalation import store_morning
from app.escalation.letters import Letter, link
from app.escalation.store_morning import Due
from app.i18n import Lang, t
from app.notify import store_morning as digests
from app.notify.attempts import outcome
from app.notify.mail import Line, MailSender
from app.notify.model import SendFailed
from app.notify.staff_cards import category_name, late_by
from app.notify.store_morning import Digest
from app.notify.templates import when
from app.routing.calendar import VIETNAM
from app.routing.ruleset import RuleSet

_LISTED = 10


class Day(Struct, frozen=True):
    """What somebody has to do today, what burns most first."""

    directed: list[Due]
    overdue: list[Due]
    today: list[Due]
    unassigned: int

    @property
    def free(self) -> bool:
        return not (self.directed or self.overdue or self.today or self.unassigned)


async def send(pool: Pool, rules: RuleSet, mail: MailSender, public_url: str, at: datetime | None = None) -> int:
    """Send whatever of today's mails has not been sent; gives how many were. Called often, does it once. A worker that
    comes back in the afternoon sends them then."""
    at = at or datetime.now(UTC)
    if not rules.calendar.is_open(at):
        return 0
    day = at.astimezone(VIETNAM).date()
    async with pool.acquire() as conn:
        await store_morning.plan(conn, day)
        waiting = await digests.waiting(conn, day, by_mail=True)
    return sum([await _send(pool, rules, mail, public_url, digest, at) for digest in waiting])


async def _send(pool: Pool, rules: RuleSet, mail: MailSender, public_url: str, digest: Digest, at: datetime) -> bool:
    async with pool.acquire() as conn:
        staff = await accounts.staff_known(conn, UUID(digest.channel_user_id))
        day = await _day(conn, staff, at) if staff and staff.active and staff.email else None
        if staff is None or day is None or day.free:
            await digests.settle(conn, digest, "nothing")
            return False
        if not await digests.claim(conn, digest):
            return False
    letter = _letter(rules, digest.lang, staff, day, public_url, at)
    failure: SendFailed | None = None
    try:
        await mail.send_mail(letter.to(staff.email, f"morning.{digest.day}.{staff.staff_id}", at))
    except SendFailed as failed:
        failure = failed
    async with pool.acquire() as conn:
        # What is queued again is taken up by the next round, a few minutes on.
        status = outcome(failure, digest.attempts + 1)
        await digests.settle(conn, digest, status, failure.reason if failure else None)
    return failure is None


async def _day(conn: Conn, staff: Staff, at: datetime) -> Day:
    tonight = datetime.combine(at.astimezone(VIETNAM).date(), time.max, VIETNAM)
    theirs = {staff.staff_id, *await absence.deputised_for(conn, staff.staff_id, at)}
    found = await store_morning.due_in(conn, staff, tonight)
    leads = staff.role is Role.LEAD
    mine = [one for one in found if leads or one.assignee_id in theirs]
    running = [one for one in mine if not one.paused]
    return Day(
        directed=[one for one in mine if one.directed_due_at is not None],
        overdue=[one for one in running if one.due < at],
        today=[one for one in running if at <= one.due <= tonight],
        unassigned=sum(one.assignee_id is None and not one.paused for one in found),
    )


def _letter(rules: RuleSet, lang: Lang, staff: Staff, day: Day, public_url: str, at: datetime) -> Letter:
    date = at.astimezone(VIETNAM).strftime("%d/%m/%Y")
    lines = [Line(t("escalation.morning_hello", lang, name=staff.full_name, day=date))]
    for name, cases in (("directed", day.directed), ("overdue", day.overdue), ("today", day.today)):
        if cases:
            lines.append(Line(t(f"escalation.morning_{name}", lang, count=len(cases))))
            lines += [_line(rules, lang, name, one, public_url, at) for one in cases[:_LISTED]]
        if len(cases) > _LISTED:
            lines.append(Line(t("escalation.more", lang, count=len(cases) - _LISTED)))
    if day.unassigned:
        lines.append(Line(t("escalation.morning_unassigned", lang, count=day.unassigned)))
    lines.append(Line(t("escalation.morning_queue", lang), f"{public_url}/console/queue"))
    counts = {"overdue": len(day.overdue), "today": len(day.today)}
    return Letter(t("escalation.morning_subject", lang, day=date, **counts), tuple(lines), lang, "morning")


def _line(rules: RuleSet, lang: Lang, name: str, one: Due, public_url: str, at: datetime) -> Line:
    place = f" – {one.commune}" if one.commune else ""
    due = one.directed_due_at if name == "directed" and one.directed_due_at else one.due
    time_left = late_by(at, due, lang) if due < at else when(due)
    text = f"{one.code} · {category_name(rules, one.category, lang)}{place} · {time_left}"
    return Line(text, link(public_url, one.code))
