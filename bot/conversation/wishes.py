"""What the dialogue needs from the world. It yields a wish and is given the outcome; ``service.py`` does the doing.

The functions below give each wish's outcome its type. A wish that can be refused gives the AppError instead of raising.
"""

from collections.abc import Generator
from typing import Any, Literal

from msgspec import Struct

from app.accounts.linking import Chat
from app.errors import AppError
from app.i18n import Lang
from app.reports.following import Following
from app.reports.model import Form, Rating, Report
from app.reports.near import Near as Alike
from app.reports.service import Listed
from app.reports.store_rights import Holdings
from app.reports.workflow import Act
from app.subscriptions.model import Area, Follower, Rhythm
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
    """One page of the person's reports and one more, newest first; of reports they only follow, without the words."""

    skip: int
    most: int


class Mute(Struct, frozen=True):
    """Hear no more, or again, of one report, or with an empty code of all."""

    code: str
    muted: bool


class LinkCode(Struct, frozen=True):
    """A code by which another chat of the person can be joined to this one."""


class LinkLook(Struct, frozen=True):
    """Which chat showed this code?"""

    typed: str


class LinkJoin(Struct, frozen=True):
    """Join this chat to the one that showed the code."""

    typed: str


class Unlink(Struct, frozen=True):
    """Take this chat from the person's others."""


class WebLook(Struct, frozen=True):
    """How many reports sent on the web a code brings?"""

    typed: str


class WebTake(Struct, frozen=True):
    """They are this chat's from now on."""

    typed: str


class WebLink(Struct, frozen=True):
    """An address that shows this chat's reports in a browser, once."""


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


class Near(Struct, frozen=True):
    """Which open reports may be of the same matter as the draft?"""

    draft: Draft


class Join(Struct, frozen=True):
    """Follow a report, with the draft's words and photos if there are any. ``consents`` as for ``FileReport``."""

    code: str
    draft: Draft | None
    consents: bool


class Leave(Struct, frozen=True):
    """Follow a report no longer."""

    code: str


class RateFollowed(Struct, frozen=True):
    """A follower's word on the result."""

    code: str
    rating: Rating


class MyData(Struct, frozen=True):
    """What is held about the person; that they asked is kept."""


class Areas(Struct, frozen=True):
    """What the person follows, after it was looked at or changed. ``consent``: the words they agree to by it."""

    what: Literal["look", "follow", "drop", "rhythm", "end"]
    area: Area | None = None
    rhythm: Rhythm | None = None
    consent: str = ""


class TurnAway(Struct, frozen=True):
    """Count that somebody was told where to turn with what is no field report. ``key``: the message's."""

    key: str
    category: str


Wish = (
    FileReport | Waiting | Look | Mine | Do | Speak | Erase | MyData | TurnAway
    | Near | Join | Leave | RateFollowed | Mute | LinkCode | LinkLook | LinkJoin | Unlink
    | WebLook | WebTake | WebLink | Areas
)  # fmt: skip


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
    following: Following | None = None
    muted: bool | None = None
    """Whether they hear of it no more; None: they do not hear of it anyway."""
    muted_all: bool = False


class Joined(Struct, frozen=True):
    """A report that the person stands behind from now on, with the agency's name; ``mine``: they had reported it."""

    report: Report
    agency: str
    voices: int
    mine: bool = False


Talk = Generator[Wish, Any, None]


def file_report(draft: Draft, *, consents: bool) -> Generator[Wish, Any, Sent | AppError]:
    return (yield FileReport(draft, consents))  # type: ignore[no-any-return]  # service.py answers each wish in kind


def waiting() -> Generator[Wish, Any, list[Report]]:
    return (yield Waiting())  # type: ignore[no-any-return]  # as above


def look(code: str) -> Generator[Wish, Any, Seen | AppError]:
    return (yield Look(code))  # type: ignore[no-any-return]  # as above


def mine(skip: int, most: int) -> Generator[Wish, Any, list[Listed]]:
    return (yield Mine(skip, most))  # type: ignore[no-any-return]  # as above


def do(code: str, act: Act, form: Form) -> Generator[Wish, Any, Report | AppError]:
    return (yield Do(code, act, form))  # type: ignore[no-any-return]  # as above


def speak(lang: Lang) -> Generator[Wish, Any, None]:
    yield Speak(lang)


def erase() -> Generator[Wish, Any, None]:
    yield Erase()


def mute(code: str, *, muted: bool) -> Generator[Wish, Any, AppError | None]:
    return (yield Mute(code, muted))  # type: ignore[no-any-return]  # as above


def link_code() -> Generator[Wish, Any, str]:
    return (yield LinkCode())  # type: ignore[no-any-return]  # as above


def link_look(typed: str) -> Generator[Wish, Any, Chat | AppError]:
    return (yield LinkLook(typed))  # type: ignore[no-any-return]  # as above


def link_join(typed: str) -> Generator[Wish, Any, Chat | AppError]:
    return (yield LinkJoin(typed))  # type: ignore[no-any-return]  # as above


def unlink() -> Generator[Wish, Any, list[Chat] | AppError]:
    return (yield Unlink())  # type: ignore[no-any-return]  # as above


def web_look(typed: str) -> Generator[Wish, Any, int | AppError]:
    return (yield WebLook(typed))  # type: ignore[no-any-return]  # as above


def web_take(typed: str) -> Generator[Wish, Any, int | AppError]:
    return (yield WebTake(typed))  # type: ignore[no-any-return]  # as above


def web_link() -> Generator[Wish, Any, str]:
    return (yield WebLink())  # type: ignore[no-any-return]  # as above


def near(draft: Draft) -> Generator[Wish, Any, list[Alike] | AppError]:
    return (yield Near(draft))  # type: ignore[no-any-return]  # as above


def join(code: str, draft: Draft | None, *, consents: bool) -> Generator[Wish, Any, Joined | AppError]:
    return (yield Join(code, draft, consents))  # type: ignore[no-any-return]  # as above


def leave(code: str) -> Generator[Wish, Any, Report | AppError]:
    return (yield Leave(code))  # type: ignore[no-any-return]  # as above


def rate_followed(code: str, rating: Rating) -> Generator[Wish, Any, Report | AppError]:
    return (yield RateFollowed(code, rating))  # type: ignore[no-any-return]  # as above


def my_data() -> Generator[Wish, Any, Holdings]:
    return (yield MyData())  # type: ignore[no-any-return]  # as above


def turn_away(key: str, category: str) -> Generator[Wish, Any, None]:
    yield TurnAway(key, category)


def areas() -> Generator[Wish, Any, Follower | None]:
    return (yield Areas("look"))  # type: ignore[no-any-return]  # as above


def areas_follow(area: Area, consent: str) -> Generator[Wish, Any, Follower | AppError]:
    return (yield Areas("follow", area, consent=consent))  # type: ignore[no-any-return]  # as above


def areas_drop(area: Area) -> Generator[Wish, Any, Follower | None]:
    return (yield Areas("drop", area))  # type: ignore[no-any-return]  # as above


def areas_rhythm(rhythm: Rhythm) -> Generator[Wish, Any, Follower | None]:
    return (yield Areas("rhythm", rhythm=rhythm))  # type: ignore[no-any-return]  # as above


def areas_end() -> Generator[Wish, Any, None]:
    yield Areas("end")
