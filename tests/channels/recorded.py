"""The recorded conversations of conversations.yaml, and how one is played."""

from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct

from app.i18n import DEFAULT, Lang, t
from tests.channels.drivers import Citizen
from tests.world import photo

FILE = Path(__file__).with_name("conversations.yaml")
MEDIAN = 4
"""Citizens' messages from hello to the code, at most, in half of the conversations."""

Kind = Literal["says", "photo", "album", "place", "picks", "sees"]


class Step(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of these, ``caption`` apart, which belongs to an album."""

    says: str | None = None
    photo: str | None = None
    album: int | None = None
    caption: str = ""
    place: str | None = None
    picks: str | None = None
    sees: str | None = None

    @property
    def kind(self) -> Kind:
        return next(kind for kind in Kind.__args__ if getattr(self, kind) is not None)  # type: ignore[attr-defined]  # what typing keeps of a Literal


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """What must have come of it; empty: whatever."""

    category: str = ""
    commune: str = ""
    urgency: str = ""
    photos: int = 0
    text: str = ""


class Conversation(Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    steps: tuple[Step, ...]
    report: Wanted
    lang: Lang = "vi"

    @property
    def messages(self) -> int:
        """How many times the citizen does something."""
        return sum(step.kind != "sees" for step in self.steps)


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    places: dict[str, tuple[float, float]]
    conversations: tuple[Conversation, ...]


@cache
def book() -> Book:
    said: Any = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return msgspec.convert(said, Book)


async def play(citizen: Citizen, conversation: Conversation) -> str:
    """Hold it, step by step, each after the answer to the one before; gives the report's code."""
    if conversation.lang != DEFAULT and citizen.channel != "telegram":
        # Telegram says which language somebody reads; to the others one has to say it.
        await citizen.says("/lang")
        await citizen.chooses(t(f"bot.language_{conversation.lang}", conversation.lang))
        await citizen.reads()
        citizen.messages = 0
    answer = ""
    named = False
    for number, step in enumerate(conversation.steps):
        match step.kind:
            case "says":
                await citizen.says(step.says or "")
            case "photo":
                await citizen.sends_photo(photo(f"{conversation.title} {number}"), step.photo or "")
            case "album":
                pictures = [photo(f"{conversation.title} {number} {n}") for n in range(step.album or 0)]
                await citizen.sends_album(pictures, step.caption)
            case "place":
                named = not await citizen.sends_place(*book().places[step.place or ""], step.place or "")
            case "picks":
                await citizen.chooses(_of_one(step.picks or "", conversation.lang) if named else step.picks or "")
                named = False
            case "sees":
                assert (step.sees or "") in answer, f"{step.sees!r} is not in {answer!r}"
                continue
        answer = (await citizen.reads()).text
    return (await citizen.reads("PA-")).find(r"PA-\w{4}-\w{4}") if "PA-" not in answer else _code(answer)


def _of_one(choice: str, lang: Lang) -> str:
    """A choice among communes where words, in place of a position, named only one: yes or no."""
    refused = choice in t("bot.spot_none", lang)
    return t("bot.spot_no" if refused else "bot.spot_yes", lang)


def _code(text: str) -> str:
    at = text.index("PA-")
    return text[at : at + len("PA-0000-0000")]
