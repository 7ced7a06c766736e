"""A rules file with mistakes is refused, every mistake named with its place and a plain sentence."""

import time
import unicodedata
from pathlib import Path

import pytest

from app.i18n import LANGS
from app.routing.files import MOST_BYTES
from app.routing.problems import MOST, RulesError
from app.routing.ruleset import load
from tests.routing.small import SMALL, changed, marked, mistakes


def test_the_small_file_has_no_mistakes() -> None:
    assert mistakes(SMALL) == []


def test_a_misspelt_key_is_named_with_the_nearest_right_one() -> None:
    said = mistakes(changed(("  night:", "  nigth:")))
    keys = "office_hours, night, public_holidays, swapped_days, closures, seasons"
    assert said == [f"9:3 There is no key “nigth” here. Keys: {keys}. Did you mean “night”?"]


def test_every_mistake_is_named_at_once_in_the_order_of_the_file() -> None:
    said = mistakes(
        changed(
            ("public_holidays: VN", "public_holidays: US"),
            ("parent: roads", "parent: road"),
            ("urgency: normal", "urgency: high"),
            ("{category: street-light}", "{category: streetlight}"),
            ("{agency: roads}", "{agency: rods}"),
        )
    )
    assert [one.split(" ", 1)[1] for one in said] == [
        "“US” is not one of the values used here: VN, none.",
        "There is no agency “road”. Did you mean “roads”?",
        "“high” is not one of the values used here: urgent, normal, complex.",
        "There is no category “streetlight”. Did you mean “street-light”?",
        "There is no agency “rods”. Did you mean “roads”?",
    ]
    lines = [int(one.split(":")[0]) for one in said]
    assert lines == sorted(lines)


