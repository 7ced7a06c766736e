"""What a coordinator types during a call, read as far as it goes: for the report, and for what is suggested so far."""

from datetime import datetime

from msgspec import Struct

from app.accounts.model import Actor
from app.db import Conn
from app.errors import Invalid
from app.forms import Form
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.places.model import Candidate
from app.report_form import report_of
from app.reports import near
from app.reports.intake import facts_for, locate
from app.reports.model import TEXT_MIN, NewReport, Place, Report
from app.reports.near import Near, Sought
from app.routing.model import Category, Decision, Guess
from app.routing.ruleset import RuleSet


class Seen(Struct, frozen=True):
    """What the form says so far. ``category``: chosen, or the likeliest; ``candidates``: communes the address may mean;
    ``decision``: None while nothing says what it is about."""

    guesses: tuple[Guess, ...]
    category: Category | None
    candidates: tuple[Candidate, ...]
    commune: str
    decision: Decision | None
    near: list[tuple[Near, Report]]


async def look(
    conn: Conn, rules: RuleSet, gazetteer: Gazetteer, actor: Actor, form: Form, lang: Lang, now: datetime
) -> Seen:
    """What the words and the place point to. Never raises for what is not typed out yet."""
    try:
        new = report_of(form, "hotline", lang)
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
