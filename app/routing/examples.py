"""``examples`` in a rules file: what people write, where and when, and who must answer for it. All must be true."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from app.i18n.text import fold
from app.routing.calendar import VIETNAM
from app.routing.danger import is_danger
from app.routing.fields import Fields, fields_of, one_of
from app.routing.guess import clear_guess
from app.routing.language import optional, required
from app.routing.limits import Limit
from app.routing.model import (
    CHANNELS,
    COMMUNE_OFFICE,
    REPORTER_KINDS,
    URGENCIES,
    VISIBILITIES,
    Channel,
    CommuneKind,
    Decision,
    Facts,
    ReporterKind,
    Urgency,
    Visibility,
    commune_office_id,
)
from app.routing.problems import Problems, Spot, shorten, spot_of
from app.routing.read_conditions import World
from app.routing.read_rules import Rule
from app.routing.yamltree import Mapping as Tree

if TYPE_CHECKING:
    from app.routing.ruleset import RuleSet


class Place(Struct, frozen=True):
    """The commune that an address means."""

    commune_code: str
    commune_name: str
    commune_kind: CommuneKind | None
    province_code: str


Resolve = Callable[[str, str], Place | None]
"""From a typed address, names of before July 2025 too, or a commune code, and the home province's code. None: nowhere
that is known."""


class Expected(Struct, frozen=True):
    """What must come out; None where the example does not say. ``agency`` may be ``COMMUNE_OFFICE``."""

    category: str | None
    agency: str | None
    rule: str | None
    urgency: Urgency | None
    visibility: Visibility | None
    handling: Limit | None
    deadline: datetime | None
    spots: Mapping[str, Spot]


class Example(Struct, frozen=True):
    spot: Spot
    text: str
    place: str
    at: datetime
    category: str | None
    channel: Channel
    reporter_kind: ReporterKind
    urgency: Urgency | None
    has_photo: bool
    lat: float | None
    lon: float | None
    answers: Mapping[str, str]
    expected: Expected


# ---------------------------------------------------------------- reading


def read_examples(top: Fields, world: World, rules: Sequence[Rule]) -> tuple[Example, ...]:
    ids = {*(rule.rule_id for rule in rules), "fallback"}
    agencies = (COMMUNE_OFFICE, *world.catalogue.agencies)
    read: list[Example] = []
    for node in top.items("examples"):
        fields = fields_of(node, top.problems, required("example"), optional("example"))
        expect = fields.fields("expect", (), optional("expect"))
        at = fields.moment("time")
        if at is None:
            continue
        read.append(
            Example(
                spot=spot_of(node),
                text=fields.text("text"),
                place=fields.text("place"),
                at=at,
                category=_known(fields, "category", world.catalogue.categories, "unknown_category"),
                channel=fields.choice("channel", CHANNELS) or "web",
                reporter_kind=fields.choice("reporter", REPORTER_KINDS) or "citizen",
                urgency=fields.choice("urgency", URGENCIES),
                has_photo=fields.flag("photo"),
                lat=fields.number("lat", -90, 90),
                lon=fields.number("lon", -180, 180),
                answers=_answers(fields),
                expected=Expected(
                    category=_known(expect, "category", world.catalogue.categories, "unknown_category"),
                    agency=_known(expect, "agency", agencies, "unknown_agency"),
                    rule=_known(expect, "rule", ids, "unknown_rule"),
                    urgency=expect.choice("urgency", URGENCIES),
                    visibility=expect.choice("visibility", VISIBILITIES),
                    handling=expect.limit("handling"),
                    deadline=expect.moment("deadline"),
                    spots={name: spot_of(value) for name, (_, value) in expect.node.entries.items()}
                    if expect.node
                    else {},
                ),
            )
        )
    return tuple(read)


def _known(
    fields: Fields, key: str, options: Mapping[str, object] | set[str] | tuple[str, ...], problem: str
) -> str | None:
    node = fields.get(key)
    return one_of(node, options, fields.problems, problem) if node is not None else None


def _answers(fields: Fields) -> dict[str, str]:
    node = fields.get("answers")
    inner = fields_of(node, fields.problems, (), node.entries) if isinstance(node, Tree) else None
    return {name: inner.text(name) for name in node.entries} if inner and isinstance(node, Tree) else {}


# ---------------------------------------------------------------- proving


def prove(rules: "RuleSet", examples: Sequence[Example], resolve: Resolve | None, problems: Problems) -> int:
    """Report every example that is not true, and give how many were tried.

    Without ``resolve`` only places that are commune codes are understood; examples with others are left out.
    """
    tried = 0
    for example in examples:
        place = _place(rules, example, resolve)
        if place is None and example.place:
            if resolve is not None:
                problems.add(example.spot, "example_nowhere", text=shorten(example.text), place=shorten(example.place))
            continue
        tried += 1
        decision = rules.decide(facts_of(rules, example, place))
        for key, wanted, came in _differences(example.expected, decision, place):
            params = {"text": shorten(example.text), "rule": decision.rule_id, "wanted": wanted, "came": came}
            problems.add(example.expected.spots[key], f"example_{key}", **params)
    return tried


def facts_of(rules: "RuleSet", example: Example, place: Place | None) -> Facts:
    """The example as a report that comes in today: its category guessed unless it gives one."""
    return Facts(
        at=example.at,
        category=example.category or clear_guess(rules.guess_category(example.text)),
        commune_code=place.commune_code if place else None,
        commune_name=place.commune_name if place else "",
        commune_kind=place.commune_kind if place else None,
        province_code=place.province_code if place else None,
        text_folded=fold(example.text),
        danger=is_danger(example.text),
        channel=example.channel,
        urgency=example.urgency,
        has_photo=example.has_photo,
        reporter_kind=example.reporter_kind,
        lat=example.lat,
        lon=example.lon,
        answers=example.answers,
    )


def _place(rules: "RuleSet", example: Example, resolve: Resolve | None) -> Place | None:
    if not example.place:
        return None
    if resolve is not None:
        return resolve(example.place, rules.province_code)
    code = example.place
    return Place(code, "", None, rules.province_code) if code.isdigit() and len(code) == 5 else None


def _differences(expected: Expected, decision: Decision, place: Place | None) -> list[tuple[str, str, str]]:
    agency = expected.agency
    if agency == COMMUNE_OFFICE and place:
        agency = commune_office_id(place.commune_code)
    deadline = expected.deadline
    came = decision.handling_due.astimezone(VIETNAM)
    pairs = [
        ("category", expected.category, decision.category),
        ("rule", expected.rule, decision.rule_id),
        ("agency", agency, decision.agency_id),
        ("urgency", expected.urgency, decision.urgency),
        ("visibility", expected.visibility, decision.visibility),
        ("handling", str(expected.handling) if expected.handling else None, str(decision.handling)),
        ("deadline", f"{deadline:%Y-%m-%d %H:%M}" if deadline else None, f"{came:%Y-%m-%d %H:%M}"),
    ]
    return [(key, wanted, came) for key, wanted, came in pairs if wanted is not None and wanted != came]
