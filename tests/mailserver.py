"""A real mail server (aiosmtpd) on loopback: what it was given, refusals on demand, TLS with its own certificate."""

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.settings.mail import Smtp

SENDER = "Phản ánh hiện trường <phananh@example.vn>"


class MailServer:
    """``answers``: what it says instead of taking it, one for each message, by command (``RCPT`` or ``DATA``); None
    there: the connection is cut. ``mails``: what it took, with the address each was for. ``asked`` when a whole mail
    has come, which is answered once it ``takes``."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mails: list[tuple[str, EmailMessage]] = []
        self.asked, self.takes = asyncio.Event(), asyncio.Event()
        self.takes.set()
        self.answers: list[tuple[str, str | None]] = []
        self.encrypted: list[bool] = []
        self.connections = 0
        self.most_at_once = 0
        self._open = 0

    def settings(self, **changes: Any) -> Smtp:
        usual: dict[str, Any] = {"user": None, "password": None, "tls": "none", "sender": SENDER}
        return Smtp(host="127.0.0.1", **({"port": self.port} | usual | changes))

    def to(self, address: str) -> list[EmailMessage]:
        return [message for to, message in self.mails if to == address]

    # ------------------------------------------------------------ aiosmtpd's hooks

    async def handle_RCPT(  # noqa: N802  # named by aiosmtpd
        self, server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if (said := self._answer(server, "RCPT")) is not None:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  # named by aiosmtpd
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        await asyncio.sleep(0)
        self.asked.set()
        await self.takes.wait()
        self._open -= 1
        if (said := self._answer(server, "DATA")) is not None:
            return said
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.mails.append((envelope.rcpt_tos[0], message))
        return "250 kept"

    def _answer(self, server: Any, command: str) -> str | None:
        if not self.answers or self.answers[0][0] != command:
            return None
        _, said = self.answers.pop(0)
        if said is None:
            server.transport.abort()
            return "421 cut"
        return said


@asynccontextmanager
async def mail_server(
    certificate: Path | None = None, login: tuple[str, str] | None = None, *, from_first: bool = False
) -> AsyncIterator[MailServer]:
    """``certificate``: offers STARTTLS, or with ``from_first`` speaks TLS from the first byte. ``login``: whom it lets
    in."""
    server = MailServer(0)
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)

    def known(_: Any, __: Any, ___: Any, ____: Any, given: LoginPassword) -> AuthResult:
        right = (given.login.decode(), given.password.decode()) == login
        return AuthResult(success=right, handled=False)

    def protocol() -> SMTP:
        server.connections += 1
        with warnings.catch_warnings():
            # It warns of passwords without STARTTLS, not knowing that everything is encrypted already.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                server,
                hostname="mail.example.vn",
                tls_context=None if from_first else context,
                authenticator=known if login else None,
                auth_required=bool(login),
                auth_require_tls=not from_first,
                loop=asyncio.get_running_loop(),
            )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if from_first else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


def make_certificate(path: Path) -> None:
    """A key and a certificate for 127.0.0.1 in one file, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(written + certificate.public_bytes(serialization.Encoding.PEM))
