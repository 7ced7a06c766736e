"""Posters: the code on the page leads where it should, and the dialogue understands what it carries."""

import io
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from typer.testing import CliRunner

from app.cli import cli
from app.errors import Invalid
from app.posters.links import PAYLOAD_MOST, payload, telegram_link, zalo_link
from app.posters.service import Paper, Poster, _set, render
from tests.conversation.talk import AN_XUYEN, Talk

BOT = "phananh_bot"


def read_back(posters: list[Poster], paper: Paper = "a5") -> list[list[str]]:
    """What a telephone's camera reads from each page."""
    pages = _set(posters, paper, "png")
    pictures = pages if isinstance(pages, list) else [pages]
    found = [zxingcpp.read_barcodes(Image.open(io.BytesIO(picture))) for picture in pictures]
    return [sorted(code.text for code in page) for page in found]


def test_every_page_s_codes_can_be_read() -> None:
    one = Poster(
        telegram=telegram_link(BOT, payload("street-light", "32002", AN_XUYEN)), about="Đèn đường", where="An Xuyên"
    )
    both = Poster(telegram=telegram_link(BOT, ""), zalo=zalo_link("https://zalo.me/123456"))
    wanted = [
        [f"https://t.me/{BOT}?start=c-street-light__x-32002__g-922460-10517800"],
        [f"https://t.me/{BOT}", "https://zalo.me/123456"],
    ]
    for paper in ("a5", "a4"):
        assert read_back([one, both], paper) == wanted


def test_a_poster_is_a_pdf_of_one_page_each() -> None:
    three = [Poster(telegram=telegram_link(BOT, ""))] * 3
    assert render(three).startswith(b"%PDF-")
    assert len(read_back(three)) == 3


def test_the_dialogue_understands_what_a_poster_carries() -> None:
    talk = Talk()
    talk.commands("start", payload("street-light", None, AN_XUYEN))
    assert talk.draft.category == "street-light"
    assert talk.draft.spot is not None
    assert (talk.draft.spot.lat, talk.draft.spot.lon) == AN_XUYEN
    talk = Talk()
    talk.commands("start", payload("street-light", "32002", None))
    assert talk.draft.spot is not None
    assert (talk.draft.spot.commune, talk.draft.spot.confirmed) == ("32002", True)


def test_what_does_not_fit_into_a_link_is_refused() -> None:
    assert len(payload("c" * 40, "32002", None)) <= PAYLOAD_MOST
    with pytest.raises(Invalid):
        payload("c" * 60, "32002", None)
    with pytest.raises(Invalid):
        payload(None, None, (48.85, 2.35))
    for bot in ("", "x", "có dấu", "a/b", "12345"):
        with pytest.raises(Invalid):
            telegram_link(bot, "")
    for address in ("http://zalo.me/1", "https://zalo.me.evil.vn/1", "zalo"):
        with pytest.raises(Invalid):
            zalo_link(address)


# --- the command


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PHANANH_HOME", str(tmp_path / "home"))
    return tmp_path


def run(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli, ["qr", "--bot", BOT, *args])
    return done.exit_code, done.output


def test_the_command_writes_one_poster(home: Path) -> None:
    out = home / "poster.pdf"
    place = f"{AN_XUYEN[0]},{AN_XUYEN[1]}"
    code, said = run("--category", "street-light", "--commune", "32002", "--place", place, "--out", str(out))
    assert (code, out.read_bytes()[:5]) == (0, b"%PDF-"), said


def test_the_command_writes_a_page_for_each_row(home: Path) -> None:
    rows = home / "posts.csv"
    rows.write_text('category,place\nstreet-light,"9.2246,105.1780"\ngarbage,\n', encoding="utf-8")
    code, said = run("--csv", str(rows), "--out", str(home / "posts.pdf"))
    assert code == 0, said
    assert "2 pages" in said


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--category", "không-có"], "no category"),
        (["--commune", "99999"], "no commune"),
        (["--commune", "00004"], "in this province"),
        (["--place", "ở chợ"], "✗"),
        (["--place", "48.85,2.35"], "✗"),
        (["--paper", "a3"], "a5 or a4"),
        (["--zalo", "https://example.com"], "not a Zalo address"),
        (["--csv", "nichts.csv"], "cannot read"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_two(home: Path, args: list[str], says: str) -> None:
    code, said = run(*args, "--out", str(home / "x.pdf"))
    assert (code, says in said) == (2, True), said
    assert not (home / "x.pdf").exists()


def test_mistakes_in_a_table_are_named_by_line_all_at_once(home: Path) -> None:
    rows = home / "posts.csv"
    rows.write_text("category,commune\nkhông-có,\nstreet-light,99999\n", encoding="utf-8")
    code, said = run("--csv", str(rows), "--out", str(home / "x.pdf"))
    assert code == 2
    assert "line 2" in said
    assert "line 3" in said
