"""What the desk shows of a report: the report itself, what is suggested, others like it, and how long there is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid4

from msgspec import Struct

from app.accounts.model import Actor, Agency
from app.casefile.words import agency_name, category_name, status_word
from app.console.context import Console
from app.console.countdowns import Countdown, countdown
from app.db import Conn
from app.history.model import Kind
from app.i18n import Lang
from app.photos import service as photos
from app.reports import near
from app.reports.model import Report, Status
from app.reports.near import Near
from app.reports.suggestion import Suggestion, suggest
from app.routing.ruleset import RuleSet
from app.worklist.desk import Row

PHOTOS = "/api/v1/photos"
_SURE, _RATHER = 0.85, 0.6


class Other(Struct, frozen=True):
    """A further category that the words point to."""

    category_id: str
    name: str
    percent: int


class Like(Struct, frozen=True):
    """A report that may be of the same matter."""

    code: str
    status: str
    body: str
    place: str
    metres: int | None
    same_photo: bool
    voices: int
    submitted_at: datetime


class Back(Struct, frozen=True):
    """Who gave it back, and why."""

    agency: str
    at: datetime
    reason: str


class Offer(Struct, frozen=True):
    """What can be done with one key. ``agency_id`` None: somebody has to choose. ``by_hand``: the coordinator has
    chosen the agency, not the rules. ``again``: it is the very agency that gave the case back. ``sure``: 0 to 100."""

    category: str
    category_name: str
    agency_id: str | None
    agency: str
    by_hand: bool
    again: bool
    reasons: tuple[str, ...]
    sure: int | None
    sure_word: str
    others: tuple[Other, ...]
    advice: str


class Intake(Struct, frozen=True):
    """A row of intake or of what came back. ``key``: of the one act that this rendering of the row stands for."""

    report: Report
    status: str
    photo: str
    voices: int
    clock: Countdown
    offer: Offer
    back: Back | None
    likes: tuple[Like, ...]
    key: str


class Choice(Struct, frozen=True):
    """What the coordinator has chosen instead of what was suggested."""

    category: str | None = None
    agency_id: str | None = None


class Writer:
    """Writes rows for one request."""

    def __init__(self, here: Console, actor: Actor, lang: Lang, now: datetime) -> None:
        self._here, self.reader, self._lang, self._now = here, actor, lang, now
        self.rules: RuleSet = here.parts.rules

    async def photo(self, sha256: str | None) -> str:
        parts = self._here.parts
        if not sha256:
            return ""
        return await photos.photo_url(parts.objects, parts.settings.secret_key, PHOTOS, sha256, "small")

    async def agencies(self, needed: Collection[str]) -> Mapping[str, Agency]:
        return await self._here.agencies.all(needed)

    async def intake(self, conn: Conn, rows: Sequence[Row], choice: Choice = Choice()) -> list[Intake]:  # noqa: B008  # frozen
        """Raises Invalid for a chosen category or agency that does not exist."""
        offers = {row.report.report_id: self._suggested(row, choice) for row in rows}
        named = {offer.agency_id for offer in offers.values()} | {choice.agency_id}
        agencies = await self.agencies({each for each in named if each})
        taken = [(row.report, offers[row.report.report_id].category) for row in rows]
        beside = await near.beside(conn, self.rules, self.reader, taken, self._lang, self._now)
        return [
            await self._intake(
                row, offers[row.report.report_id], choice, agencies, beside.get(row.report.report_id, [])
            )
            for row in rows
        ]

    def _suggested(self, row: Row, choice: Choice) -> Suggestion:
        return suggest(self.rules, row.report, self._now, category=choice.category, has_photo=row.has_photo)

    async def _intake(
        self,
        row: Row,
        suggestion: Suggestion,
        choice: Choice,
        agencies: Mapping[str, Agency],
        likes: Sequence[tuple[Near, Report]],
    ) -> Intake:
        report, back = row.report, None
        returned = row.last(Kind.RETURNED) if report.status is Status.RETURNED else None
        if returned:
            back = Back(agency_name(agencies, returned.data["agency"], self._lang), returned.at, row.said_at(returned))
        due = report.due_at if returned else report.intake_due_at
        return Intake(
            report=report,
            status=status_word(report.status, self._lang),
            photo=await self.photo(row.photo),
            voices=row.voices,
            clock=countdown(due, self._now, self._lang),
            offer=self._offer(suggestion, choice, agencies, returned.data["agency"] if returned else None),
            back=back,
            likes=tuple(self.like(one, other) for one, other in likes),
            key=uuid4().hex,
        )

    def _offer(
        self, suggestion: Suggestion, choice: Choice, agencies: Mapping[str, Agency], came_from: str | None
    ) -> Offer:
        agency_id = choice.agency_id or suggestion.agency_id
        by_hand = bool(choice.agency_id) and choice.agency_id != suggestion.agency_id
        again = agency_id is not None and agency_id == came_from
        category = self.rules.categories[suggestion.category]
        sure = suggestion.sure
        return Offer(
            category=suggestion.category,
            category_name=category_name(self.rules, suggestion.category, self._lang),
            agency_id=agency_id,
            agency=agency_name(agencies, agency_id, self._lang) if agency_id else "",
            by_hand=by_hand,
            again=again,
            reasons=() if by_hand else suggestion.reasons(self._lang),
            sure=None if sure is None else round(100 * sure),
            sure_word="" if sure is None else "sure" if sure >= _SURE else "rather" if sure >= _RATHER else "unsure",
            others=tuple(
                Other(one.category_id, category_name(self.rules, one.category_id, self._lang), round(100 * one.score))
                for one in suggestion.others
            ),
            advice=((category.advice_en if self._lang == "en" else "") or category.advice)
            if category.out_of_scope
            else "",
        )

    def like(self, one: Near, other: Report) -> Like:
        metres = one.why.distance_m
        return Like(
            code=other.code,
            status=status_word(other.status, self._lang),
            body=other.body,
            place=", ".join(part for part in (other.address, other.commune_name) if part),
            metres=None if metres is None else round(metres / 10) * 10,
            same_photo=one.why.same_photo,
            voices=one.voices,
            submitted_at=other.submitted_at,
        )


def names_of(agencies: Mapping[str, Agency], lang: Lang) -> list[tuple[str, str]]:
    """(id, name) of every agency that may be given a case, as they are chosen from a list."""
    named = [(one.agency_id, agency_name(agencies, one.agency_id, lang)) for one in agencies.values() if one.active]
    return sorted(named, key=lambda pair: pair[1])


def categories_of(rules: RuleSet, lang: Lang) -> list[tuple[str, list[tuple[str, str]]]]:
    """(group's name, [(id, name)]) in the order of the rules file."""
    english = lang == "en"
    return [
        (
            group.name_en if english else group.name,
            [(each, category_name(rules, each, lang)) for each in group.categories],
        )
        for group in rules.groups.values()
    ]


def people(rows: Sequence[Row]) -> set[UUID]:
    """The staff who did something to these reports."""
    return {e.actor_id for row in rows for e in row.events if e.actor_kind == "staff" and e.actor_id}
