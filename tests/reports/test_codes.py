"""Public codes: readable over the telephone, and every slip of one character or one swap is noticed."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports import codes

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_code_has_its_form_and_reads_back() -> None:
    for _ in range(200):
        code = codes.new_code()
        assert code.startswith("PA-")
        assert len(code) == 12
        assert codes.read_code(code) == code


def test_codes_differ() -> None:
    assert len({codes.new_code() for _ in range(2000)}) == 2000


@pytest.mark.parametrize(
    "wrap",
    [str.lower, lambda c: c.replace("-", ""), lambda c: f"  {c} ", lambda c: c[3:], lambda c: c.replace("-", " ")],
)
def test_a_code_may_be_typed_carelessly(wrap) -> None:  # type: ignore[no-untyped-def]  # a plain function on strings
    code = codes.new_code()
    assert codes.read_code(wrap(code)) == code


@given(st.integers(0, 7), st.sampled_from(ALPHABET))
def test_any_single_wrong_character_is_noticed(position: int, other: str) -> None:
    letters = list(codes.new_code().replace("-", "")[2:])
    if letters[position] != other:
        letters[position] = other
        assert codes.read_code("".join(letters)) is None


@given(st.integers(0, 6))
def test_any_swap_of_neighbours_is_noticed(position: int) -> None:
    letters = list(codes.new_code().replace("-", "")[2:])
    a, b = letters[position], letters[position + 1]
    letters[position], letters[position + 1] = b, a
    assert (codes.read_code("".join(letters)) is None) == (a != b)


@pytest.mark.parametrize(
    "typed", ["", "PA-", "xin chào", "PA-1234-56789", "PA-UUUU-UUUU", "12345678901", "ＰＡ－１２３４"]
)
def test_what_is_no_code_is_none(typed: str) -> None:
    assert codes.read_code(typed) is None


def test_a_tracking_secret_belongs_to_its_report_and_key() -> None:
    one, other = UUID(int=1), UUID(int=2)
    secret = codes.tracking_secret(b"k" * 32, one)
    assert secret == codes.tracking_secret(b"k" * 32, one)
    assert secret != codes.tracking_secret(b"k" * 32, other)
    assert secret != codes.tracking_secret(b"x" * 32, one)
    assert len(secret) >= 24
