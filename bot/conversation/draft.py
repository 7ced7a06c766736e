"""What is kept of a conversation between two messages: the report in the making and the open question."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

import msgspec
from msgspec import Struct

from app.reports.model import PHOTOS_MAX, Place
from app.sounds.service import StoredSound
from bot.conversation.model import Choice, Photo


class Asked(StrEnum):
    """The open question: it decides what the next plain words mean."""

    NOTHING = ""
    TEXT = "text"
    NEW_TEXT = "new_text"  # what stands there is replaced
    PLACE = "place"
    SPOT = "spot"
    CATEGORY = "category"
    QUESTION = "question"  # an extra one of the category
    NEAR = "near"  # somebody has reported the same matter: follow that one?
    SUMMARY = "summary"
    CHANGE = "change"
    WHICH = "which"  # an answer to an officer, or a new report?
    ANSWER = "answer"
    WHY = "why"  # not satisfied: why?
    AREA = "area"  # which commune to follow?


class Piece(Struct, frozen=True):
    """Words of one message, kept apart so that an edit of that message finds them."""

    number: int
    text: str


class Content(Struct, frozen=True, omit_defaults=True):
    pieces: tuple[Piece, ...] = ()
    photos: tuple[Photo, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pieces or self.photos)

    @property
    def text(self) -> str:
        return "\n".join(piece.text for piece in self.pieces)

    def plus(self, other: "Content") -> "Content":
        """Both, photos in the order of sending and each once, at most as many as a report takes."""
        photos = {photo.photo.sha256: photo for photo in (*other.photos, *self.photos)}
        ordered = sorted(photos.values(), key=lambda photo: photo.position)
        return Content((*self.pieces, *other.pieces), tuple(ordered[:PHOTOS_MAX]))


class Spot(Struct, frozen=True, omit_defaults=True):
    """Where it is, as far as known. ``nearby``: communes (code, name) to choose among while none is certain."""

    lat: float | None = None
    lon: float | None = None
    address: str = ""
    commune: str = ""
    name: str = ""
    nearby: tuple[tuple[str, str], ...] = ()
    origin: Literal["sent", "photo", "words"] = "sent"
    confirmed: bool = False

    def place(self) -> Place:
        return Place(self.lat, self.lon, self.address, self.commune or None)


class Draft(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One chat's side of the dialogue. Everything has a default: an empty draft is not kept at all."""

    content: Content = Content()
    spot: Spot | None = None
    category: str | None = None
    guessed: bool = False
    """The category was taken from the words without asking; more words may give another one."""
    choosing: bool = False
    """The person wants to choose the category: no guess is taken any more."""
    answers: Mapping[str, str] = {}
    """To the category's extra questions: question id → answer id, "" where the person does not know."""
    phone: str = ""
    asked: Asked = Asked.NOTHING
    about: str = ""
    """The report (code) that the open question is about, or that was answered last."""
    held: Content = Content()
    """Words and photos about another report, or whose purpose is being asked."""
    choices: tuple[Choice, ...] = ()
    """The buttons shown last, for those who answer with a number or the button's words."""
    settling: bool = False
    """An album is arriving; the answer waits until nothing more comes."""
    notes: tuple[str, ...] = ()
    """Finished sentences that the next answer begins with."""
    photos_told: int = 0
    full_told: bool = False
    danger_told: bool = False
    alone: str = ""
    """The revision of which the person said that it is none of the reports offered."""
    passed_over: tuple[str, ...] = ()
    """Codes of reports that are not offered again."""
    sounds: tuple[StoredSound, ...] = ()
    forwarded: bool = False
    """Something in it was passed on from elsewhere; coordinators see it in the history."""
    sent: str = ""
    """Code of the report that was sent last."""

    @property
    def begun(self) -> bool:
        """Whether a report is in the making."""
        return bool(self.content or self.sounds or self.spot or self.category) or self.asked in (
            Asked.TEXT,
            Asked.NEW_TEXT,
        )

    @property
    def elsewhere(self) -> bool:
        """Whether what comes now goes to ``held`` rather than into the report in the making."""
        return self.asked in (Asked.WHICH, Asked.ANSWER, Asked.WHY)

    @property
    def photos(self) -> tuple[Photo, ...]:
        """All photos the draft must keep from being swept away."""
        return (*self.content.photos, *self.held.photos)

    def revision(self) -> str:
        """Names what would be sent: an older summary's button must not send something else than it shows."""
        said = (
            self.content.text,
            [p.photo.sha256 for p in self.content.photos],
            [s.sha256 for s in self.sounds],
            self.spot,
            self.category,
            sorted(self.answers.items()),
        )
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:8]
