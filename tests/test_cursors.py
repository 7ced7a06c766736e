"""Where a page ends is read from an address, which anybody writes."""

import base64
from uuid import UUID

import pytest

from app import cursors

ID = "0198c6a2-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    "said",
    [
        f'["9999-12-31T23:59:59-14:00","{ID}"]',
        f'["0001-01-01T00:00:00+14:00","{ID}"]',
        f'["2026-01-01T00:00:00","{ID}"]',
        f'[1,"{ID}"]',
        "[" * 5000,
        "",
    ],
)
def test_what_no_page_has_given_is_no_point(said: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cursors.read(base64.urlsafe_b64encode(said.encode()).decode(), tuple[cursors.Moment, UUID])


@pytest.mark.parametrize("number", [1 << 31, -(1 << 31) - 1, 1 << 70])
def test_a_number_is_one_that_the_database_holds(number: int) -> None:
    with pytest.raises(ValueError, match="no point"):
        cursors.read(cursors.written((number, ID)), tuple[cursors.Number, UUID])
    assert cursors.read(cursors.written((7, ID)), tuple[cursors.Number, UUID]) == (7, UUID(ID))


@pytest.mark.parametrize("typed", ["é", "a", "=", "%00", "AAAA"])
def test_what_is_not_even_written_like_one_is_none(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        cursors.read(typed, tuple[cursors.Moment, UUID])
