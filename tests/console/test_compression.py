"""Pages travel compressed, and nothing secret in them can be guessed from how well they compress."""

import gzip
import re

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.console.csrf import mask, matches
from tests.console.conftest import PAGES, Visitor, token

TOKEN = "Vb7n3kQ0x1mZ5LwNsPa7eT2uHc8RdYf6GjKoQiW4lE9"


def test_a_masked_token_is_another_one_each_time_and_matches_its_own_alone() -> None:
    first, second = mask(TOKEN), mask(TOKEN)
    assert first != second
    assert matches(first, TOKEN)
    assert matches(second, TOKEN)
    assert not matches(first, TOKEN[::-1])
    assert TOKEN not in first


@pytest.mark.parametrize("typed", ["", TOKEN, mask(TOKEN)[:-4], mask(TOKEN) + "AAAA", "%%%", "đèn", "A", "AA=="])
def test_anything_else_matches_nothing(typed: str) -> None:
    assert not matches(typed, TOKEN)
    assert not matches(typed, "")


def test_where_there_is_no_token_there_is_nothing_to_match() -> None:
    assert mask("") == ""
    assert not matches(mask(""), "")


@given(st.text(min_size=1, max_size=80))
@settings(derandomize=True)
def test_every_token_survives_its_mask(text: str) -> None:
    assert matches(mask(text), text)


async def test_a_page_is_compressed_for_whom_can_read_it_so(visitor: Visitor, address: str) -> None:
    browser = await visitor("officer")
    async with browser.stream("GET", f"{PAGES}/account", headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert (answer.headers["content-encoding"], answer.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert int(answer.headers["content-length"]) == len(raw)
    plain = await browser.get(f"{PAGES}/account", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    without_token = re.compile(rb'name="csrf" value="[^"]+"')
    assert without_token.sub(b"", gzip.decompress(raw)) == without_token.sub(b"", plain.content)


async def test_the_token_stands_masked_on_every_page_and_each_page_s_is_taken(visitor: Visitor) -> None:
    browser = await visitor("officer")
    tokens = {token(await browser.get(f"{PAGES}/account")) for _ in range(3)}
    assert len(tokens) == 3
    for each in tokens:
        assert (await browser.post(f"{PAGES}/chats", data={"csrf": each})).status_code == 200


async def test_before_signing_in_it_is_masked_too(stranger: httpx.AsyncClient) -> None:
    first = await stranger.get(f"{PAGES}/signin")
    second = await stranger.get(f"{PAGES}/signin")
    kept = first.cookies["phananh-form"]
    assert kept not in first.text
    assert token(first) != token(second)
    wrong = {"username": "nobody", "password": "wrong"}
    for page in (first, second):
        assert (await stranger.post(f"{PAGES}/signin", data={"csrf": token(page), **wrong})).status_code == 401
    assert (await stranger.post(f"{PAGES}/signin", data={"csrf": kept, **wrong})).status_code == 403


async def test_a_piece_of_a_page_asks_for_the_whole_one_when_the_session_is_over(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get(f"{PAGES}/account", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["hx-refresh"]) == (401, "true")
