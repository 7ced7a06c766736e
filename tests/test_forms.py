"""What a form sent is read; what it cannot have meant is nothing."""

import pytest

from app.forms import Form, whole


@pytest.mark.parametrize("typed", ["", " 7", "-1", "1e3", "٣", "²", "7\x00", "9" * 10, "9" * 5000])
def test_a_whole_number_is_digits_and_not_too_many(typed: str) -> None:
    assert whole(typed) is None
    assert Form({"version": typed}).number("version") == 0


def test_as_many_digits_as_are_wanted_are_read() -> None:
    assert (whole("007"), whole("9" * 9), whole("12", 2), whole("123", 2)) == (7, 999_999_999, 12, None)
