import asyncio
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters

from app.accounts import passwords
from app.accounts.passwords import Hasher, generate, weakness
from app.errors import TooMany
from app.i18n import t


def why(password: str, personal: str = "nguyen.van.an Nguyễn Văn An") -> str | None:
    problem = weakness(password, personal)
    return problem.key.removeprefix("accounts.password_") if problem else None


@pytest.mark.parametrize(
    "password",
    ["bốn con mèo ngủ trưa", "xe dap xanh cho gao", "kh5-TRq!9zdw", "correct horse battery", "ТриТополяНаПлющихе"],
)
def test_a_long_enough_password_of_ones_own_is_taken(password: str) -> None:
    assert why(password) is None


@pytest.mark.parametrize(
    "password",
    [
        "matkhau123456",
        "Mật khẩu 2026!",
        "M@tKh4u@2026",
        "P@ssw0rd12345",
        "PhanAnh@123456",
        "CaMau@1022Camau",
        "anhyeuem123456",
        "qwertyuiop123",
        "1qaz2wsx3edc4rfv",
        "zxcvbnm,./asdf",
        "aaaaaaaaaaaaaa",
        "xkxkxkxkxkxkxk",
        "abcdefghijklmnop",
        "nguyenvanan1990",
        "NguyenVanAn@01/02/1990",
        "admin-admin-admin",
        "mat-khau-mat-khau",
        "thang11nam2026",
        "Vnpt@20262027",
        "thienthannho123",
        "hoamaihoamai",
        "kh5-TRq!kh5-TRq!",
        "jennifer1234",
        "barcelona2024",
        "michelle19880212",
        "ncc1701enterprise",
        "qazwsxedcrfv",
        "Nguyen.Van.An@2026",
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    assert why(password) == "weak"


@pytest.mark.parametrize(("password", "reason"), [("", "short"), ("kh5-TRq!9zd", "short"), ("x7 " * 60, "long")])
def test_length_has_two_ends(password: str, reason: str) -> None:
    assert why(password) == reason


@pytest.mark.parametrize("password", ["096183004217", "+84 913 562 784", "7392.5518.2046"])
def test_a_number_alone_is_refused(password: str) -> None:
    assert why(password) == "digits"


def test_the_owners_name_counts_against_the_owner_alone() -> None:
    assert why("phamngocquynh.kz", "quynh Phạm Ngọc Quỳnh") == "weak"
    assert why("phamngocquynh.kz", "an Nguyễn Văn An") is None


def test_a_refusal_says_what_to_do_in_both_languages() -> None:
    for password in ("short", "x7 " * 60, "096183004217", "matkhau123456"):
        problem = weakness(password)
        assert problem is not None
        assert problem.field == "password"
        assert t(problem.key, "vi", **problem.params) != t(problem.key, "en", **problem.params)


def test_generated_passwords_are_good_readable_and_all_different() -> None:
    made = {generate() for _ in range(500)}
    assert len(made) == 500
    assert all(why(password) is None for password in made)
    assert set("".join(made)).isdisjoint("il1o0O")


def test_hashes_meet_the_owasp_minimum() -> None:
    parameters = extract_parameters(passwords._ARGON2.hash("x"))
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_the_hash_that_nobody_has_costs_what_a_real_one_costs() -> None:
    real = passwords._ARGON2.hash("x")
    assert extract_parameters(passwords._NOBODYS) == extract_parameters(real)
    assert len(passwords._NOBODYS) == len(real)


async def test_a_password_has_its_hash_and_no_other_has() -> None:
    hasher = Hasher()
    stored = await hasher.hash("bốn con mèo ngủ trưa")
    assert await hasher.verify(stored, "bốn con mèo ngủ trưa")
    assert not await hasher.verify(stored, "bốn con mèo ngủ trư")
    assert not await hasher.verify(stored, "")


async def test_the_same_password_from_another_keyboard_is_the_same() -> None:
    hasher = Hasher()
    stored = await hasher.hash(unicodedata.normalize("NFC", "bốn con mèo ngủ trưa"))
    assert await hasher.verify(stored, unicodedata.normalize("NFD", "bốn con mèo ngủ trưa"))


@pytest.mark.parametrize("stored", [None, "", "!", "$argon2id$broken", "$2b$12$abcdefghijklmnopqrstuv"])
async def test_without_a_usable_hash_the_work_is_done_all_the_same(stored: str | None) -> None:
    hasher = Hasher()
    assert not await hasher.verify(stored, "bốn con mèo ngủ trưa")
    assert hasher.done == 1


@pytest.mark.parametrize("password", ["\ud800", "\x00", "x" * 1_000_000])
async def test_odd_input_is_a_wrong_password(password: str) -> None:
    hasher = Hasher()
    stored = await hasher.hash("bốn con mèo ngủ trưa")
    assert not await hasher.verify(stored, password)


async def test_the_end_of_a_very_long_password_is_not_cut_off_silently() -> None:
    hasher = Hasher()
    stored = await hasher.hash("k" * passwords.MAX_LENGTH)
    assert await hasher.verify(stored, "k" * passwords.MAX_LENGTH)
    assert not await hasher.verify(stored, "k" * passwords.MAX_LENGTH + "z")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))
    assert not passwords.outdated(passwords._ARGON2.hash("x"))


async def test_the_event_loop_goes_on_while_a_password_is_checked() -> None:
    checking = asyncio.create_task(Hasher().verify(None, "x"))
    turns = 0
    while not checking.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 50


async def test_only_so_many_hashes_are_made_at_once() -> None:
    hasher = Hasher(threads=2)
    await asyncio.gather(*(hasher.verify(None, "x") for _ in range(8)))
    assert hasher.done == 8
    assert len(hasher._pool._threads) == 2


async def test_whoever_finds_the_line_full_is_asked_to_come_back_and_can() -> None:
    hasher = Hasher(threads=1, in_line=1)
    results = await asyncio.gather(*(hasher.verify(None, "x") for _ in range(3)), return_exceptions=True)
    assert results[:2] == [False, False]
    assert isinstance(results[2], TooMany)
    assert results[2].problems[0].params["retry_after"] > 0
    assert await hasher.verify(None, "x") is False
