"""One citizen talking to the bare dialogue: no database, no channel. Real rules, real places.

What the dialogue wishes for is written down in ``wishes`` and answered with what the test has put there.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from uuid_utils.compat import uuid7

from app.accounts.linking import Chat
from app.errors import AppError, Problem
from app.i18n import Lang
from app.photos.model import StoredPhoto
from app.places.service import Gazetteer, embedded_default
from app.reports.model import Rating, Report, Status
from app.reports.near import Near
from app.reports.service import Listed
from app.reports.store_rights import Holdings
from app.routing.service import RuleSet, load
from app.subscriptions.model import Follower
from bot.conversation import wishes
from bot.conversation.dialogue import converse
from bot.conversation.draft import Draft
from bot.conversation.model import Choice, Command, Incoming, Photo, Reply
from bot.conversation.turn import Knowledge

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
CODE = "PA-0000-0000"
NOBODY = Holdings(
    since=NOW, consent_version=None, consent_at=None, chats=(), reports=(), following=0, messages=0, photos=0, sounds=0,
    drafts=0, erasure_asked=None,
)  # fmt: skip
"""What is held about somebody who is new."""
AN_XUYEN = (9.2246, 105.1780)  # the centre of Phường An Xuyên


@cache
def rules() -> RuleSet:
    return load(Path(__file__).parents[2] / "routing_rules.yaml")


@cache
def gazetteer() -> Gazetteer:
    return embedded_default()


def report(code: str = CODE, status: Status = Status.ASSIGNED, **values: Any) -> Report:
    """A report as it may stand in the database; only what a test cares about is given."""
    basics: dict[str, Any] = {field.name: None for field in msgspec.structs.fields(Report)}
    basics |= {
        "report_id": uuid7(),
        "code": code,
        "status": status,
        "version": 1,
        "last_seq": 1,
        "last_hash": bytes(32),
        "category": next(iter(rules().categories)),
        "body": "Đèn đường hỏng trước số 12 Lý Bôn",
        "channel": "telegram",
        "lang": "vi",
        "address": "",
        "commune_name": "Phường An Xuyên",
        "place_approximate": False,
        "agency_id": "so-xay-dung",
        "urgency": "normal",
        "visibility": "public",
        "rule_set": "r",
        "rule_id": "r",
        "submitted_at": NOW,
        "intake_due_at": NOW + timedelta(hours=2),
        "due_at": NOW + timedelta(days=3),
        "handovers": 0,
        "updated_at": NOW,
    }
    if status is Status.AWAITING_INFO:
        basics["paused_at"] = NOW
    if status in (Status.RESOLVED, Status.CLOSED):
        basics["resolved_at"] = NOW
    return Report(**(basics | values))


def photo(number: int, *, at: tuple[float, float] | None = None) -> StoredPhoto:
    lat, lon = at or (None, None)
    return StoredPhoto(f"{number:064x}", number, 1200, 900, 200_000, "image/jpeg", None, lat, lon)


class Talk:
    """Each verb is one message of the citizen and gives the bot's replies to it."""

    def __init__(self, *, lang: Lang = "vi", consented: bool = True, draft: Draft | None = None) -> None:
        self.draft = draft or Draft()
        self.lang: Lang = lang
        self.consented = consented
        self.idle = timedelta(0)
        self.blocked: str | None = None
        self.number = 0
        self.replies: tuple[Reply, ...] = ()
        self.wishes: list[wishes.Wish] = []
        self.mine: list[Report] = []
        self.followed: list[Report] = []
        self.near: list[Near] = []
        self.joined: wishes.Joined | AppError | None = None
        self.waiting: list[Report] = []
        self.seen: wishes.Seen | AppError | None = None
        self.done: Report | AppError | None = None
        self.web: int | str | AppError = 2
        self.linked: Chat | AppError = Chat("zalo_bot", "z", "Chị Lan")
        self.refused: AppError | None = None
        self.follower: Follower | None = None
        self.held = NOBODY
        self.sent: wishes.Sent | AppError = wishes.Sent(report(), "Sở Xây dựng")

    # --- what the citizen does

    def says(self, text: str, *, reply_to: str = "") -> str:
        return self._do(text=text, reply_to=reply_to)

    def sends_photo(self, number: int, caption: str = "", *, album: bool = False, at: Any = None) -> str:
        """``at``: the place that the picture's file knows it was taken at."""
        pictures = (Photo(self.number + 1, str(number), photo(number, at=at)),)
        return self._do(text=caption, photos=pictures, album=album)

    def sends_bad_photo(self, key: str = "photos.damaged", *, album: bool = False, caption: str = "") -> str:
        return self._do(text=caption, refused=(Problem(key, {"name": "1"}),), album=album)

    def sends_one_more(self, left: Any, *, album: bool = False) -> str:
        """A picture that was not even fetched, because it is known or too many."""
        return self._do(photo_left=left, album=album)

    def stops_sending(self) -> str:
        """A second after an album's last picture."""
        return self._do(settled=True)

    def sends_place(self, lat: float, lon: float, venue: str = "") -> str:
        return self._do(point=(lat, lon), venue=venue)

    def edits(self, number: int, text: str) -> str:
        return self._turn(Incoming(key=f"e{number}", number=number, text=text, edited=True))

    def commands(self, command: Command, argument: str = "") -> str:
        return self._do(command=command, argument=argument)

    def does(self, **what: Any) -> str:
        return self._do(**what)

    def presses(self, label: str) -> str:
        """The button with these words, or part of them, under the bot's last messages."""
        fitting = [c for c in self.choices() if label in c.label]
        assert fitting, f"no button {label!r} among {[c.label for c in self.choices()]}"
        return self._do(press=fitting[0].data, pressed=1)

    def presses_data(self, data: str) -> str:
        return self._do(press=data)

    # --- what the citizen sees

    def choices(self) -> list[Choice]:
        return [choice for reply in self.replies for row in reply.rows for choice in row]

    def labels(self) -> list[str]:
        return [choice.label for choice in self.choices()]

    def wished(self, kind: type[Any]) -> list[Any]:
        return [wish for wish in self.wishes if isinstance(wish, kind)]

    # --- the machinery

    def _do(self, **what: Any) -> str:
        self.number += 1
        return self._turn(Incoming(key=f"t:{self.number}", number=self.number, **what))

    def _turn(self, incoming: Incoming) -> str:
        know = Knowledge(
            rules=rules(),
            gazetteer=gazetteer(),
            lang=self.lang,
            consented=self.consented,
            now=NOW,
            idle=self.idle,
            blocked=self.blocked,
        )
        talk = converse(self.draft, incoming, know)
        try:
            wish = next(talk)
            while True:
                self.wishes.append(wish)
                wish = talk.send(self._fulfil(wish))
        except StopIteration as done:
            outcome = done.value
        # What is kept must survive being kept.
        self.draft = msgspec.json.decode(msgspec.json.encode(outcome.draft), type=Draft)
        assert self.draft == outcome.draft
        self.replies = outcome.replies
        self.idle = timedelta(0)
        return "\n---\n".join(reply.text for reply in outcome.replies)

    def _fulfil(self, wish: wishes.Wish) -> Any:
        match wish:
            case wishes.FileReport():
                self.consented = self.consented or wish.consents
                return self.sent
            case wishes.Waiting():
                return self.waiting
            case wishes.Mine(skip, most):
                listed = [*(Listed(r, True) for r in self.mine), *(Listed(r, False) for r in self.followed)]
                return listed[skip : skip + most + 1]
            case wishes.Near():
                return self.near
            case wishes.Join():
                self.consented = self.consented or wish.consents
                return self.joined or wishes.Joined(report(wish.code, Status.IN_PROGRESS), "Sở Xây dựng", 2)
            case wishes.Leave():
                return report(wish.code)
            case wishes.RateFollowed():
                return self.done or report(wish.code, Status.RESOLVED)
            case wishes.LinkCode():
                return "LK-7K3M-9QX2"
            case wishes.LinkLook() | wishes.LinkJoin():
                return self.linked
            case wishes.WebLook() | wishes.WebTake() | wishes.WebLink():
                return self.web
            case wishes.Unlink():
                return self.linked if isinstance(self.linked, AppError) else [self.linked]
            case wishes.Mute():
                return self.refused
            case wishes.Look():
                return self.seen
            case wishes.MyData():
                return self.held
            case wishes.MyData():
                return self.held
            case wishes.Do():
                return self.done or report(wish.code, Status.IN_PROGRESS)
            case wishes.Areas():
                return self._areas(wish)
            case wishes.Speak():
                self.lang = wish.lang
        return None

    def _areas(self, wish: wishes.Areas) -> Any:
        if self.refused and wish.what == "follow":
            return self.refused
        known = self.follower or Follower(uuid7(), "", uuid7(), "vi", "daily", ())
        areas = [each for each in known.areas if each != wish.area]
        if wish.what == "follow" and wish.area is not None:
            areas.append(wish.area)
        elif wish.what in ("look", "rhythm"):
            areas = list(known.areas)
        if not areas or wish.what == "end":
            self.follower = None
        else:
            rhythm = wish.rhythm or known.rhythm
            self.follower = msgspec.structs.replace(known, areas=tuple(areas), rhythm=rhythm)
        return self.follower


def complete(**values: Any) -> Talk:
    """A citizen whose report lacks nothing but the sending."""
    talk = Talk(**values)
    talk.sends_photo(1, "Đèn đường hỏng đã ba hôm")
    talk.sends_place(*AN_XUYEN)
    talk.presses("An Xuyên")
    return talk


def rating(code: str = CODE, given: Rating | None = None) -> Report:
    return report(code, Status.RESOLVED, rating=given)


def texts(replies: Sequence[Reply]) -> list[str]:
    return [reply.text for reply in replies]
