"""How many reports one address may send."""

from typing import Any

import pytest
from litestar.connection import ASGIConnection

from app.addresses import Limiter, from_house
from app.errors import TooMany


def caller(host: str | None) -> ASGIConnection[Any, Any, Any, Any]:
    scope: Any = {"type": "http", "client": (host, 50_000) if host else None, "headers": []}
    return ASGIConnection(scope)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("host", "house"),
    [
        (None, True),
        ("127.0.0.1", True),
        ("10.1.2.3", True),
        ("::1", True),
        ("fd00::7", True),
        ("::ffff:192.168.0.4", True),
        ("113.161.0.7", False),
        ("2405:4800::1", False),
        ("::ffff:113.161.0.7", False),
    ],
)
def test_the_house_is_whatever_is_not_on_the_public_internet(host: str | None, house: bool) -> None:
    assert from_house(caller(host)) is house


def test_sixty_at_once_then_one_a_second() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    for _ in range(60):
        limiter.take(caller("113.161.0.7"))
    with pytest.raises(TooMany) as refused:
        limiter.take(caller("113.161.0.7"))
    assert refused.value.problems[0].params == {"retry_after": 1}
    clock.now += 1
    limiter.take(caller("113.161.0.7"))
    with pytest.raises(TooMany):
        limiter.take(caller("113.161.0.7"))


def test_waiting_long_gives_no_more_than_sixty() -> None:
    clock = Clock()
    limiter = Limiter(clock)
    limiter.take(caller("113.161.0.7"))
    clock.now += 86_400
    for _ in range(60):
        limiter.take(caller("113.161.0.7"))
    with pytest.raises(TooMany):
        limiter.take(caller("113.161.0.7"))


def test_addresses_of_one_subscriber_count_together_and_others_do_not() -> None:
    limiter = Limiter(Clock())
    for i in range(60):
        limiter.take(caller(f"2405:4800:1:1::{i:x}"))
    with pytest.raises(TooMany):
        limiter.take(caller("2405:4800:1:1::ffff"))
    limiter.take(caller("2405:4800:1:2::1"))


def test_the_house_is_never_limited() -> None:
    limiter = Limiter(Clock())
    for _ in range(1000):
        limiter.take(caller("10.0.0.5"))
