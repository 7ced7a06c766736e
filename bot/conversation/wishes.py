"""What the dialogue needs from the world. It yields a wish and is given the outcome; ``service.py`` does the doing.

The functions below give each wish's outcome its type. A wish that can be refused gives the AppError instead of raising.
"""

from collections.abc import Generator
from typing import Any

from msgspec import Struct

from app.errors import AppError
from app.i18n import Lang
from app.reports.model import Form, Report
from app.reports.store_rights import Holdings
from app.reports.workflow import Act
from bot.conversation.draft import Draft


class FileReport(Struct, frozen=True):
    """Send the draft. ``consents``: the person has just agreed to the words shown."""

    draft: Draft
    consents: bool


class Waiting(Struct, frozen=True):
    """Which of the person's own reports wait for an answer of theirs?"""


class Look(Struct, frozen=True):
    """Show one report."""

    code: str


class Mine(Struct, frozen=True):
    """List the person's reports, newest first."""


class Do(Struct, frozen=True):
    """An act of the reporter on one report; repeating it with the same incoming key changes nothing."""

    code: str
    act: Act
    form: Form


class Speak(Struct, frozen=True):
    """Talk in another language from now on."""

    lang: Lang


class Erase(Struct, frozen=True):
    """Withdraw consent and request erasure."""


class MyData(Struct, frozen=True):
    """What is held about the person; that they asked is kept."""


class TurnAway(Struct, frozen=True):
    """Count that somebody was told where to turn with what is no field report. ``key``: the message's."""

    key: str
    category: str


Wish = FileReport | Waiting | Look | Mine | Do | Speak | Erase | MyData | TurnAway


class Sent(Struct, frozen=True):
    """A report that was taken in, with the agency's name."""

    report: Report
    agency: str


class Seen(Struct, frozen=True):
    """One report as this person may see it. ``words`` is the last thing said to the reporter or the public."""

    report: Report
    agency: str
    mine: bool
    acts: tuple[Act, ...] = ()
    words: str = ""


Talk = Generator[Wish, Any, None]


def file_report(draft: Draft, *, consents: bool) -> Generator[Wish, Any, Sent | AppError]:
    return (yield FileReport(draft, consents))  # type: ignore[no-any-return]  # service.py answers each wish in kind


def waiting() -> Generator[Wish, Any, list[Report]]:
    return (yield Waiting())  # type: ignore[no-any-return]  # as above


def look(code: str) -> Generator[Wish, Any, Seen | AppError]:
    return (yield Look(code))  # type: ignore[no-any-return]  # as above


def mine() -> Generator[Wish, Any, list[Report]]:
    return (yield Mine())  # type: ignore[no-any-return]  # as above


def do(code: str, act: Act, form: Form) -> Generator[Wish, Any, Report | AppError]:
    return (yield Do(code, act, form))  # type: ignore[no-any-return]  # as above


def speak(lang: Lang) -> Generator[Wish, Any, None]:
    yield Speak(lang)


def erase() -> Generator[Wish, Any, None]:
    yield Erase()


def my_data() -> Generator[Wish, Any, Holdings]:
    return (yield MyData())  # type: ignore[no-any-return]  # as above


def turn_away(key: str, category: str) -> Generator[Wish, Any, None]:
    yield TurnAway(key, category)
