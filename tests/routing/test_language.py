"""What rules can ask for and answer beyond categories, communes and words."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from app.routing.ruleset import RuleSet, load
from tests.routing.small import SMALL, at, changed, decide, marked, mistakes, with_rule

# A square of about 1.1 km around 9.18 N, 105.15 E, and a road along latitude 9.
SQUARE = {"type": "Polygon", "coordinates": [[[105.145, 9.175], [105.155, 9.175], [105.155, 9.185], [105.145, 9.185],
                                              [105.145, 9.175]]]}  # fmt: skip
ROAD = {"type": "LineString", "coordinates": [[105.0, 9.0], [106.0, 9.0]]}


def feature(*geometries: Any) -> str:
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features})


def with_area(folder: Path, area: str, when: str = "{area: there}", **files: str) -> RuleSet:
    """The small rule set with an area ``there`` and a first rule ``tried`` that asks for it."""
    for name, text in files.items():
        (folder / f"{name}.geojson").write_text(text)
    rule = f"rules:\n  - {{id: tried, when: {when}, then: {{agency: police}}, why: Vì vậy., why_en: So.}}\n"
    return load(changed(("areas:\n", f"areas:\n  there: {area}\n"), ("rules:\n", rule)), folder=folder)


def tried(rules: RuleSet, **known: Any) -> bool:
    return decide(rules=rules, **known).rule_id == "tried"


# ---------------------------------------------------------------- areas on the map


def test_a_circle_holds_what_is_within_its_radius(tmp_path: Path) -> None:
    rules = with_area(tmp_path, "{lat: 9.18, lon: 105.15, radius: 500 m, name: Chợ nổi}")
    degree = 1 / 111_320
    assert tried(rules, lat=9.18 + 490 * degree, lon=105.15)
    assert not tried(rules, lat=9.18 + 510 * degree, lon=105.15)
    # A degree of longitude is shorter by the cosine of the latitude, 0.987.
    assert tried(rules, lat=9.18, lon=105.15 + 495 * degree / 0.9872)
    assert not tried(rules, lat=9.18, lon=105.15 + 505 * degree / 0.9872)
    assert decide(rules=rules, lat=9.18, lon=105.15).reasons == ("Vì vậy.", "Vị trí nằm trong: Chợ nổi.")


def test_a_polygon_file_holds_what_is_inside(tmp_path: Path) -> None:
    rules = with_area(tmp_path, "{polygon: park.geojson}", park=feature(SQUARE))
    assert tried(rules, lat=9.18, lon=105.15)
    assert not tried(rules, lat=9.19, lon=105.15)


def test_a_line_file_holds_what_is_near(tmp_path: Path) -> None:
    rules = with_area(tmp_path, "{line: road.geojson, within: 200 m}", road=feature(ROAD, None))
    assert tried(rules, lat=9.0017, lon=105.5)
    assert not tried(rules, lat=9.0019, lon=105.5)


def test_a_long_line_is_measured_at_each_latitude(tmp_path: Path) -> None:
    north = {"type": "LineString", "coordinates": [[105.0, 8.5], [105.0, 22.5]]}
    rules = with_area(tmp_path, "{line: road.geojson, within: 1 km}", road=feature(north))
    for lat, cosine in ((8.6, 0.98876), (16.0, 0.96126), (22.4, 0.92455)):
        assert tried(rules, lat=lat, lon=105 + 990 / 111_320 / cosine)
        assert not tried(rules, lat=lat, lon=105 + 1010 / 111_320 / cosine)


def test_an_area_may_have_communes_and_a_shape_and_a_report_without_a_point_only_the_first(tmp_path: Path) -> None:
    rules = with_area(tmp_path, "{communes: ['32041'], polygon: park.geojson}", park=feature(SQUARE))
    assert tried(rules, commune_code="32041")
    assert tried(rules, lat=9.18, lon=105.15)
    assert not tried(rules)
    outside = with_area(tmp_path, "{polygon: park.geojson}", when="{not: {area: there}}")
    assert tried(outside)
    assert not tried(outside, lat=9.18, lon=105.15)
    assert decide(rules=outside).reasons_en == ("So.", "The place is not in: there.")


def test_files_of_shapes_are_part_of_the_version_and_of_its_text(tmp_path: Path) -> None:
    rules = with_area(tmp_path, "{polygon: park.geojson}", park=feature(SQUARE))
    again = load(rules.source)
    assert again.version == rules.version
    assert tried(again, lat=9.18, lon=105.15)


@pytest.mark.parametrize(
    ("area", "sentence"),
    [
        ("{}", "The area “there” needs exactly one way"),
        ("{name: x}", "The area “there” needs exactly one way"),
        ("{lat: 9, lon: 105, radius: 5 km, polygon: good.geojson}", "The area “there” needs exactly one way"),
        ("{lat: 9, lon: 105}", "The content of “radius” is missing."),
        ("{line: road.geojson}", "The content of “within” is missing."),
        ("{lat: 99, lon: 105, radius: 5 km}", "“99” is not a number from -90 to 90."),
        ("{lat: 9, lon: nan, radius: 5 km}", "“nan” is not a number from -180 to 180."),
        ("{lat: 9, lon: 105, radius: 5 miles}", "“5 miles” is not a distance"),
        ("{lat: 9, lon: 105, radius: 0 m}", "“0 m” is not a distance"),
        ("{polygon: gone.geojson}", "There is no file “gone.geojson”"),
        ("{polygon: ../x.geojson}", "“../x.geojson” leads out"),
        ("{polygon: '*.geojson'}", "There is no file “*.geojson”"),
        ("{polygon: road.geojson}", "The file “road.geojson” has no Polygon."),
        ("{line: good.geojson, within: 5 m}", "The file “good.geojson” has no LineString."),
        ("{polygon: bad.geojson}", "The file “bad.geojson” is not GeoJSON"),
        ("{polygon: empty.geojson}", "The file “empty.geojson” is not GeoJSON"),
        ("{polygon: metres.geojson}", "The coordinates in the file “metres.geojson” are not longitude and latitude"),
    ],
)
def test_what_is_wrong_with_an_area_is_named(tmp_path: Path, area: str, sentence: str) -> None:
    metres = json.loads(json.dumps(SQUARE))
    metres["coordinates"][0] = [[x * 1e4, y * 1e4] for x, y in metres["coordinates"][0]]
    files = {"good": feature(SQUARE), "road": feature(ROAD), "bad": "{", "empty": "", "metres": feature(metres)}
    for name, text in files.items():
        (tmp_path / f"{name}.geojson").write_text(text)
    said = mistakes(changed(("areas:\n", f"areas:\n  there: {area}\n")), folder=tmp_path)
    assert len(said) == 1
    assert sentence in said[0]


# ---------------------------------------------------------------- time


SEASONS = "  seasons:\n    wet: {from: 05-01, to: 11-30, name: mùa mưa}\n    tet: {from: 12-20, to: 02-20}\n"


def in_season(when: str) -> RuleSet:
    rule = f"rules:\n  - {{id: tried, when: {when}, then: {{agency: police}}, why: Vì vậy., why_en: So.}}\n"
    return load(changed(("areas:\n", f"{SEASONS}areas:\n"), ("rules:\n", rule)))


@pytest.mark.parametrize(
    ("when", "inside", "outside"),
    [
        ("{season: wet}", ("2026-05-01", "2026-11-30"), ("2026-04-30", "2026-12-01")),
        ("{season: tet}", ("2026-12-20", "2026-01-01", "2026-02-20"), ("2026-12-19", "2026-02-21")),
        ("{season: [wet, tet]}", ("2026-06-01", "2026-12-24"), ("2026-12-02",)),
        ("{not: {season: wet}}", ("2026-12-01",), ("2026-05-01",)),
        ("{dates: {from: 2026-11-01, to: 2026-11-05}}", ("2026-11-01", "2026-11-05"), ("2026-10-31", "2026-11-06")),
        ("{dates: {from: 2026-11-01}}", ("2030-01-01",), ("2026-10-31",)),
        ("{dates: {to: 2026-11-01}}", ("2026-11-01",), ("2026-11-02",)),
        ("{weekday: [saturday, sunday]}", ("2026-11-07", "2026-11-08"), ("2026-11-06", "2026-11-09")),
    ],
)
def test_days_are_vietnams(when: str, inside: Sequence[str], outside: Sequence[str]) -> None:
    rules = in_season(when)
    for day in inside:
        assert tried(rules, at=at(day, "00:01"))
        assert tried(rules, at=at(day, "23:59"))
    for day in outside:
        assert not tried(rules, at=at(day, "00:01"))
        assert not tried(rules, at=at(day, "23:59"))


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{season: wet}", "In the time: mùa mưa."),
        ("{not: {season: tet}}", "Outside the time: tet."),
        ("{dates: {from: 2026-11-01}}", "In the time: from 01/11/2026 to …."),
        ("{weekday: friday}", "Sent on a Friday."),
    ],
)
def test_days_are_given_as_reasons(when: str, said: str) -> None:
    assert decide(rules=in_season(when)).reasons_en == ("So.", said)


# ---------------------------------------------------------------- answers, reasons of conditions


QUESTIONS = """\
        keywords: [ổ gà, đường hư]
        questions:
          depth:
            name: Sâu bao nhiêu?
            name_en: How deep?
            answers: {deep: {name: Sâu}, flat: {name: Cạn, name_en: Flat}}
