"""What a citizen does and what the dialogue answers, in words that fit every channel."""

import re
from typing import Literal

from msgspec import Struct

from app.errors import Problem
from app.i18n import Lang
from app.photos.model import StoredPhoto
from app.sounds.service import StoredSound

Command = Literal[
    "start", "report", "track", "list", "lang", "cancel", "delete", "mydata", "help",
    "mute", "unmute", "link", "unlink", "area",
    "officer", "queue", "officer_unlink", "link_group", "unlink_group",
]  # fmt: skip
COMMANDS: dict[str, Command] = {
    "start": "start",
    "baocao": "report",
    "report": "report",
    "theodoi": "track",
    "track": "track",
    "danhsach": "list",
    "list": "list",
    "ngonngu": "lang",
    "lang": "lang",
    "huy": "cancel",
    "cancel": "cancel",
    "tatthongbao": "mute",
    "mute": "mute",
    "batthongbao": "unmute",
    "unmute": "unmute",
    "lienket": "link",
    "link": "link",
    "huylienket": "unlink",
    "unlink": "unlink",
    "khuvuc": "area",
    "area": "area",
    "xoadulieu": "delete",
    "delete": "delete",
    "dulieucuatoi": "mydata",
    "mydata": "mydata",
    "trogiup": "help",
    "help": "help",
    "canbo": "officer",
    "officer": "officer",
    "viec": "queue",
    "queue": "queue",
    "huycanbo": "officer_unlink",
    "unlinkofficer": "officer_unlink",
    "lienketnhom": "link_group",
    "linkgroup": "link_group",
    "huylienketnhom": "unlink_group",
    "unlinkgroup": "unlink_group",
}
"""Vietnamese names and their English twins, without the slash."""

_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(?:\s+(.*))?", re.DOTALL)


def command_in(text: str) -> tuple[Command, str] | None:
    """The command a message is, and what follows it."""
    found = _COMMAND.fullmatch(text)
    name = COMMANDS.get(found[1].lower()) if found else None
    return (name, (found[2] or "").strip()[:100]) if found and name else None


NO_PHOTO = Literal["voice", "video", "sticker", "archive", "file", "other"]


class ChannelFile(Struct, frozen=True):
    """A picture still lying with the channel. ``same`` is equal for the same file; ``size`` in bytes where known."""

    file_id: str
    same: str
    size: int | None = None
    name: str = ""


class Photo(Struct, frozen=True):
    """A stored photo of the conversation; ``position`` is the channel's message number: the order they were sent in."""

    position: int
    same: str
    photo: StoredPhoto


class Incoming(Struct, frozen=True, kw_only=True):
    """One thing a citizen did. Most fields are empty in any one of them.

    ``key`` names it for good, so that doing it twice has no second effect. ``number`` is the channel's message number.
    ``photos``, ``refused`` and ``photo_left`` come from the channel's ``files`` once these were fetched.
    """

    key: str
    number: int = 0
    text: str = ""
    files: tuple[ChannelFile, ...] = ()
    photos: tuple[Photo, ...] = ()
    refused: tuple[Problem, ...] = ()
    photo_left: Literal["", "full", "known"] = ""
    voice: ChannelFile | None = None
    """A voice message still lying with the channel; once fetched, ``sound``."""
    seconds: int = 0
    sound: StoredSound | None = None
    album: bool = False
    """More pictures of the same sending may follow at once."""
    edited: bool = False
    point: tuple[float, float] | None = None
    venue: str = ""
    phone: str = ""
    foreign_contact: bool = False
    press: str = ""
    pressed: int = 0
    """The number of the message whose button was pressed."""
    command: Command | None = None
    argument: str = ""
    reply_to: str = ""
    """The words of our own message that this one replies to."""
    cannot_use: NO_PHOTO | None = None
    at: int = 0
    """When it was said, in seconds since 1970 by the channel's clock; 0 where no message came."""
    forwarded: bool = False
    """Passed on from somewhere else."""
    in_group: bool = False
    group: str = ""
    """The group's title."""
    settled: bool = False
    """Nothing more came of an album: time for the answer."""


class Choice(Struct, frozen=True):
    """A button. ``data``, at most 64 bytes, comes back as ``Incoming.press``; where a channel has no buttons, the
    choice's number does."""

    label: str
    data: str


Rows = tuple[tuple[Choice, ...], ...]


class MapOffer(Struct, frozen=True, omit_defaults=True):
    """Our map page, offered for choosing a place: a sentence, a button's label, and the page's address (``app.pins``),
    which is good once."""

    words: str
    label: str
    url: str = ""


class Reply(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message to the citizen: plain text and rows of buttons.

    ``place_button``: offer the channel's own way to send a position, under these words where it is a button.
    ``map_offer``: offer our map page too; what reaches a channel has its address, or is None where there is none.
    ``instead_of``: number of our message it replaces, where the channel can. ``lang`` is for what a channel adds.
    ``photo``: sha256 of a stored photo shown above the text, small; a channel that cannot show it, or cannot get it,
    sends the text alone. ``answers``: number of the message it replies to. ``ask``: the words in the empty text field
    while the channel has this person, named by ``to`` (id, name), reply to it. ``venue``: latitude, longitude, title
    and address; shown on the channel's own map instead of the text.
    """

    text: str
    lang: Lang = "vi"
    rows: Rows = ()
    place_button: str = ""
    map_offer: MapOffer | None = None
    instead_of: int = 0
    photo: str = ""
    answers: int = 0
    ask: str = ""
    to: tuple[str, str] | None = None
    venue: tuple[float, float, str, str] | None = None