# The small file's text, what stands there instead with ‸ where the mistake is, and the sentence.
MISTAKES = [
    ('province: "96"', "province: ‸Cà Mau", "“Cà Mau” is not a province code; it has 2 digits."),
    ("monday: 07:00-11:00", "monday: ‸7h-11h", "“7h-11h” are not office hours"),
    ("07:00-11:00, 13:00", "‸07:00-11:00, 10:00", "“10:00-17:00” are not office hours"),
    ("tuesday: 07:00-11:00", "tuesday: ‸11:00-07:00", "“11:00-07:00” are not office hours"),
    ("22:00-05:00", "‸25:00-05:00", "“25:00-05:00” is not a stretch of time"),
    ("swapped_days: []", "swapped_days: [‸{off: 2026-01-02}]", "The content of “work” is missing."),
    ("swapped_days: []", "swapped_days: [{off: ‸2026-01-03, work: 2026-01-10}]", "The day taken off is a day off"),
    ("swapped_days: []", "swapped_days: [{off: 2026-01-02, work: ‸2026-01-05}]", "The day worked instead is a work"),
    ("closures: []", "closures: [‸2026-02-30]", "“2026-02-30” is not a date"),
    ("closures: []", "closures: [{from: 2026-02-20, to: ‸2026-02-01}]", "The last day must not be before the first"),
    ("closures: []", "closures: [{from: 2026-02-01, to: ‸2027-02-01}]", "The last day must not be before the first"),
    ('"32014"]', "‸Bạc Liêu]", "“Bạc Liêu” is not a commune code; it has 5 digits."),
    ('  inner-city: ["32002", "32014"]', "  ‸inner-city: []", "The content of “inner-city” is missing."),
    ("kind: enterprise", "kind: ‸company", "“company” is not one of the values used here"),
    ("agencies:\n  ioc: {kind: oper", "agencies:\n  ‸ioc: {kind: departmentoper", "There must be exactly one agency"),
    ("{kind: operations_centre,", "{kind: operations_centre, parent: ‸roads,", "The operations centre has no parent"),
    ("  roads: {kind", "  ‸ubnd-32002: {kind", "Commune offices are not written out; “ubnd-32002” is made by itself"),
    ("  roads: {kind", "  ‸Sở: {kind", "“Sở” is not an id"),
    ("name: Điện lực,", "name: ‸'',", "Nothing is written here."),
    ("{kind: enterprise, parent: roads, name: Điện lực,", "‸{kind: enterprise,", "The content of “name” is missing."),
    ("name: Điện lực,", "name: ‸[a, b],", "A line of text is needed here."),
    ("      noise:", "      ‸pothole:", "The category “pothole” is already in another group."),
    ("keywords: [ổ gà, đường hư]", "‸keywords:", "The content of “keywords” is missing."),
    ("keywords: [ổ gà, đường hư]", "keywords: ‸[]", "The list is empty."),
    ("keywords: [ổ gà, đường hư]", "keywords: [ổ gà, ‸O  GA]", "The keyword “O  GA” is the same as “ổ gà”"),
    ("keywords: [ổ gà, đường hư]", "keywords: [ổ gà, ‸'!!!']", "A word or phrase with letters or digits"),
    ("visibility: private", "visibility: ‸secret", "“secret” is not one of the values used here: public, private."),
    ("handling: {normal: 3 working days}", "handling: {normal: ‸soon}", "“soon” is not a limit; write for example"),
    ("2 office hours", "‸0 office hours", "“0 office hours” is not a limit"),
    ("2 office hours", "‸2000 hours", "“2000 hours” is not a limit"),
    ("{urgent: 1 working day, normal", "‸{normal", "The content of “urgent” is missing."),
    ("- id: lights", "- id: ‸danger", "The rule id “danger” is already used on line"),
    ("- id: lights", "- id: ‸fallback", "The id “fallback” belongs to the last rule"),
    ("when: {category: street-light}", "when: ‸{}", "The rule has no condition."),
    ("when: {category: street-light}", "when: {category: ‸[]}", "The list is empty."),
    ("when: {category: street-light}", "when: ‸street-light", "Lines of the form “name: value” are needed here."),
    ("when: {category: street-light}", "when: {commune: ‸An Xuyên}", "“An Xuyên” is not a commune code"),
    ("when: {category: street-light}", "when: {area: ‸inner-town}", "There is no area “inner-town”. Did you mean"),
    ("when: {category: street-light}", "when: {time: ‸nite}", "Did you mean “night”?"),
    ("when: {category: street-light}", "when: {has_photo: ‸yes}", "“yes” is not one of the values used here: true"),
    ("when: {category: street-light}", "when: {words: {‸some: [a b]}}", "There is no key “some” here"),
    ("when: {category: street-light}", "when: {any: ‸{category: noise}}", "A list of conditions is needed here"),
    ("when: {group: streets}", "when: {group: ‸street}", "There is no group “street”. Did you mean “streets”?"),
    ("when: {group: streets}", "when: {province: ‸Cà Mau}", "“Cà Mau” is not a province code"),
    ("when: {group: streets}", "when: {not: {channel: ‸telegran}}", "Did you mean “telegram”?"),
    ("tags: [danger]", "tags: [‸Nguy hiểm]", "“Nguy hiểm” is not an id"),
    ("  - id: lights\n", "  - ‸rule: lights\n", "There is no key “rule” here."),
    ("    why: Nguy hiểm về điện.\n", "    ‸why:\n", "The content of “why” is missing."),
    ("  agency: ioc\n", "  agency: ‸commune office of the place\n", "The fallback must name an agency"),
    ("  category: other\n", "  ‸agencies: other\n", "There is no key “agencies” here."),
    ("category: other", "category: ‸others", "There is no category “others”. Did you mean “other”?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence"), MISTAKES, ids=[f"{new!a:.50}" for _, new, _ in MISTAKES])
def test_each_mistake_is_named_with_its_line_and_column(old: str, new: str, sentence: str) -> None:
    text, place = marked(changed((old, new)))
    said = mistakes(text)
    assert any(one.startswith(f"{place} ") and sentence in one for one in said), (place, said)


