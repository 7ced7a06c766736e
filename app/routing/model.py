"""What routing speaks of: agencies, categories, the facts about a report, and the decision."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, Protocol, get_args

from msgspec import Struct

from app.i18n import Lang
from app.routing.limits import Limit

AgencyKind = Literal["operations_centre", "department", "enterprise", "commune_office", "security"]
Urgency = Literal["urgent", "normal", "complex"]
Visibility = Literal["public", "private"]
Channel = Literal["web", "api", "telegram", "zalo_bot", "zalo_oa", "hotline", "open311", "import"]
ReporterKind = Literal["citizen", "visitor", "business"]
CommuneKind = Literal["xã", "phường", "đặc khu"]

URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
CHANNELS: tuple[Channel, ...] = get_args(Channel)
REPORTER_KINDS: tuple[ReporterKind, ...] = get_args(ReporterKind)
COMMUNE_KINDS: tuple[CommuneKind, ...] = get_args(CommuneKind)
# Commune offices are not written into the file: there is one for each commune, and rules name them by this role.
FILE_AGENCY_KINDS: tuple[AgencyKind, ...] = ("operations_centre", "department", "enterprise", "security")
COMMUNE_OFFICE = "commune office of the place"
DEPARTMENT = "department for the category"
BY_TABLE = "by table "


def commune_office_id(commune_code: str) -> str:
    return f"ubnd-{commune_code}"


class Agency(Struct, frozen=True):
    """``parent_id`` watches over it: None only for the operations centre. Only a commune office has a commune."""

    agency_id: str
    kind: AgencyKind
    name: str
    name_en: str
    parent_id: str | None = None
    commune_code: str | None = None


class Question(Struct, frozen=True):
    """An extra question of a category. ``answers``: id → name in Vietnamese and English."""

    question_id: str
    name: str
    name_en: str
    answers: Mapping[str, tuple[str, str]]


class Group(Struct, frozen=True):
    """The first of the two levels. ``out_of_scope``: nothing in it is a field report."""

    group_id: str
    name: str
    name_en: str
    icon: str
    out_of_scope: bool
    categories: tuple[str, ...]


class Nearness(Struct, frozen=True):
    """When two reports may be of the same matter: so many metres apart, sent within so long."""

    metres: float
    period: timedelta


class Category(Struct, frozen=True):
    """``near`` and ``recent`` override the province's own, ``handling`` its limits for some urgencies; ``advice`` says
    where to turn instead."""

    category_id: str
    group_id: str
    name: str
    name_en: str
    icon: str
    urgency: Urgency
    visibility: Visibility
    keywords: tuple[str, ...]
    examples: tuple[str, ...]
    handling: Mapping[Urgency, Limit]
    out_of_scope: bool
    advice: str = ""
    advice_en: str = ""
    department: str | None = None
    questions: Mapping[str, Question] = {}
    near: float | None = None
    recent: timedelta | None = None


def fitting(category: Category | None, answers: Mapping[str, str]) -> dict[str, str]:
    """Of answers (question id → answer id) those to questions of this category, which may have changed since."""
    asked = category.questions if category else {}
    return {each: said for each, said in answers.items() if each in asked and said in asked[each].answers}


class Facts(Struct, frozen=True, kw_only=True):
    """What is known about a report when it is routed.

    ``text_folded`` is ``app.i18n.text.fold`` of its words. ``urgency`` only where a person set it; ``commune_name`` and
    ``commune_kind`` only make conditions and reasons richer. ``lat``, ``lon`` in degrees where the point is known, for
    areas that are shapes on the map; ``answers``: question id → answer id of the category's extra questions.
    ``danger``: its words name a danger for life (``danger.is_danger``).
    """

    at: datetime
    category: str | None = None
    commune_code: str | None = None
    commune_name: str = ""
    commune_kind: CommuneKind | None = None
    province_code: str | None = None
    text_folded: str = ""
    channel: Channel = "web"
    urgency: Urgency | None = None
    danger: bool = False
    has_photo: bool = False
    reporter_kind: ReporterKind = "citizen"
    lat: float | None = None
    lon: float | None = None
    answers: Mapping[str, str] = {}


class Why(Protocol):
    """The grounds of a decision, put into words only when somebody asks."""

    def sentences(self, lang: Lang) -> tuple[str, ...]: ...


class Decision(Struct, frozen=True):
    """Who answers, how urgent it is, by when, and why.

    ``calls``: agencies called at once. ``first_answer_due``: None where neither rule nor province sets a limit.
    ``handling_due`` counts from ``Facts.at``; when the case is handed over later, ``calendar.due(handed_over_at,
    handling)`` gives the new one.
    """

    agency_id: str
    co_agencies: tuple[str, ...]
    rule_id: str
    why: Why
    category: str
    urgency: Urgency
    visibility: Visibility
    tags: tuple[str, ...]
    intake_due: datetime
    handling_due: datetime
    handling: Limit
    rule_set: str
    calls: tuple[str, ...] = ()
    first_answer: Limit | None = None
    first_answer_due: datetime | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Whole sentences in Vietnamese: the rule's own words first, then what held of the report."""
        return self.why.sentences("vi")

    @property
    def reasons_en(self) -> tuple[str, ...]:
        return self.why.sentences("en")


class Guess(Struct, frozen=True):
    """A category the words point to, and how likely it is (0 to 1).

    ``words`` are the keywords found, as the rules file writes them. ``learned`` are the folded words and pairs that say
    most for it by what was learned from sentences; with no ``words``, they are the only grounds.
    """

    category_id: str
    score: float
    words: tuple[str, ...]
    learned: tuple[str, ...] = ()


class IntakeLimits(Struct, frozen=True):
    """How soon a report is received and passed on; ``days_off`` may be counted from the start of a day off."""

    working_days: Limit
    days_off: Limit | None = None


class Deadlines(Struct, frozen=True):
    intake: IntakeLimits
    handling: Mapping[Urgency, Limit]
    first_answer: Mapping[Urgency, Limit] = {}


class Outcome(Struct, frozen=True):
    """What a rule decides. Agencies are ids or roles: ``COMMUNE_OFFICE``, ``DEPARTMENT``, ``BY_TABLE`` and an id."""

    agency: str
    co_agencies: tuple[str, ...] = ()
    urgency: Urgency | None = None
    visibility: Visibility | None = None
    intake: Limit | None = None
    handling: Limit | None = None
    tags: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    first_answer: Limit | None = None
