"""What is told, and the protocol that a channel implements to tell it."""

from typing import Protocol

from msgspec import Struct

from app.i18n import Lang


class Button(Struct, frozen=True):
    """``data`` comes back to the bot when pressed; at most 64 bytes (Telegram's limit)."""

    label: str
    data: str


class Document(Struct, frozen=True):
    """A file that goes along."""

    name: str
    content_type: str
    data: bytes


class Glance(Struct, frozen=True):
    """What a locked screen may show of a message. ``path``: where on our pages it leads. ``code`` and ``status`` are ""
    when it tells of several reports."""

    title: str
    says: str
    path: str
    code: str = ""
    status: str = ""


class Telling(Struct, frozen=True):
    """One message for one person: plain text, JPEG photos, rows of buttons. Every channel renders it its own way.

    ``shown``: the photos' names (sha256), for channels that fetch them from us. ``lang`` is for what a channel adds.
    ``documents``: files, to staff alone and without buttons. ``glance``: for channels that go past others' eyes.
    """

    text: str
    photos: tuple[bytes, ...] = ()
    buttons: tuple[tuple[Button, ...], ...] = ()
    shown: tuple[str, ...] = ()
    lang: Lang = "vi"
    documents: tuple[Document, ...] = ()
    glance: Glance | None = None


class SendFailed(Exception):
    """The channel did not take the message. ``reason`` goes to the ledger and holds no personal data or secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(SendFailed):
    """Permanent, and the person's doing: blocked us, deleted the account. Nothing more is sent to this address."""


class Closed(SendFailed):
    """The channel lets us write only for a time after the person did, and so often, and that is over. Certainly not
    delivered; nothing is wrong with the address, and another one may do."""


class Refused(SendFailed):
    """Permanent, and ours: the channel says the message itself is wrong. Sending it again would not help."""


class TryLater(SendFailed):
    """The message was certainly not delivered; trying again after ``seconds`` may work."""

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Uncertain(SendFailed):
    """The channel may have delivered it (the connection broke while we waited for the answer). It is not sent again:
    nobody is told twice because of us."""


class Sender(Protocol):
    """A channel's way out."""

    async def send(self, user_id: str, telling: Telling) -> str:
        """Deliver and give the channel's own reference. Raises Unreachable, Closed, Refused, TryLater or Uncertain."""
        ...


Senders = dict[str, Sender]
"""By channel name; bound in ``app.worker.process``."""


class CardSender(Sender, Protocol):
    """A channel in which staff work: what was sent there can be brought up to date."""

    async def edit(self, chat_id: str, ref: str, telling: Telling) -> None:
        """Give the message ``ref`` other words and buttons; one that can no longer be changed is left alone.

        Raises Unreachable, Refused, TryLater or Uncertain.
        """
        ...


CardSenders = dict[str, CardSender]
"""By channel name; bound in ``app.worker.process``."""
