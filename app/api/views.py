"""What is shown of a report: to everybody, and to its reporter. Built from the case, never from the person behind
it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.accounts.model import Actor, Agency
from app.api.context import Context
from app.casefile.told import PUBLIC, REPORTER
from app.casefile.words import agency_name, category_name, sentence, status_word
from app.history.model import Event, Kind
from app.i18n import Lang
from app.photos import service as photos
from app.places.model import Candidate, Commune
from app.reports import publication
from app.reports.model import Message, Picture, Rating, Report, Stage, Status
from app.reports.service import Case
from app.reports.workflow import Act, acts_for
from app.routing.service import RuleSet

Doc = Meta
LINKS_CHANGE_EVERY = 900
"""Seconds; photo links in an answer are good for at least as long, so an answer's ETag changes as often."""


Voices = Annotated[
    int, Doc(description="People behind it: reporter, followers, and those of merged reports, each once.")
]


class Named(Struct):
    """Something with a name in the reader's language."""

    id: str
    name: str


class CommuneView(Struct):
    """A xã, phường or đặc khu by its official five-digit code."""

    code: str
    name: str


class PlaceCandidate(Struct):
    """A commune that may be meant, with its province and how far it is from the point asked about."""

    code: str
    name: str
    province: str
    distance_m: Annotated[float | None, Doc(description="Metres from the point to the commune; 0 inside it.")]
    former: Annotated[str | None, Doc(description="The unit before July 2025 that led here.")]


class PhotoView(Struct):
    """A photo's public copies: JPEG without metadata, longest side 320 and 1,600 pixels; the links last some
    minutes."""

    stage: Annotated[Stage, Doc(description="before: sent with the report; info: added later; after: the result.")]
    at: datetime
    small: str
    large: str


class Fact(Struct):
    """One thing that happened."""

    at: datetime
    what: str
    words: Annotated[str, Doc(description="A sentence in the reader's language.")]
    text: Annotated[str | None, Doc(description="What somebody wrote on the occasion, where the reader may read it.")]


class PublicView(Struct, tag_field="view", tag="public"):
    """What anybody may see. Of a private report that is code and status, all else is null or empty. Text, photos and
    the result appear once a coordinator has published them, as edited; telephone numbers, e-mail addresses and names
    in what nobody edited are masked."""

    code: str
    status: Status
    status_word: str
    visibility: Literal["public", "private"]
    published: bool
    category: Named | None = None
    commune: CommuneView | None = None
    place_approximate: bool | None = None
    agency: Named | None = None
    submitted_at: datetime | None = None
    due_at: datetime | None = None
    resolved_at: datetime | None = None
    ended_at: datetime | None = None
    text: str | None = None
    photos: list[PhotoView] = []
    resolution: str | None = None
    voices: Voices | None = None
    timeline: list[Fact] = []


class PlaceView(Struct):
    """The place as the reporter gave it, and the commune it was taken for."""

    lat: float | None
    lon: float | None
    address: str
    commune: CommuneView | None
    approximate: bool


class MessageView(Struct):
    """Words said between the reporter and the agencies."""

    at: datetime
    kind: str
    by: Literal["you", "agency", "system"]
    text: str


class ReporterView(Struct, tag_field="view", tag="reporter"):
    """Everything a report's own reporter may see, and what they may do now (``acts``)."""

    code: str
    status: Status
    status_word: str
    visibility: Literal["public", "private"]
    published: bool
    category: Named
    place: PlaceView
    agency: Named
    submitted_at: datetime
    intake_due_at: datetime
    due_at: datetime
    paused_at: datetime | None
    resolved_at: datetime | None
    ended_at: datetime | None
    text: str
    photos: list[PhotoView]
    messages: list[MessageView]
    question: Annotated[str | None, Doc(description="What the agency waits to hear, while it waits.")]
    resolution: str | None
    rating: Rating | None
    voices: Voices
    original: Annotated[str | None, Doc(description="The report this one was merged into.")]
    history: list[Fact]
    acts: Annotated[list[Act], Doc(description="What the reporter may do now.")]
    links: dict[str, str]


def agency_view(agencies: Mapping[str, Agency], agency_id: str, lang: Lang) -> Named:
    return Named(agency_id, agency_name(agencies, agency_id, lang))


def category_view(rules: RuleSet, category_id: str, lang: Lang) -> Named:
    return Named(category_id, category_name(rules, category_id, lang))


def commune_view(code: str | None, name: str) -> CommuneView | None:
    return CommuneView(code, name) if code else None


