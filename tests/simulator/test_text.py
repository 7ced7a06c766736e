"""HTML, entities and lengths."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.simulator.model import ApiError, Json
from bot.simulator.text import find_entities, parse_html, read_text, units


def marks(text: str, entities: list[Json]) -> list[tuple[str, str]]:
    raw = text.encode("utf-16-le")
    return [
        (one["type"], raw[one["offset"] * 2 : (one["offset"] + one["length"]) * 2].decode("utf-16-le"))
        for one in entities
    ]


def test_length_is_in_utf16_units() -> None:
    assert [units(text) for text in ("đèn", "🙂", "e\u0301")] == [3, 2, 2]


@pytest.mark.parametrize(
    ("source", "text", "marked"),
    [
        ("a <b>b</b> c", "a b c", [("bold", "b")]),
        ("🙂<i>đèn</i>", "🙂đèn", [("italic", "đèn")]),
        ("<b>một <i>hai</i></b>", "một hai", [("bold", "một hai"), ("italic", "hai")]),
        ("1 &lt; 2 &amp;&#33; &quot;&nbsp;", '1 < 2 &! "&nbsp;', []),
        ('<a href="https://a.vn/?x=1&amp;y=2">xem</a>', "xem", [("text_link", "xem")]),
        ("<a>xem</a>", "xem", []),
        ("<pre><code class='language-sql'>SELECT</code></pre>", "SELECT", [("pre", "SELECT")]),
        (
            '<span class="tg-spoiler">kín</span><u>u</u><s>s</s>',
            "kínus",
            [("spoiler", "kín"), ("underline", "u"), ("strikethrough", "s")],
        ),
        ("<blockquote expandable>dài</blockquote>", "dài", [("expandable_blockquote", "dài")]),
        ("  <b> x </b> ", "x", [("bold", "x")]),
        ("<code>https://a.vn/b</code>", "https://a.vn/b", [("code", "https://a.vn/b")]),
        ("<b></b>", "", []),
    ],
)
def test_html_becomes_text_and_marks(source: str, text: str, marked: list[tuple[str, str]]) -> None:
    read, entities = read_text(source, "HTML")
    assert read == text
    assert marks(read, entities) == marked


def test_link_keeps_its_address() -> None:
    assert parse_html('<a href="https://a.vn/?x=1&amp;y=2">xem</a>')[1][0]["url"] == "https://a.vn/?x=1&y=2"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("đ < 3", 'Unsupported start tag "" at byte offset 3'),
        ("<div>x</div>", 'Unsupported start tag "div" at byte offset 0'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<span>x</span>", 'Unsupported start tag "span"'),
        ("<b", 'Unsupported start tag "b"'),
    ],
)
def test_wrong_html_is_named(source: str, why: str) -> None:
    with pytest.raises(ApiError) as error:
        parse_html(source)
    assert error.value.code == 400
    assert why in error.value.description


def test_other_markup_is_refused() -> None:
    with pytest.raises(ApiError, match="unsupported parse_mode"):
        read_text("*đậm*", "MarkdownV2")


def test_entities_are_found_in_plain_text() -> None:
    text = "/start@phananh_bot xem https://a.vn/b?c=1, hỏi @co_sau hoặc a.b@c.vn #đènhỏng 1/2 xã/phường"
    assert marks(text, find_entities(text)) == [
        ("bot_command", "/start@phananh_bot"),
        ("url", "https://a.vn/b?c=1"),
        ("mention", "@co_sau"),
        ("email", "a.b@c.vn"),
        ("hashtag", "#đènhỏng"),
    ]


@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert parse_html(escaped) == (text, [])


@given(st.text(alphabet="<>/&;abi=\"' đ🙂"))
def test_any_text_is_read_or_refused(source: str) -> None:
    with contextlib.suppress(ApiError):  # and no other error
        text, entities = read_text(source, "HTML")
        assert all(one["offset"] >= 0 and one["offset"] + one["length"] <= units(text) for one in entities)