@pytest.mark.parametrize("when", ["{group: streets, category: noise}", "{words: {all: [ổ gà], none: [o ga]}}"])
def test_conditions_that_contradict_each_other_are_a_mistake(when: str) -> None:
    text, place = marked(changed(("when: {group: streets}", f"when: ‸{when}")))
    sentence = "The conditions of the rule “streets” contradict each other, so it never holds."
    assert mistakes(text) == [f"{place} {sentence}"]


def test_a_condition_with_too_many_choices_is_a_mistake_and_not_a_long_wait() -> None:
    choice = "{any: [{channel: web}, {has_photo: true}, {time: [night, weekend]}]}"
    began = time.process_time()
    whole = f"when: ‸{{all: [{', '.join([choice] * 30)}]}}"
    text, place = marked(changed(("when: {group: streets}", whole)))
    assert mistakes(text) == [f"{place} This condition nests too many choices; split it into several rules."]
    assert time.process_time() - began < 2


def test_agencies_in_a_circle_are_a_mistake() -> None:
    text, place = marked(changed(("  roads: {kind: department,", "  ‸roads: {kind: department, parent: power,")))
    assert mistakes(text) == [f"{place} The agency “roads” is its own parent through a circle."]


def test_without_office_hours_there_are_no_deadlines() -> None:
    text = SMALL
    for weekday in ("monday", "tuesday", "wednesday", "thursday", "friday"):
        text = text.replace(f"    {weekday}: 07:00-11:00, 13:00-17:00\n", "")
    text, place = marked(text.replace("office_hours:\n", "office_hours: ‸{sunday: }\n"))
    assert mistakes(text) == [f"{place} No day has office hours, so no deadline could be calculated."]


def test_a_commune_that_does_not_exist_is_a_mistake_where_the_communes_are_known() -> None:
    text, place = marked(changed(('"32014"]', '‸"32014"]')))
    assert mistakes(text) == []
    assert mistakes(text, communes={"32002"}) == [f"{place} There is no commune with the code 32014."]


# ---------------------------------------------------------------- not YAML, or not this YAML


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "1:1 The file is empty."),
        ("# nothing but a comment\n", "1:1 The file is empty."),
        ("just a sentence", "1:1 Lines of the form “name: value” are needed here."),
        ("- a\n- b\n", "1:1 Lines of the form “name: value” are needed here."),
        ("calendar:\n\tnight: x\n", "2:1 This line is indented with a tab; use spaces."),
        ("a: b: c\n", "1:5 A colon cannot stand here"),
        ("a: 'never closed\nb: 1\n", "1:4 The quote opened here is never closed."),
        ("a: [1, 2\nb: 3\n", "2:2 The list in brackets is not right"),
        ("a:\n  b: 1\n c: 2\n", "3:2 The indentation does not match the lines above."),
        ("a: @b\n", "1:4 The value begins with a special character; put it in quotes."),
        ('a: "\\q"\n', "1:5 What follows the \\ in double quotes is not understood"),
        ("ă: 1\nđèn: \x01\n", "2:6 A control character is not allowed here"),
        ("a: 1\n---\nb: 2\n", "2:1 The file holds one document only"),
        ("a: &x 1\nb: *x\n", "1:4 YAML's & and * are not used"),
        ("a: *x\n", "1:4 YAML's & and * are not used"),
        ("a: !!python/object:os.system rm\n", "1:4 YAML's ! tags are not used"),
        ("? [a]\n: b\n", "1:3 A key must be plain text, not a list."),
        ("province: a\nprovince: b\n", "2:1 The key “province” is already on line 1."),
        ("[" * 1000, "1:13 This is nested too deeply."),
    ],
)
def test_what_is_not_the_readable_part_of_yaml_is_named_in_plain_words(text: str, expected: str) -> None:
    assert any(one.startswith(expected) for one in mistakes(text)), mistakes(text)


