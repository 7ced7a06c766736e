"""Administrators hear by e-mail of a webhook that was switched off because nothing had reached it for days."""

from datetime import UTC, datetime

import structlog

from app.accounts import store as accounts
from app.accounts.model import Role
from app.db import Pool, transaction
from app.i18n import DEFAULT, t
from app.notify.mail import Line, Mail, MailSender
from app.notify.model import SendFailed
from app.webhooks import store

log = structlog.get_logger()


async def tell(pool: Pool, mail: MailSender | None, public_url: str) -> int:
    """Once for each; gives the number of mails. What a mail server refuses is not tried again: the page shows it."""
    async with transaction(pool) as conn:
        disabled = await store.untold(conn)
        people = [one for one in await accounts.all_staff(conn) if one.active and one.role is Role.ADMINISTRATOR]
    sent = 0
    for webhook in disabled:
        link = f"{public_url}/console/webhooks/{webhook.webhook_id}"
        for person in people if mail is not None else ():
            if not person.email:
                continue
            lines = (
                Line(t(f"webhooks.mail_{webhook.disabled_why}", DEFAULT, name=webhook.name)),
                Line(t("webhooks.mail_what_to_do", DEFAULT), link),
            )
            subject = t("webhooks.mail_subject", DEFAULT, name=webhook.name)
            name = f"webhook.{webhook.webhook_id}.{person.staff_id}"
            letter = Mail(to=person.email, subject=subject, lines=lines, name=name, lang=DEFAULT, at=datetime.now(UTC))
            try:
                assert mail is not None
                await mail.send_mail(letter)
                sent += 1
            except SendFailed as failed:
                log.warning("an administrator was not told of a webhook", reason=failed.reason)
    return sent
