"""E-mail to staff: what a message is, how it is written down (MIME), and the protocol of whoever sends it.

A mail names reports by code, matter and commune alone: it lies in mailboxes that we do not look after, so nothing of
who reported, and none of the words, is in it. The same holds for the files that it brings.
"""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, parseaddr
from typing import Any, Protocol

from msgspec import Struct

from app.i18n import Lang
from app.notify.model import Document

CHANNEL = "mail"
"""Its name in the ledger."""
_NEWLINES = re.compile(r"[\r\n]+")


class _Policy(EmailPolicy):
    """As mail travels. Python's own way of breaking a subject into pieces loses the space between two of them."""

    def fold(self, name: str, value: Any) -> str:
        if name == "Subject" and not str(value).isascii():
            words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}"
        folded: str = super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")


_POLICY = _Policy(linesep="\r\n")


class Line(Struct, frozen=True):
    """A paragraph, or with ``link`` one that leads somewhere. ``more``: words below that do not."""

    text: str
    link: str = ""
    more: str = ""
    heading: bool = False


class Mail(Struct, frozen=True, kw_only=True):
    """One message for one person. ``name`` is the same for the same message, so that a mail server which gets it twice
    can tell. ``list_id``: what kind of message it is, for filters in mailboxes. ``unsubscribe``: an address that ends
    them all when it is posted to, for the mailbox's own button (RFC 8058)."""

    to: str
    subject: str
    lines: Sequence[Line]
    name: str
    lang: Lang
    at: datetime
    list_id: str = "phananh"
    files: Sequence[Document] = ()
    unsubscribe: str = ""


class MailSender(Protocol):
    async def send_mail(self, mail: Mail) -> str:
        """Hand it over and give the server's own words. Raises Unreachable, Refused, TryLater or Uncertain."""
        ...


def written(mail: Mail, sender: str) -> EmailMessage:
    """The mail as it travels: plain text, and the same as simple HTML. ``sender``: an address with or without a name.

    Raises ValueError for an address that is none.
    """
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(name, addr_spec=address)
    try:
        message["To"] = Address(addr_spec=mail.to)
    except MessageError as error:
        raise ValueError("not an address") from error
    message["Subject"] = _NEWLINES.sub(" ", mail.subject)
    message["Date"] = format_datetime(mail.at)
    message["Message-ID"] = f"<{mail.name}@{domain}>"
    # Written by a machine: nobody's holiday note answers it, and nobody unsubscribes from their work.
    message["Auto-Submitted"] = "auto-generated"
    message["List-Id"] = f"<{mail.list_id}.{domain}>"
    if mail.unsubscribe:
        message["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Content-Language"] = mail.lang
    message.set_content(_plain(mail.lines), cte="quoted-printable")
    message.add_alternative(_html(mail), subtype="html", cte="quoted-printable")
    for file in mail.files:
        main, _, sub = file.content_type.partition(";")[0].partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    return message


def _plain(lines: Sequence[Line]) -> str:
    return "\n\n".join("\n".join(part for part in _pieces(line) if part) for line in lines) + "\n"


def _pieces(line: Line) -> tuple[str, ...]:
    return line.text.upper() if line.heading else line.text, line.more, line.link


def _html(mail: Mail) -> str:
    """No pictures, no styles of others, nothing that is fetched when it is opened."""
    paragraphs = "\n".join(_paragraph(line) for line in mail.lines)
    title = html.escape(mail.subject)
    return (
        f'<!doctype html>\n<html lang="{mail.lang}">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
        '<body style="font: 16px/1.5 sans-serif; color: #1a2733; max-width: 40em">\n'
        f"{paragraphs}\n</body>\n</html>\n"
    )


def _paragraph(line: Line) -> str:
    text = _broken(line.text)
    if line.heading:
        return f'<h2 style="font-size: 18px">{text}</h2>'
    linked = f'<a href="{html.escape(line.link)}">{text}</a>' if line.link else text
    return f"<p>{linked}<br>\n{_broken(line.more)}</p>" if line.more else f"<p>{linked}</p>"


def _broken(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