def test_another_encoding_is_named_at_the_first_wrong_letter() -> None:
    said = mistakes("province: 96\n# Tỉnh Cà Mau".encode("utf-16"))
    assert said == ["1:1 This is not UTF-8; save the file again as UTF-8."]
    latin = "a: 1\nb: cạnh ".encode() + "đ".encode("latin-1", "replace") + b"\xe0 a"
    assert mistakes(latin) == ["2:10 This is not UTF-8; save the file again as UTF-8."]
    assert mistakes("a: \ud800") == ["1:4 This is not UTF-8; save the file again as UTF-8."]


def test_a_byte_order_mark_windows_line_ends_and_decomposed_letters_do_not_matter() -> None:
    windows = b"\xef\xbb\xbf" + unicodedata.normalize("NFD", SMALL).replace("\n", "\r\n").encode()
    assert load(windows).version == load(SMALL).version
    assert load(windows).source == SMALL


def test_a_file_that_is_too_large_is_not_read() -> None:
    assert mistakes("#" * (MOST_BYTES + 1)) == ["1:1 The file is larger than 2 MB and was not read."]


def test_fifty_megabytes_are_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.yaml"
    with path.open("wb") as file:
        file.truncate(50 * 1024**2)
    began = time.process_time()
    assert mistakes(path) == ["1:1 The file is larger than 2 MB and was not read."]
    assert time.process_time() - began < 1


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "cp1258"])
def test_other_encodings_are_refused(encoding: str) -> None:
    assert mistakes(SMALL.encode(encoding, "replace"))


def test_a_bomb_of_anchors_is_refused_at_its_first(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    assert mistakes("\n".join(lines)) == ["1:4 YAML's & and * are not used; write it out, or put the value in quotes."]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesError) as refused:
        load(tmp_path / "gone.yaml")
    assert refused.value.lines("en") == ["gone.yaml:1:1: The file cannot be opened: No such file or directory."]


@pytest.mark.parametrize(
    "hostile",
    [
        "a: " * 600_000,
        "[1," * 600_000,
        "{a: " * 500_000,
        "- " * 1_000_000,
        "? " * 1_000_000,
        "&a [*a," * 280_000,
        "a: '" + "x\n" * 900_000,
        "{" + "a: b," * 400_000 + "}",
        "agencies:\n" + "".join(f"  agency-{n}: {{}}\n" for n in range(50_000)),
        "groups:\n" + "".join(f"  wrong{n}: {n}\n" for n in range(90_000)),
    ],
    ids=["colons", "lists", "mappings", "dashes", "questions", "anchors", "quote", "twice", "agencies", "groups"],
)
def test_a_hostile_file_is_refused_and_never_hangs(hostile: str) -> None:
    began = time.process_time()
    said = mistakes(hostile)
    assert 0 < len(said) <= MOST + 1
    assert time.process_time() - began < 10


def test_mistakes_are_told_in_both_languages_with_the_files_own_name(tmp_path: Path) -> None:
    path = tmp_path / "quy_tac.yaml"
    path.write_text(changed(("{agency: roads}", "{agency: rods}")), encoding="utf-8")
    with pytest.raises(RulesError) as refused:
        load(path)
    assert refused.value.lines("vi") == [
        "quy_tac.yaml:69:20: Không có cơ quan “rods”. Có phải anh/chị muốn ghi “roads”?"
    ]
    assert str(refused.value) == refused.value.lines("vi")[0]
    assert all(refused.value.lines(lang) for lang in LANGS)
    assert refused.value.problems[0].message == "Không có cơ quan “rods”. Có phải anh/chị muốn ghi “roads”?"


def test_the_version_follows_the_content() -> None:
    assert load(SMALL).version == load(SMALL).version
    assert load(SMALL + "# a remark\n").version != load(SMALL).version
    assert len(load(SMALL).version) == 16
