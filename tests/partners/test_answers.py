"""What another server says is read, however it is written; what would grow while it is read is not."""

import pytest

from app.partners import answers
from app.partners.answers import Garbled, read

_ONE = "<services><service><service_code>7</service_code></service></services>"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_is_read_with_and_without_a_mark_at_its_beginning(encoding: str) -> None:
    assert [each.code for each in answers.services(read(_ONE.encode(encoding)))] == ["7"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_answer_that_defines_entities_is_read_in_no_encoding(encoding: str) -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "a" * 10}">' for n in range(9))
    text = f'<?xml version="1.0"?><!DOCTYPE services [{bomb}]>' + _ONE.replace("7", "&e8;")
    with pytest.raises(Garbled):
        read(text.encode(encoding))


@pytest.mark.parametrize(
    "body", [b"<a>" * 200_000, b"<a>" * 60 + b"</a>" * 60, b"[" * 200_000, b"<a>\x00</a>", b"", b"not found"]
)
def test_what_is_too_deep_or_no_answer_is_said_to_be_garbled(body: bytes) -> None:
    with pytest.raises(Garbled):
        read(body)
