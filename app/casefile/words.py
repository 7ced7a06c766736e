"""What stands in a case, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.accounts.model import Agency
from app.history.model import Event, Kind
from app.i18n import Lang, t
from app.reports.model import Report
from app.reports.proof import has_document
from app.routing.calendar import VIETNAM
from app.routing.service import RuleSet


class Answered(Struct, frozen=True):
    """What the reporter answered to an extra question of the category: ids, and the names that the rules have for them
    now; the ids where they have none any more."""

    question_id: str
    question: str
    answer_id: str
    answer: str


def when(moment: datetime) -> str:
    """As people in Vietnam read it."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def agency_name(agencies: Mapping[str, Agency], agency_id: str, lang: Lang) -> str:
    agency = agencies.get(agency_id)
    return agency_id if agency is None else (agency.name_en if lang == "en" else "") or agency.name


def category_name(rules: RuleSet, category_id: str, lang: Lang) -> str:
    """A category of an earlier rule set keeps its id for a name."""
    category = rules.categories.get(category_id)
    if category is None:
        return category_id
    return category.name_en if lang == "en" else category.name


def ago(at: datetime, now: datetime, lang: Lang) -> str:
    """ "3 giờ trước"; for what lies ahead, "" (see ``app.casefile.countdown``)."""
    minutes = int((now - at).total_seconds()) // 60
    if minutes < 0:
        return ""
    if minutes < 1:
        return t("case.just_now", lang)
    if minutes < 60:
        return t("case.minutes_ago", lang, count=minutes)
    if minutes < 24 * 60:
        return t("case.hours_ago", lang, count=minutes // 60)
    return t("case.days_ago", lang, count=minutes // (24 * 60))


def status_word(status: str, lang: Lang) -> str:
    return t(f"reports.status_{status}", lang)


NOBODY: Mapping[UUID, str] = {}


def fact(event: Event, agencies: Mapping[str, Agency], lang: Lang, names: Mapping[UUID, str] = NOBODY) -> str:
    """The event in words, without the deadline that came of it. ``names``: of the staff in the case, for readers who
    may know them."""
    if event.kind == Kind.WARNED:
        # Which of the clocks: in chat, by mail and in the history it is called the same.
        return t(f"officers.warned_{event.data['clock']}_{event.data['level']}", lang) + "."
    data = event.data.get("proposal", event.data)
    agency = data.get("part_agency") or data.get("agency") or data.get("supervisor") or ""
    several = dict.fromkeys(part["agency"] for part in data["parts"]) if event.kind == Kind.SPLIT else (agency,)
    kind = f"{event.kind}_document" if has_document(event) else event.kind
    if event.kind == Kind.SUBMITTED and data.get("part_of"):
        kind = "part_made"
    return t(
        f"api.fact_{kind}",
        lang,
        agency=", ".join(agency_name(agencies, each, lang) for each in several),
        code=event.data.get("code", ""),
        photos=len(event.data.get("photos", ())),
        source=event.data.get("source", ""),
        number=event.data.get("number", ""),
        name=names.get(UUID(given), "?") if (given := event.data.get("assignee")) else "",
    )


def sentence(event: Event, agencies: Mapping[str, Agency], lang: Lang, names: Mapping[UUID, str] = NOBODY) -> str:
    """The event in words, with the deadline that came of it."""
    said, due = fact(event, agencies, lang, names), event.data.get("due")
    return f"{said} {t('api.fact_due', lang, due=when(datetime.fromisoformat(due)))}" if due else said


def answers_of(rules: RuleSet, report: Report, lang: Lang) -> list[Answered]:
    """A question of the category that the report had then keeps its name while any category asks it."""
    own = rules.categories.get(report.category)
    asking = [*([own] if own else []), *rules.categories.values()]
    found = []
    for question_id, answer_id in report.answers.items():
        question = next((each.questions[question_id] for each in asking if question_id in each.questions), None)
        name, names = question_id, (answer_id, answer_id)
        if question:
            name = question.name_en if lang == "en" else question.name
            names = question.answers.get(answer_id, names)
        found.append(Answered(question_id, name, answer_id, names[lang == "en"]))
    return found
