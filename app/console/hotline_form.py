"""What a coordinator types during a call, read as far as it goes: for the report, and for what is suggested so far."""

from datetime import datetime

from msgspec import Struct

from app.accounts.model import Actor
from app.console.forms import Form
from app.db import Conn
from app.errors import Invalid
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.places.model import Candidate, check_point, parse_coordinates
from app.reports import near
from app.reports.intake import facts_for, locate
from app.reports.model import TEXT_MIN, Contact, NewReport, Place, Report, ReporterKind
from app.reports.near import Near, Sought
from app.routing.model import REPORTER_KINDS, Category, Decision, Guess
from app.routing.ruleset import RuleSet

ANSWER = "answer_"
"""The beginning of the names of fields that answer a category's extra questions."""


class Seen(Struct, frozen=True):
    """What the form says so far. ``category``: chosen, or the likeliest; ``candidates``: communes the address may mean;
    ``decision``: None while nothing says what it is about."""

    guesses: tuple[Guess, ...]
    category: Category | None
    candidates: tuple[Candidate, ...]
    commune: str
    decision: Decision | None
    near: list[tuple[Near, Report]]


def report_of(form: Form, lang: Lang) -> NewReport:
    """Raises Invalid for coordinates that are none. Where it is and whether it is enough, ``file_report`` says."""
    category = form.text("category") or None
    answers = {
        name.removeprefix(ANSWER): said for name, said in form.fields.items() if name.startswith(ANSWER) and said
    }
    reporter: ReporterKind = next((kind for kind in REPORTER_KINDS if kind == form.text("reporter")), "citizen")
    return NewReport(
        text=form.text("text"),
        place=place_of(form),
        channel="hotline",
        lang=lang,
        consent=bool(form.text("consent")),
        category=category,
        # Answers to what the chosen category does not ask were given before it was changed.
        answers=answers if category else {},
        reporter_kind=reporter,
        contact=Contact(form.text("name"), form.text("phone")),
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


async def look(
    conn: Conn, rules: RuleSet, gazetteer: Gazetteer, actor: Actor, form: Form, lang: Lang, now: datetime
) -> Seen:
    """What the words and the place point to. Never raises for what is not typed out yet."""
    try:
        new = report_of(form, lang)
    except Invalid:
        new = NewReport(text=form.text("text"), place=Place(), channel="hotline", lang=lang, consent=True)
    guesses = rules.guess_category(new.text) if new.text else ()
    chosen = new.category if new.category in rules.categories else None
    category_id = chosen or (guesses[0].category_id if guesses else None)
    candidates: tuple[Candidate, ...] = ()
    if new.place.address and new.place.lat is None:
        candidates = gazetteer.search(new.place.address, default_province_code=rules.province_code)
    try:
        located = locate(gazetteer, rules, new.place)
    except Invalid:
        located = None
    decision, found = None, []
    if category_id and located is not None:
        decision = rules.decide(facts_for(new, located, category_id, now))
        if len(new.text) >= TEXT_MIN:
            commune_code = located.commune.code if located.commune else None
            sought = Sought(
                category=category_id, text=new.text, lat=located.lat, lon=located.lon, commune_code=commune_code
            )
            found = await near.alike(conn, rules, actor, sought, lang, now)
    return Seen(
        guesses=guesses,
        category=rules.categories[category_id] if category_id else None,
        candidates=candidates,
        commune=located.commune.full_name if located and located.commune else "",
        decision=decision,
        near=found,
    )
