"""Whatever differs in four bits or fewer is found; the quarters are those of the indexes."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.photos.alike import NEAR, QUARTERS, probes, says_something
from app.photos.model import signed_64

hashes = st.integers(0, (1 << 64) - 1).map(signed_64)


@given(hashes, st.sets(st.integers(0, 63), max_size=NEAR))
def test_no_hash_within_four_bits_is_missed(phash: int, turned: set[int]) -> None:
    other = signed_64((phash & ((1 << 64) - 1)) ^ sum(1 << bit for bit in turned))
    assert any(other & quarter in wanted for quarter, wanted in zip(QUARTERS, probes(phash), strict=True))


@given(hashes)
def test_twenty_look_ups_do(phash: int) -> None:
    assert sum(len(wanted) for wanted in probes(phash)) == 20
    assert all(-(1 << 63) <= each < 1 << 63 for wanted in probes(phash) for each in wanted)


def test_the_quarters_share_no_bit_and_leave_none_out() -> None:
    bits = [quarter & ((1 << 64) - 1) for quarter in QUARTERS]
    assert sum(bits) == (1 << 64) - 1
    assert [quarter.bit_count() for quarter in bits] == [16] * 4


def test_the_indexes_have_the_very_same_quarters() -> None:
    (migration,) = (Path(__file__).parents[2] / "migrations").glob("*_proof.sql")
    found = re.findall(r"phash & \(?(-?\d+)\)?", migration.read_text(encoding="utf-8"))
    assert tuple(int(number) for number in found) == QUARTERS


@pytest.mark.parametrize(("phash", "says"), [(0, False), (-1, False), (0b111, False), (0b1111, True), (-16, True)])
def test_darkness_and_white_walls_are_like_any_other(phash: int, says: bool) -> None:
    assert says_something(phash) is says