"""
RULE = "rules:\n  - {id: tried, when: {answers: {depth: deep}}, then: {agency: police}, why: Hố sâu.}\n"
ASKING = changed(("        keywords: [ổ gà, đường hư]\n", QUESTIONS), ("rules:\n", RULE))


def test_a_rule_can_ask_for_the_answer_to_an_extra_question() -> None:
    rules = load(ASKING)
    assert rules.categories["pothole"].questions["depth"].answers == {"deep": ("Sâu", "Sâu"), "flat": ("Cạn", "Flat")}
    assert tried(rules, answers={"depth": "deep"})
    assert not tried(rules, answers={"depth": "flat"})
    assert not tried(rules)
    assert decide(rules=rules, answers={"depth": "deep"}).reasons[1] == "Người gửi trả lời: Sâu bao nhiêu? Sâu."


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ("{‸dept: deep}", "No category has the question “dept”. Did you mean “depth”?"),
        ("{depth: ‸deeep}", "“deeep” is not one of the values used here: deep, flat. Did you mean “deep”?"),
        ("‸deep", "Lines of the form “name: value” are needed here."),
    ],
)
def test_an_answer_nobody_can_give_is_a_mistake(answers: str, sentence: str) -> None:
    text, place = marked(ASKING.replace("{depth: deep}", answers))
    assert mistakes(text) == [f"{place} {sentence}"]


def test_a_condition_can_give_its_reason_in_plain_words() -> None:
    rules = with_rule(
        "{any: [{channel: web, because: Gửi từ web., because_en: By web.}, "
        "{has_photo: true, because: Có ảnh.}, {not: {words: [x y], because: Không bao giờ nói.}}]}"
    )
    assert decide(rules=rules, has_photo=True).reasons[:3] == ("Vì vậy.", "Gửi từ web.", "Có ảnh.")
    assert decide(rules=rules).reasons_en[:2] == ("That is why.", "By web.")
    assert "Không bao giờ nói." not in " ".join(decide(rules=rules, channel="api").reasons)


# ---------------------------------------------------------------- results


def test_the_department_of_the_category_answers_and_otherwise_that_of_its_group() -> None:
    text = changed(
        ("    name: Đường sá\n", "    name: Đường sá\n    department: roads\n"),
        ("        urgency: normal\n", "        urgency: normal\n        department: power\n"),
        ("rules:\n", ("rules:\n  - {id: tried, when: {province: '96'}, then: {agency: department for the category,"
                     " co_agencies: [commune office of the place]}, why: Vì vậy.}\n")),
    )  # fmt: skip
    rules = load(text, proven=True)
    assert decide(rules=rules).agency_id == "roads"
    assert decide(rules=rules, category="street-light").agency_id == "power"
    assert decide(rules=rules, category="noise").rule_id == "fallback"


TABLE = changed(
    (
        "rules:\n",
        (
            "tables:\n  crews: {inner-city: power, '32244': police, else: roads}\nrules:\n"
            "  - {id: tried, when: {category: noise}, then: {agency: by table crews}, why: Vì vậy.}\n"
        ),
    )
)


def test_a_table_says_who_answers_where() -> None:
    rules = load(TABLE)
    places = {"32002": "power", "32014": "power", "32244": "police", "31825": "roads"}
    for commune, agency in places.items():
        assert decide(rules=rules, category="noise", commune_code=commune).agency_id == agency
    assert decide(rules=rules, category="noise", commune_code=None).agency_id == "roads"


def test_where_a_table_names_nobody_the_rule_does_not_hold() -> None:
    rules = load(TABLE.replace(", else: roads", ""))
    assert decide(rules=rules, category="noise", commune_code="32002").agency_id == "power"
    assert decide(rules=rules, category="noise", commune_code="31825").rule_id == "fallback"


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("inner-city: power", "‸inner-town: power", "There is no area “inner-town”. Did you mean “inner-city”?"),
        ("inner-city: power", "inner-city: ‸powr", "There is no agency “powr”. Did you mean “power”?"),
        ("'32244': police", "‸'3224': police", "“3224” is not a commune code; it has 5 digits."),
        ("by table crews", "‸by table crew", "There is no agency “by table crew”. Did you mean “by table crews”?"),
        ("{inner-city: power, '32244': police, else: roads}", "‸[a]", "Lines of the form “name: value” are needed"),
    ],
)
def test_what_is_wrong_with_a_table_is_named(old: str, new: str, sentence: str) -> None:
    text, place = marked(TABLE.replace(old, new, 1))
    assert any(one.startswith(f"{place} {sentence}") for one in mistakes(text)), mistakes(text)


def test_a_role_that_nobody_has_where_the_rule_holds_is_a_mistake() -> None:
    text = TABLE.replace("by table crews", "department for the category")
    sentence = "The conditions of the rule “tried” contradict each other, so it never holds."
    assert [one.split(" ", 1)[1] for one in mistakes(text)] == [sentence]


def test_a_rule_calls_agencies_at_once_and_sets_the_first_answer() -> None:
    then = "{agency: roads, call: [police, commune office of the place], deadlines: {first_answer: 30 minutes}}"
    decision = decide(rules=with_rule("{category: pothole}", then))
    assert decision.calls == ("police", "ubnd-32002")
    assert decision.first_answer_due == at("2026-11-06", "09:30")
    assert decide().first_answer_due is None
    province = load(changed(("deadlines:\n", "deadlines:\n  first_answer: 1 office hour\n")))
    assert decide(rules=province).first_answer_due == at("2026-11-06", "10:00")


def test_before_names_rules_further_down() -> None:
    assert mistakes(changed(("    why: Nguy hiểm", "    before: [lights]\n    why: Nguy hiểm"))) == []
    for name, sentence in (
        ("light", "There is no rule “light”. Did you mean “lights”?"),
        ("danger", "The rule “danger” does not stand below this one."),
    ):
        text, place = marked(changed(("    why: Nguy hiểm", f"    before: [‸{name}]\n    why: Nguy hiểm")))
        assert mistakes(text) == [f"{place} {sentence}"]


def test_the_small_file_has_none_of_it() -> None:
    assert not load(SMALL).world.areas.zones
