"""Whoever looks after the system hears when another system does not take what we send: on the pages and by e-mail, once
for as long as it lasts, however many reports it is about.

Once a minute what stands now is compared with what stood before. What is new is told in the same transaction; what has
been mended ends, and so do the notices about it. The mails' rules are those of every ledger: claimed before the call,
never twice because of us.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from app.accounts.permissions import ALLOWED, Permission
from app.db import Conn, Pool
from app.escalation import store_incidents as store
from app.escalation import store_notices
from app.escalation.model import Trouble
from app.i18n import t
from app.notify.attempts import outcome
from app.notify.mail import Line, Mail, MailSender
from app.notify.model import SendFailed

_KEPT = timedelta(days=90)
_KEEPERS = [str(role) for role, permissions in ALLOWED.items() if Permission.MANAGE_SYSTEM in permissions]


async def keep(conn: Conn, troubles: Sequence[Trouble], *, by_mail: bool) -> int:
    """What stands now, in the caller's transaction; gives how many are new. ``by_mail``: there is e-mail here."""
    wanted = {(one.ref, one.kind): one for one in troubles}
    before = {(one.ref, one.kind): one for one in await store.standing(conn)}
    if over := [one for key, one in before.items() if key not in wanted]:
        await store.end(conn, over)
    new = [one for key, one in wanted.items() if key not in before]
    people = await store.keepers(conn, _KEEPERS) if new else []
    told = 0
    for trouble in new:
        incident_id = await store.begin(conn, trouble)
        if incident_id is None:
            continue
        told += 1
        ids = [one.staff_id for one in people]
        await store_notices.raise_again(conn, ids, datetime.now(UTC), trouble.kind, trouble.path, trouble.about)
        mailed = [one.staff_id for one in people if by_mail and one.email and "mail" not in one.off]
        await store.add_mails(conn, incident_id, mailed)
    await store.forget(conn, _KEPT)
    return told


async def send(pool: Pool, mail: MailSender, public_url: str, at: datetime | None = None) -> int:
    """Send the mails that wait, one to each person; gives how many were sent."""
    async with pool.acquire() as conn:
        people = await store.waiting(conn)
    sent = 0
    for staff_id in people:
        async with pool.acquire() as conn:
            letter = await store.claim(conn, staff_id)
        if letter is not None:
            sent += await _send(pool, mail, letter, public_url, at or datetime.now(UTC))
    return sent


async def _send(pool: Pool, mail: MailSender, letter: store.Letter, public_url: str, at: datetime) -> bool:
    status, reason = "unreachable", None
    if letter.email:
        failure: SendFailed | None = None
        try:
            await mail.send_mail(_written(letter, public_url, at))
        except SendFailed as failed:
            failure = failed
        status, reason = outcome(failure, letter.attempt), failure.reason if failure else None
    async with pool.acquire() as conn:
        await store.settle(conn, letter, status, reason)
    return status == "sent"


def _written(letter: store.Letter, public_url: str, at: datetime) -> Mail:
    lines = [
        Line(f"{about}: {t(f'officers.{kind}', letter.lang)}.", public_url + path) for kind, path, about in letter.about
    ]
    kind, _, about = letter.about[0]
    subject = f"{about}: {t(f'officers.{kind}', letter.lang)}"
    if len(lines) > 1:
        subject = t("escalation.incidents_many", letter.lang, count=len(lines))
    lines.append(Line(t("escalation.incidents_foot", letter.lang), f"{public_url}/console/account/channels"))
    name = f"incident.{letter.incidents[0]}.{letter.staff_id}"
    return Mail(
        to=letter.email, subject=subject, lines=lines, name=name, lang=letter.lang, at=at, list_id="incidents"
    )  # fmt: skip
