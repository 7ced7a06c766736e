"""What an officer has begun to say in a chat, and what is answered."""

from typing import Literal

import msgspec
from msgspec import Struct

from app.photos.model import StoredPhoto
from bot.conversation.model import Photo, Reply

Aim = Literal["", "ask", "return", "transfer", "resolve", "note"]
"""What the words are for; "" while the officer has not said so."""


class StaffDraft(Struct, frozen=True, omit_defaults=True):
    """Words and photos for one case, by one officer in one chat. ``agencies``: what was offered to hand it on to;
    ``agency``: which of them was chosen; ``key``: names the message the words came with, so that saying them twice has
    no second effect; ``number``: that message's number; ``settling``: more photos of an album may follow."""

    aim: Aim = ""
    words: str = ""
    photos: tuple[Photo, ...] = ()
    agencies: tuple[str, ...] = ()
    agency: str = ""
    key: str = ""
    number: int = 0
    settling: bool = False

    @property
    def pictures(self) -> tuple[StoredPhoto, ...]:
        """In the order in which they were sent."""
        return tuple(photo.photo for photo in sorted(self.photos, key=lambda photo: photo.position))


class DraftChange(Struct, frozen=True):
    """A draft to keep for this officer and case; None: nothing is kept any more."""

    user_id: str
    code: str
    draft: StaffDraft | None


class Answer(Struct, frozen=True, kw_only=True):
    """What one update led to. ``notice``: for the eyes of whoever pressed the button; as an ``alert`` they must close
    it. ``settling``: the rest of an album is waited for."""

    replies: tuple[Reply, ...] = ()
    notice: str = ""
    alert: bool = False
    drafts: tuple[DraftChange, ...] = ()
    settling: bool = False


def joined(*answers: Answer) -> Answer:
    """Several as one."""
    return Answer(
        replies=tuple(reply for answer in answers for reply in answer.replies),
        drafts=tuple(change for answer in answers for change in answer.drafts),
    )


SILENCE = Answer()
replace = msgspec.structs.replace
