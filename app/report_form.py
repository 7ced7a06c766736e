"""What a form about a report says, read as far as it goes: the public form, and the one a coordinator fills in for a
caller."""

from app.errors import Invalid, Problem
from app.forms import Form
from app.i18n import Lang
from app.places.model import check_point, parse_coordinates
from app.reports.model import Channel, Contact, NewReport, Place, ReporterKind
from app.routing.model import REPORTER_KINDS
from app.routing.ruleset import RuleSet

ANSWER = "answer_"
"""The beginning of the names of fields that answer a category's extra questions."""

_FIELDS = {
    "text": "text",
    "place": "address",
    "place.address": "address",
    "place.commune_code": "address",
    "address": "address",
    "contact.name": "name",
    "contact.phone": "phone",
    "contact.email": "email",
    "consent": "consent",
    "category": "category",
    "photos": "photos",
}


def field_of(problem: Problem) -> str:
    """The field of the form at which a report's problem stands; "": above it."""
    return _FIELDS.get((problem.field or "").partition("[")[0], "")


def report_of(form: Form, channel: Channel, lang: Lang) -> NewReport:
    """Raises Invalid for coordinates that are none. Where it is and whether it is enough, ``file_report`` says."""
    category = form.text("category") or None
    answers = {
        name.removeprefix(ANSWER): said for name, said in form.fields.items() if name.startswith(ANSWER) and said
    }
    reporter: ReporterKind = next((kind for kind in REPORTER_KINDS if kind == form.text("reporter")), "citizen")
    return NewReport(
        text=form.text("text"),
        place=place_of(form),
        channel=channel,
        lang=lang,
        consent=bool(form.text("consent")),
        category=category,
        # Answers to what the chosen category does not ask were given before it was changed.
        answers=answers if category else {},
        reporter_kind=reporter,
        contact=Contact(form.text("name"), form.text("phone"), form.text("email")),
    )


def place_of(form: Form) -> Place:
    """The point from the map, else coordinates typed as an address, else words and the commune that was chosen."""
    address, commune = form.text("address"), form.text("commune") or None
    typed = form.text("lat"), form.text("lon")
    point = parse_coordinates(address)
    if any(typed):
        try:
            point = check_point(float(typed[0]), float(typed[1]))
        except ValueError:
            raise Invalid("console.form_broken", field="address") from None
    elif point:
        point, address, commune = check_point(*point), "", None
    return Place(point[0], point[1], address, commune) if point else Place(address=address, commune_code=commune)


def fitting(rules: RuleSet, new: NewReport) -> dict[str, str]:
    """Of the answers those that the category asks for."""
    category = rules.categories.get(new.category or "")
    asked = category.questions if category else {}
    return {each: said for each, said in new.answers.items() if each in asked and said in asked[each].answers}
