"""What the reporter was asked and answered, and whether they still wait for the first answer, as staff see it."""

from datetime import datetime

from msgspec import Struct

from app.api.views import Named
from app.i18n import Lang
from app.reports.model import Report, Status
from app.routing.service import RuleSet


class FirstAnswer(Struct):
    """The first word to the reporter or the public: a question, progress, the result, or why it is declined. ``due_at``
    is null where the rules set no limit; ``overdue``: nobody has said anything and it is due."""

    due_at: datetime | None
    answered_at: datetime | None
    overdue: bool


class Answered(Struct):
    """What the reporter answered to an extra question of the category. Names as the rules have them now; the ids where
    they have none any more."""

    question: Named
    answer: Named


def finished(status: Status) -> bool:
    return status in (Status.RESOLVED, Status.CLOSED, Status.REJECTED, Status.DUPLICATE, Status.WITHDRAWN)


def first_answer(due_at: datetime | None, answered_at: datetime | None, status: Status, now: datetime) -> FirstAnswer:
    waiting = due_at is not None and answered_at is None and not finished(status)
    return FirstAnswer(due_at, answered_at, waiting and due_at is not None and due_at < now)


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
        found.append(Answered(Named(question_id, name), Named(answer_id, names[lang == "en"])))
    return found
