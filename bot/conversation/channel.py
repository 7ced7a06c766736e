"""What a chat channel must bring. Telegram and Zalo are thin adapters of this."""

from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from app.i18n import Lang
from app.reports.model import Channel as ChannelName
from bot.conversation.model import ChannelFile, Incoming, Reply

STAFF_PRESS = "o1|"
"""How the data of officers' buttons begins."""


class Person(Struct, frozen=True):
    """Who writes. ``lang`` counts at first contact only; later the person's own choice does."""

    user_id: str
    name: str
    lang: Lang


class Heard(Struct, frozen=True):
    """An update, read. ``incoming`` None: the person came back (``left`` empty) or stopped us (``left``: how), the same
    of a group (``in_group``), or the group has another number from now on (``moved_to``)."""

    person: Person
    incoming: Incoming | None = None
    left: str = ""
    press_id: str = ""
    """What the channel wants to hear when a button was pressed."""
    draft_id: UUID | None = None
    """The draft that a pin of our map page is for; it is too late for any other."""
    in_group: bool = False
    moved_to: str = ""

    @property
    def is_staff_press(self) -> bool:
        """A press that is answered once it is clear what became of it."""
        said = self.incoming
        return said is not None and bool(said.press) and (said.in_group or said.press.startswith(STAFF_PRESS))


class Update(Struct, frozen=True):
    """One update as it came and lies in the inbox; ``content`` is JSON.

    A channel that numbers none gives a ``dedupe`` by which the same update is known when it comes again; its number
    is then the inbox's own. ``spoke``: the person wrote to us, which opens the time in which we may write to them.
    """

    update_id: int
    chat_id: str
    content: Any
    dedupe: str = ""
    spoke: bool = False


class Channel(Protocol):
    """One bot in one channel. ``bot`` names it in the inbox and in the lock that only one process holds at a time."""

    name: ChannelName
    bot: str
    offers: bool
    """Whether notifications write their choices into ``offered_choices``, for want of buttons."""

    def read(self, content: Any) -> Heard | None:
        """What an update says. None: nothing a person did, nothing to do. Raises whatever it likes for broken ones."""
        ...

    async def fetch(self, file: ChannelFile) -> bytes:
        """The file's bytes. Raises Refused when there is no getting them, TryLater when there may be later."""
        ...

    async def deliver(self, chat_id: str, reply: Reply) -> None:
        """Send one message. Raises Unreachable, Refused, TryLater or Uncertain (``app.notify.model``)."""
        ...

    async def acknowledge(self, press_id: str, text: str = "", *, alert: bool = False) -> None:
        """Tell the channel that a button's press has arrived; ``text`` is shown to whoever pressed it and nobody else,
        as an ``alert`` until they close it. Never raises: it is a courtesy."""
        ...
