"""Names as typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.places.names import kind_before, name_key, same_but_for_tones, split_kind, words
from tests.places import same_examples


@pytest.mark.parametrize(
    ("one", "other"),
    [("Hoà Thành", "Hòa Thành"), ("THỦY NGUYÊN", "Thuỷ Nguyên"), ("Mỹ Lâm", "Mĩ Lâm"), ("Quy Nhơn", "Qui Nhơn")],
)
def test_spellings_of_one_name_are_the_same(one: str, other: str) -> None:
    assert same_but_for_tones(one, other)
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("Cẩm Giang", "Cẩm Giàng"), ("Thạnh An", "Thanh An"), ("Đa Lộc", "Da Lộc")])
def test_names_that_differ_in_accents_share_a_key_but_are_told_apart(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)
    assert not same_but_for_tones(one, other)


def test_keys_forget_accents_spaces_leading_zeros_and_apostrophes() -> None:
    assert name_key("Đất Mũi") == name_key("dat mui") == name_key("DatMui") == "datmui"
    assert name_key("05") == name_key("5")
    assert name_key("Ea H'Leo") == name_key("ea hleo")
    assert name_key("Đắk Mil") == name_key("Đắc Mil")


@pytest.mark.parametrize(
    ("full", "kind", "name"),
    [
        ("Xã Đất Mũi", "xã", "Đất Mũi"),
        ("phường 5", "phường", "5"),
        ("Thị Trấn Năm Căn", "thị trấn", "Năm Căn"),
        ("Đặc khu Phú Quốc", "đặc khu", "Phú Quốc"),
        ("Thành phố Cà Mau", "thành phố", "Cà Mau"),
        ("Xà Phiên", None, "Xà Phiên"),
        ("Xã", None, "Xã"),
        ("", None, ""),
    ],
)
def test_kind_and_name_of_a_full_name(full: str, kind: str | None, name: str) -> None:
    assert split_kind(full) == (kind, name)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("P. Tân", "phường"), ("phường Tân", "phường"), ("phuong Tân", "phường"), ("TT. Tân", "thị trấn"),
        ("Tx Tân", "thị xã"), ("t.p Tân", "thành phố"), ("thanh pho Tân", "thành phố"), ("h. Tân", "huyện"),
        ("Phượng Tân", None), ("xà Tân", None), ("phường, Tân", None), ("Tân", None),
    ],
)  # fmt: skip
def test_the_kind_before_a_name(text: str, kind: str | None) -> None:
    found = words(text)
    before = kind_before(found, len(found) - 1)
    assert (before and before[0]) == kind


def test_numbers_come_apart_from_their_abbreviation() -> None:
    assert [word.key for word in words("P5,Q.01 F12")] == ["p", "5", "q", "1", "f", "12"]
    assert [word.breaks for word in words("P5, Q1")] == [True, False, True, False]


@same_examples
@given(st.text(max_size=200))
def test_any_text_has_words(text: str) -> None:
    assert all(word.key for word in words(text))
