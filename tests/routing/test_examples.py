"""Examples in the file: a rule set that does not do what its examples say is not used."""

from app.routing.examples import Place
from app.routing.ruleset import load
from tests.routing.small import SMALL, marked, mistakes

EXAMPLE = """\
examples:
  - text: den duong hu roi
    place: "32002"
    time: 2026-11-05 09:00
    expect:
      category: street-light
      rule: lights
      agency: commune office of the place
      urgency: normal
      visibility: public
      handling: 3 working days
      deadline: 2026-11-10 17:00
"""
WITH = SMALL + EXAMPLE


def resolve(address: str, _: str) -> Place | None:
    known = Place("32002", "Phường An Xuyên", "phường", "96")
    return known if address in ("32002", "phường 9 cũ") else None


def test_examples_that_are_true_let_the_file_load() -> None:
    assert mistakes(WITH) == []
    assert len(load(WITH).examples) == 1


def test_every_example_that_is_not_true_is_named_with_what_came_instead() -> None:
    for key, line, came in (
        ("category", "category: ‸pothole", "the category must be pothole but came out as street-light (rule lights)."),
        ("rule", "rule: ‸danger", "the rule must be danger but came out as lights (rule lights)."),
        ("agency", "agency: ‸police", "the agency must be police but came out as ubnd-32002 (rule lights)."),
        ("urgency", "urgency: ‸urgent", "the urgency must be urgent but came out as normal (rule lights)."),
        ("visibility", "visibility: ‸private", "the visibility must be private but came out as public (rule lights)."),
        ("handling", "handling: ‸1 hour",
         "the handling limit must be 1 hour but came out as 3 working days (rule lights)."),
        ("deadline", "deadline: ‸2026-11-10 16:59",
         "the deadline must be 2026-11-10 16:59 but came out as 2026-11-10 17:00 (rule lights)."),
    ):  # fmt: skip
        old = next(each for each in EXAMPLE.splitlines() if each.strip().startswith(f"{key}:")).strip()
        text, place = marked(SMALL + EXAMPLE.replace(old, line))
        assert mistakes(text) == [f"{place} The example “den duong hu roi”: {came}"]


def test_a_version_that_was_in_force_is_not_asked_again() -> None:
    wrong = WITH.replace("rule: lights", "rule: danger")
    assert mistakes(wrong)
    assert load(wrong, proven=True).examples[0].expected.rule == "danger"


def test_places_as_people_write_them_are_tried_where_somebody_can_find_them() -> None:
    named = WITH.replace('place: "32002"', "place: phường 9 cũ")
    assert mistakes(named) == []
    assert mistakes(named, resolve=resolve) == []
    assert mistakes(named.replace("rule: lights", "rule: danger")) == []
    assert len(mistakes(named.replace("rule: lights", "rule: danger"), resolve=resolve)) == 1


def test_a_place_that_nobody_finds_is_a_mistake() -> None:
    text, place = marked(WITH.replace('- text: den duong hu roi\n    place: "32002"', "- ‸text: a\n    place: Sao Hỏa"))
    assert mistakes(text, resolve=resolve) == [
        f"{place} The example “a”: “Sao Hỏa” is not a known commune."
    ]  # fmt: skip


def test_an_example_may_give_what_the_words_do_not() -> None:
    given = WITH.replace("den duong hu roi", "hư rồi").replace("    expect:", "    category: street-light\n    expect:")
    assert mistakes(given) == []
    assert len(mistakes(given.replace("    category: street-light\n    expect", "    expect"))) > 1
    keys = ("channel: hotline", "reporter: visitor", "photo: true", "lat: 9.1", "lon: 105.1", "urgency: urgent")
    more = "".join(f"    {key}\n" for key in keys)
    example = load(WITH.replace("    expect:", more + "    expect:"), proven=True).examples[0]
    assert (example.channel, example.reporter_kind, example.has_photo) == ("hotline", "visitor", True)
    assert (example.lat, example.lon, example.urgency) == (9.1, 105.1, "urgent")


def test_names_in_examples_are_checked() -> None:
    for old, new, sentence in (
        ("rule: lights", "rule: ‸light", "There is no rule “light”. Did you mean “lights”?"),
        ("time: 2026-11-05 09:00", "time: ‸2026-11-05", "“2026-11-05” is not a moment"),
        ("urgency: normal", "‸urgence: normal", "There is no key “urgence” here."),
        ("agency: commune office of the place", "agency: ‸department for the category", "There is no agency"),
    ):
        text, place = marked(SMALL + EXAMPLE.replace(old, new))
        assert any(one.startswith(f"{place} {sentence}") for one in mistakes(text)), mistakes(text)
