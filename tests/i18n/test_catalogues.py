"""Both languages say the same things."""

import ast
import re
import string
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.i18n import LANGS, catalogue, pick, t
from app.i18n.text import fold, nfc

ROOT = Path(__file__).parents[2]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("vi")) == set(catalogue("en"))


def test_each_text_takes_the_same_fields_in_both_languages() -> None:
    different = {key for key, text in catalogue("vi").items() if fields(text) != fields(catalogue("en")[key])}
    assert not different


def test_every_area_has_a_file_in_each_language() -> None:
    areas = [{path.stem for path in (ROOT / "app" / "i18n" / lang).glob("*.toml")} for lang in LANGS]
    assert areas[0] == areas[1]


def test_every_key_that_the_code_names_exists() -> None:
    areas = {key.split(".")[0] for key in catalogue("vi")}
    shape = re.compile(rf"^({'|'.join(areas)})\.[a-z0-9_]+$")
    named = {
        node.value
        for folder in ("app", "bot", "storage")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and shape.match(node.value)
    }
    # The constant part of an f-string ends in an underscore; files share the shape of a key.
    known = set(catalogue("vi"))
    missing = {name for name in named - known if not (name.endswith("_") and any(k.startswith(name) for k in known))}
    assert {name for name in missing if not (ROOT / "app" / "i18n" / "vi" / name).exists()} == set()


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("vi", "vi"),
        ("en-GB,en;q=0.8", "en"),
        ("fr,en;q=0.5", "en"),
        ("fr", "vi"),
        (None, "vi"),
        ("", "vi"),
        ("*", "vi"),
    ],
)
def test_the_readers_language_is_picked_and_vietnamese_is_the_default(header: str | None, lang: str) -> None:
    assert pick(header) == lang


def test_a_text_is_filled_with_its_fields() -> None:
    assert "PA-0000-0000" in t("reports.code_unknown", "en", code="PA-0000-0000")


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Đường Trần  Hưng Đạo", "duong tran hung dao"),
        ("ĐÈN ĐƯỜNG HỎNG", "den duong hong"),
        ("Hòa Bình", "hoa binh"),
        ("Hoà Bình", "hoa binh"),
        ("duong\ttran\nhung dao ", "duong tran hung dao"),
    ],
)
def test_folding_takes_accents_case_and_spaces_away(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(st.text(st.one_of(st.sampled_from("aáàảãạăắđĐƯỚ\u0301\u0323 \t\u00a0ßİﬁ"), st.characters(max_codepoint=0xFFFF))))
@settings(derandomize=True)
def test_letter_by_letter_is_the_same_as_the_whole_text_at_once(typed: str) -> None:
    parts = unicodedata.normalize("NFD", typed.casefold())
    bare = "".join(c for c in parts if unicodedata.category(c) != "Mn").replace("đ", "d")
    assert fold(typed) == re.sub(r"\s+", " ", bare).strip()


def test_stored_text_is_composed_trimmed_and_free_of_control_characters() -> None:
    assert nfc("  Ho\u0300a\u0007\u200b Bi\u0300nh\n") == "Hòa Bình"
