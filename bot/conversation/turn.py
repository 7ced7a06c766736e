"""One message being answered: the draft as it changes, what is known, and the replies so far."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from app.errors import AppError, Problem
from app.i18n import Lang, t
from app.places.service import Gazetteer
from app.routing.service import RuleSet
from bot.conversation.draft import Draft
from bot.conversation.model import Choice, Incoming, MapOffer, Reply, Rows


class Knowledge(Struct, frozen=True, kw_only=True):
    """What the dialogue may look up by itself. ``idle``: time since the person's last message in this draft."""

    rules: RuleSet
    gazetteer: Gazetteer
    lang: Lang
    consented: bool
    now: datetime
    idle: timedelta = timedelta(0)


class Outcome(Struct, frozen=True):
    """The draft to keep and what to say."""

    draft: Draft
    replies: tuple[Reply, ...]


class Turn:
    """Collects notes (short acknowledgements) and puts them before the next message: one message says it all."""

    def __init__(self, draft: Draft, incoming: Incoming, know: Knowledge) -> None:
        self.draft = draft
        self.incoming = incoming
        self.know = know
        self.lang: Lang = know.lang
        self.replies: list[Reply] = []

    def change(self, **values: Any) -> None:
        self.draft = msgspec.structs.replace(self.draft, **values)

    def t(self, key: str, **params: Any) -> str:
        return t(key if "." in key else f"bot.{key}", self.lang, **params)

    def choice(self, key: str, data: str, **params: Any) -> Choice:
        return Choice(self.t(key, **params), data)

    def note(self, key: str, **params: Any) -> None:
        self.change(notes=(*self.draft.notes, self.t(key, **params)))

    def note_problems(self, problem: AppError | Problem) -> None:
        problems = problem.problems if isinstance(problem, AppError) else (problem,)
        self.change(notes=(*self.draft.notes, *(problem_text(each, self.lang) for each in problems)))

    def say(self, key: str, rows: Rows = (), **params: Any) -> None:
        self.say_text(self.t(key, **params), rows)

    def say_text(
        self,
        text: str,
        rows: Rows = (),
        *,
        place_button: str = "",
        map_offer: MapOffer | None = None,
        instead_of: int = 0,
    ) -> None:
        whole = "\n\n".join(part for part in ("\n".join(self.draft.notes), text) if part)
        reply = Reply(
            text=whole,
            lang=self.lang,
            rows=rows,
            place_button=place_button,
            map_offer=map_offer,
            instead_of=instead_of,
        )
        self.replies.append(reply)
        self.change(notes=())

    def outcome(self) -> Outcome:
        # Buttons stay answerable by number until other buttons or a question in words take their place.
        if self.replies:
            self.change(choices=tuple(choice for row in self.replies[-1].rows for choice in row))
        return Outcome(self.draft, tuple(self.replies))


def problem_text(problem: Problem, lang: Lang) -> str:
    """What a Problem says to a person; a status among its parameters is given its name."""
    params = dict(problem.params)
    if "status" in params:
        params["status"] = t(f"reports.status_{params['status']}", lang)
    return t(problem.key, lang, **params)
