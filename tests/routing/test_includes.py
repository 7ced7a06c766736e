"""Several files read as one: what may stand where, which file a mistake is in, and one text that keeps them all."""

from pathlib import Path

import pytest

from app.routing.problems import RulesError
from app.routing.ruleset import load
from tests.routing.small import SMALL, facts

AREAS = 'areas:\n  coast: ["32244"]\n'
RULES = "rules:\n  - {id: at-sea, when: {area: coast}, then: {agency: police}, why: Vùng biển.}\n"
INCLUDING = "include: [areas/*.yaml, rules.yaml]\n" + SMALL


def write(folder: Path, main: str = INCLUDING, **files: str) -> Path:
    """A folder with a main file and others, their ``__`` standing for ``/``."""
    texts = {"main.yaml": main} | {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "main.yaml"


def lines(path: Path) -> list[str]:
    with pytest.raises(RulesError) as refused:
        load(path)
    return refused.value.lines("en")


def test_mappings_are_joined_and_lists_follow_one_another(tmp_path: Path) -> None:
    rules = load(write(tmp_path, areas__coast=AREAS, rules=RULES))
    assert [rule.rule_id for rule in rules.rules] == ["danger", "lights", "streets", "at-sea"]
    assert rules.decide(facts(category="noise", commune_code="32244")).rule_id == "at-sea"
    assert set(rules.world.areas.ids) == {"inner-city", "coast"}


def test_a_mistake_is_named_in_the_file_it_stands_in(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        INCLUDING.replace("{agency: roads}", "{agency: rods}"),
        areas__coast='areas:\n  coast: ["1"]\n',
        rules=RULES,
    )
    assert lines(path) == [
        "main.yaml:70:20: There is no agency “rods”. Did you mean “roads”?",
        "areas/coast.yaml:2:11: “1” is not a commune code; it has 5 digits.",
    ]


def test_all_files_are_kept_as_one_text_that_loads_without_a_folder(tmp_path: Path) -> None:
    rules = load(write(tmp_path, areas__coast=AREAS, rules=RULES))
    again = load(rules.source)
    assert (again.version, again.source) == (rules.version, rules.source)
    assert again.decide(facts(category="noise", commune_code="32244")).rule_id == "at-sea"
    saved = tmp_path / "elsewhere" / "saved.yaml"
    saved.parent.mkdir()
    saved.write_text(rules.source, encoding="utf-8")
    assert load(saved).version == rules.version


def test_the_version_follows_every_file(tmp_path: Path) -> None:
    first = load(write(tmp_path, areas__coast=AREAS, rules=RULES)).version
    assert load(write(tmp_path, areas__coast=AREAS + "# more\n", rules=RULES)).version != first


def test_files_include_others_from_their_own_folder(tmp_path: Path) -> None:
    main = "include: a/one.yaml\n" + SMALL
    path = write(tmp_path, main, a__one="include: b/two.yaml\n", a__b__two=AREAS)
    assert "coast" in load(path).world.areas.ids


@pytest.mark.parametrize(
    ("include", "sentence"),
    [
        ("../secret.yaml", "“../secret.yaml” leads out of the rules file's folder"),
        ("/etc/passwd", "“/etc/passwd” leads out"),
        ("link.yaml", "“link.yaml” leads out"),
        ("'**/*.yaml'", "“**/*.yaml” leads out"),
        ("gone.yaml", "There is no file “gone.yaml”"),
        ("main.yaml", "The file “main.yaml” is already included"),
        ("[rules.yaml, 'rul*']", "The file “rules.yaml” is already included from main.yaml"),
        ("circle.yaml", "The file “circle.yaml” is already included from main.yaml"),
        ("sub", "The file cannot be opened: Is a directory (sub)."),
        ("latin.yaml", "This is not UTF-8"),
        ("huge.yaml", "The file is larger than 2 MB"),
        ("list.yaml", "Lines of the form “name: value” are needed here."),
        ("scalar_rules.yaml", "“rules” here and in main.yaml:58 are not of the same form"),
        ("again.yaml", "“inner-city” is already in main.yaml:15."),
        ("province.yaml", "“province” is written in the main file only."),
        ("marked.yaml", "The file “marked.yaml” has a line “#:::: file … ::::”"),
    ],
)
def test_what_cannot_be_included_is_named(tmp_path: Path, include: str, sentence: str) -> None:
    folder = tmp_path / "rules"
    (tmp_path / "secret.yaml").write_text(AREAS)
    path = write(
        folder,
        f"include: {include}\n{SMALL}",
        rules=RULES.replace("area: coast", "area: inner-city"),
        circle="include: circle.yaml\n",
        huge="#" * 3_000_000,
        list="- a\n",
        scalar_rules="rules: {a: b}\n",
        again='areas: {inner-city: ["32002"]}\n',
        province='province: "96"\n',
        marked="#:::: file x.yaml ::::\nareas: {}\n",
    )
    (folder / "sub").mkdir()
    (folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "latin.yaml").write_bytes(b"areas: \xe0\n")
    said = lines(path)
    assert len(said) == 1
    assert sentence in said[0]


def test_a_text_without_a_folder_includes_nothing() -> None:
    with pytest.raises(RulesError) as refused:
        load(INCLUDING)
    assert [line.split(": ", 1)[1] for line in refused.value.lines("en")] == [
        "There is no file “areas/*.yaml” in the rules file's folder.",
        "There is no file “rules.yaml” in the rules file's folder.",
    ]


def test_a_text_with_a_folder_includes_from_it(tmp_path: Path) -> None:
    path = write(tmp_path, areas__coast=AREAS, rules=RULES)
    assert load(INCLUDING, folder=tmp_path).version == load(path).version


def test_more_files_than_anybody_needs_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "include: a/*.yaml\n" + SMALL, **{f"a__{n}": "areas:\n" for n in range(510)})
    assert "Too many files: at most 500" in lines(path)[0]
