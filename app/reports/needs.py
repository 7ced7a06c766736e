"""What an act must bring, and what of it is missing. Pure."""

from collections.abc import Sequence

from app.attachments.model import AT_ONCE
from app.errors import Problem
from app.reports import tags
from app.reports.model import PHOTOS_MAX, TEXT_MAX, Form
from app.reports.workflow import Need
from app.routing.ruleset import RuleSet


def missing(needs: Sequence[Need], form: Form, rules: RuleSet) -> list[Problem]:
    """What the act needs and the form does not bring."""
    problems = []
    if len(form.text) > TEXT_MAX:
        problems.append(Problem("reports.text_long", {"most": TEXT_MAX, "length": len(form.text)}, "text"))
    if len(form.photos) > PHOTOS_MAX:
        problems.append(Problem("reports.photos_many", {"most": PHOTOS_MAX}, "photos"))
    if len(form.files) > AT_ONCE:
        problems.append(Problem("attachments.many", {"most": AT_ONCE}, "files"))
    if form.category is not None and form.category not in rules.categories:
        problems.append(Problem("reports.category_unknown", {"category": form.category[:60]}, "category"))
    problems += tags.problems(tags.tidy(form.tags) if form.tags is not None else None)
    given: dict[Need, bool] = {
        "text": bool(form.text),
        "agency": bool(form.agency_id),
        "proof": bool(form.photos or form.documents),
        "photos": bool(form.photos),
        "target": bool(form.target),
        "rating": form.rating is not None,
        "urgency": form.urgency is not None,
        "later": form.due is not None or form.days is not None,
        "by": form.due is not None or form.days is not None,
        "direction": True,  # which one is clear where only one is open, see ``directions.chosen``
        "matter": form.category is not None or form.commune is not None,
        "files": bool(form.files),
        "parts": bool(form.parts),
        "attachment": form.attachment is not None,
        "tags": form.tags is not None,
        "colleague": form.colleague is not None,
    }
    return problems + [Problem(f"reports.needs_{need}", field=need) for need in needs if not given[need]]
