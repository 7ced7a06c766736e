"""What a report that is being written points to so far: its category, its place, and open reports of the same matter.
Nothing is kept, and nothing is wrong yet."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from app.db import Pool
from app.errors import Invalid
from app.i18n import Lang
from app.places.gazetteer import Gazetteer
from app.places.model import Candidate, Commune
from app.reports import near
from app.reports.alike import Fingerprint
from app.reports.intake import locate
from app.reports.model import TEXT_MIN, Place
from app.reports.near import Near, Sought
from app.routing.model import Category, Guess
from app.routing.ruleset import RuleSet


class Suggested(Struct, frozen=True):
    """``category``: the chosen one, or the likeliest of the ``guesses``. ``candidates``: communes of the province that
    a typed address may mean."""

    guesses: Sequence[Guess]
    category: Category | None
    candidates: tuple[Candidate, ...]
    commune: Commune | None
    near: list[Near]


async def suggest(
    pool: Pool,
    rules: RuleSet,
    gazetteer: Gazetteer,
    text: str,
    chosen: str | None,
    place: Place,
    lang: Lang,
    *,
    photos: Sequence[Fingerprint] = (),
    at: datetime | None = None,
) -> Suggested:
    """At most one statement. Never raises for what is not written out yet."""
    guesses = rules.guess_category(text) if text else ()
    category = rules.categories.get(chosen or "") or (rules.categories[guesses[0].category_id] if guesses else None)
    candidates: tuple[Candidate, ...] = ()
    if place.address and place.lat is None:
        found = gazetteer.search(place.address, default_province_code=rules.province_code)
        candidates = tuple(one for one in found if one.commune.province_code == rules.province_code)
    try:
        located = locate(gazetteer, rules, place)
    except Invalid:
        return Suggested(guesses, category, candidates, None, [])
    alike: list[Near] = []
    if category and len(text) >= TEXT_MIN:
        sought = Sought(
            category=category.category_id,
            text=text,
            lat=located.lat,
            lon=located.lon,
            commune_code=located.commune.code if located.commune else None,
            photos=list(photos),
        )
        async with pool.acquire() as conn:
            alike = await near.find(conn, rules, sought, lang, at)
    return Suggested(guesses, category, candidates, located.commune, alike)
