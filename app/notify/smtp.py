"""Sending e-mail: through the province's mail server, or into a folder where one can look at it.

One connection a message: staff get tens of mails a day, and a connection that lies about breaks when it is needed. What
went wrong says whether the message can have arrived. Up to the end of DATA it certainly has not; a connection that
breaks while we wait for the answer to it leaves that open.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aiosmtplib
from aiosmtplib import SMTPException, SMTPResponseException

from app.notify.mail import Mail, MailSender, written
from app.notify.model import Refused, SendFailed, TryLater, Uncertain, Unreachable
from app.settings import Settings
from app.settings.mail import Smtp

_TIMEOUT = 30.0
"""Seconds for each answer of the server."""
_LATER = 60.0
_DEMO_SENDER = "Phản ánh hiện trường <phananh@localhost>"
_TRANSIENT = 500
_NO_SUCH_MAILBOX = (550, 551, 553)
_ADDRESS = re.compile(r"\S+@\S+")


class SmtpSender:
    """Through a mail server. ``context`` says which certificates are trusted; by default those of the machine, which
    ``SSL_CERT_FILE`` may replace."""

    def __init__(self, smtp: Smtp, context: ssl.SSLContext | None = None) -> None:
        self._smtp = smtp
        self._context = context

    async def send_mail(self, mail: Mail) -> str:
        try:
            message = written(mail, self._smtp.sender)
        except ValueError as error:
            raise Unreachable("not an address") from error
        async with self.connected() as client:
            return await _hand_over(client, self._smtp.sender_address, mail.to, message)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """Connected, encrypted and signed in. Raises TryLater: whatever is wrong with the server or with how we are
        set up may be mended, and the message waits that long."""
        client = aiosmtplib.SMTP(
            hostname=self._smtp.host,
            port=self._smtp.port,
            use_tls=self._smtp.tls == "tls",
            start_tls=self._smtp.tls == "starttls",
            tls_context=None if self._smtp.tls == "none" else self._context or ssl.create_default_context(),
            timeout=_TIMEOUT,
        )
        try:
            await client.connect()
            if self._smtp.user and self._smtp.password:
                await client.login(self._smtp.user, self._smtp.password)
        except (SMTPException, OSError) as error:
            client.close()
            raise TryLater(_reason(error), _LATER) from None
        try:
            yield client
        finally:
            await _part(client)


async def _part(client: aiosmtplib.SMTP) -> None:
    """The message is settled by now; how the connection ends changes nothing."""
    try:
        await client.quit()
    except (SMTPException, OSError):
        client.close()


async def _hand_over(client: aiosmtplib.SMTP, sender: str, to: str, message: EmailMessage) -> str:
    try:
        await client.mail(sender)
        await client.rcpt(to)
    except (SMTPException, OSError, ValueError) as error:
        raise _failure(error, cut=False) from None
    try:
        answer = await client.data(message.as_bytes())
    except (SMTPException, OSError) as error:
        raise _failure(error, cut=True) from None
    return _ADDRESS.sub("…", answer.message)[:200]


def _failure(error: Exception, *, cut: bool) -> SendFailed:
    """``cut``: the server may have the whole message."""
    reason = _reason(error)
    if isinstance(error, SMTPResponseException):
        if error.code < _TRANSIENT:
            return TryLater(reason, _LATER)
        mailbox = isinstance(error, aiosmtplib.SMTPRecipientRefused) and error.code in _NO_SUCH_MAILBOX
        return Unreachable(reason) if mailbox else Refused(reason)
    if isinstance(error, ValueError):
        return Unreachable("not an address")
    return Uncertain(reason) if cut else TryLater(reason, _LATER)


def _reason(error: Exception) -> str:
    """For the ledger: the server's number, without its words, which repeat addresses and user names."""
    if isinstance(error, SMTPResponseException):
        return f"{type(error).__name__} {error.code}"
    cause = error.__cause__ or error.__context__
    return f"{type(error).__name__} ({type(cause).__name__})" if cause else type(error).__name__


class FolderSender:
    """Writes each mail as a file that mail programs open: for trying things out without a mail server."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send_mail(self, mail: Mail) -> str:
        path = self._folder / f"{mail.at:%Y%m%d-%H%M%S}-{mail.name}.eml"
        try:
            message = written(mail, _DEMO_SENDER)
        except ValueError as error:
            raise Unreachable("not an address") from error
        try:
            await asyncio.to_thread(_keep, path, message.as_bytes())
        except OSError as error:
            raise TryLater(type(error).__name__, _LATER) from None
        return path.name


def _keep(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def mail_folder(settings: Settings) -> Path:
    return settings.home / "mail"


def mail_sender(settings: Settings) -> MailSender | None:
    """None: there is no e-mail. Beside real bots nobody wants their staff's mail in a folder."""
    if settings.smtp is not None:
        return SmtpSender(settings.smtp)
    return FolderSender(mail_folder(settings)) if settings.simulated else None
