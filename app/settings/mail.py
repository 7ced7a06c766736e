"""Settings of the mail server by which staff get e-mail."""

import re
from email.utils import parseaddr

from app.settings.reader import PREFIX, Quiet, Reader

TLS = ("starttls", "tls", "none")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_LOWEST, _HIGHEST = 1, 65535
_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_ADDRESS = re.compile(r"[^@\s<>]+@[A-Za-z0-9.-]+")


class Smtp(Quiet, frozen=True):
    """A mail server. ``tls``: begun on the open connection (``starttls``), from the first byte (``tls``), or not at
    all. ``sender``: an address, with a name before it or without."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: str
    sender: str

    @property
    def sender_address(self) -> str:
        return parseaddr(self.sender)[1]


def read_smtp(read: Reader) -> Smtp | None:
    host, sender = read.text("SMTP_HOST"), read.text("SMTP_FROM") or ""
    user, password = read.text("SMTP_USER"), read.text("SMTP_PASSWORD", secret=True)
    tls = (read.text("SMTP_TLS", "starttls") or "").lower()
    if tls not in TLS:
        read.problems.append(f"{PREFIX}SMTP_TLS must be {', '.join(TLS[:-1])} or {TLS[-1]}, not {tls!r}")
    port = read.number("SMTP_PORT", _PORTS.get(tls, _HIGHEST), _LOWEST, _HIGHEST)
    if host is None:
        if user or password or sender:
            read.problems.append(f"{PREFIX}SMTP_HOST is missing although other settings of the mail server are set")
        return None
    if not _HOST.fullmatch(host):
        read.problems.append(f"{PREFIX}SMTP_HOST is the name of a host, without a scheme, keys or a path")
    if not _ADDRESS.fullmatch(parseaddr(sender)[1]):
        read.problems.append(f"{PREFIX}SMTP_FROM must be the address that e-mail comes from, not {sender!r}")
    if (user is None) != (password is None):
        read.problems.append(f"{PREFIX}SMTP_USER and {PREFIX}SMTP_PASSWORD belong together")
    if password is not None and tls == "none":
        read.problems.append(f"{PREFIX}SMTP_TLS is none: a password does not travel in the open")
    return Smtp(host, port, user, password, tls, sender)