def candidate_view(candidate: Candidate) -> PlaceCandidate:
    commune: Commune = candidate.commune
    return PlaceCandidate(
        commune.code, commune.full_name, commune.province_name, candidate.distance_m, candidate.former
    )


async def photo_link(ctx: Context, sha256: str, size: Literal["small", "large"]) -> str:
    return await photos.photo_url(ctx.parts.objects, ctx.parts.settings.secret_key, f"{ctx.root}/photos", sha256, size)


async def photo_views(ctx: Context, pictures: Iterable[Picture]) -> list[PhotoView]:
    """What the reporter and the agencies show; what followers added is for staff alone."""
    return [
        PhotoView(p.stage, p.at, await photo_link(ctx, p.sha256, "small"), await photo_link(ctx, p.sha256, "large"))
        for p in pictures
        if p.added_by != "follower"
    ]


def _facts(
    events: Iterable[Event],
    kinds: frozenset[Kind],
    words: Mapping[str, str],
    agencies: Mapping[str, Agency],
    lang: Lang,
) -> list[Fact]:
    return [
        Fact(event.at, event.kind, sentence(event, agencies, lang), words.get(event.data.get("message_id", "")))
        for event in events
        if event.kind in kinds
    ]


def _last(messages: Iterable[Message], kind: str) -> str | None:
    found: str | None = None
    for message in messages:
        if message.kind == kind:
            found = message.body
    return found


async def public_view(
    ctx: Context, case: Case, events: list[Event], agencies: Mapping[str, Agency], lang: Lang, voices: int
) -> PublicView:
    report = case.report
    published = publication.is_public(report)
    view = PublicView(report.code, report.status, status_word(report.status, lang), report.visibility, published)
    if report.visibility == "private":
        return view
    view.category = category_view(ctx.parts.rules, report.category, lang)
    view.commune = commune_view(report.commune_code, report.commune_name)
    view.place_approximate = report.place_approximate
    view.agency = agency_view(agencies, report.agency_id, lang)
    view.submitted_at, view.due_at = report.submitted_at, report.due_at
    view.resolved_at, view.ended_at, view.voices = report.resolved_at, report.ended_at, voices
    said = [m for m in case.messages if published and m.visibility == "public"]
    words = {str(m.message_id): publication.words_of(m, case.public, lang) for m in said}
    view.timeline = _facts(events, PUBLIC, words, agencies, lang)
    if published:
        results = [words[str(m.message_id)] for m in said if m.kind == "resolution"]
        view.text = publication.text_of(report, case.public, lang)
        view.resolution = results[-1] if results else None
        view.photos = await photo_views(ctx, publication.pictures_of(report, case.pictures, case.public))
    return view


async def reporter_view(
    ctx: Context,
    case: Case,
    events: list[Event],
    agencies: Mapping[str, Agency],
    actor: Actor,
    original: str | None,
    lang: Lang,
    voices: int,
) -> ReporterView:
    report = case.report
    said = [m for m in case.messages if m.visibility != "staff"]
    words = {str(m.message_id): m.body for m in said}
    waiting = report.status is Status.AWAITING_INFO
    return ReporterView(
        report.code,
        report.status,
        status_word(report.status, lang),
        report.visibility,
        report.published_at is not None,
        category_view(ctx.parts.rules, report.category, lang),
        PlaceView(
            report.lat,
            report.lon,
            report.address,
            commune_view(report.commune_code, report.commune_name),
            report.place_approximate,
        ),
        agency_view(agencies, report.agency_id, lang),
        report.submitted_at,
        report.intake_due_at,
        report.due_at,
        report.paused_at,
        report.resolved_at,
        report.ended_at,
        report.body,
        await photo_views(ctx, case.pictures),
        [_message(m) for m in said],
        _last(said, "question") if waiting else None,
        _last(said, "resolution"),
        report.rating,
        voices,
        original,
        _facts(events, REPORTER, words, agencies, lang),
        acts_for(actor, report),
        links(ctx, report),
    )


def _message(message: Message) -> MessageView:
    by: Literal["you", "agency", "system"] = "agency"
    if message.author_kind != "staff":
        by = "you" if message.author_kind == "citizen" else "system"
    return MessageView(message.at, message.kind, by, message.body)


def links(ctx: Context, report: Report) -> dict[str, str]:
    """Where the reporter goes on from here."""
    here = f"{ctx.root}/reports/{report.code}"
    return {"self": here} | {name: f"{here}/{name}" for name in ("photos", "messages", "withdraw", "rating", "dispute")}
