"""Charts as they are written: the same every time, sound XML, sayable without seeing, and no style of their own."""

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from app.charts.bars import Bar, Piece, Stack, bars, meter, stacked
from app.charts.line import Series, line, scale, sparkline
from app.charts.svg import legend

SVG = "{http://www.w3.org/2000/svg}"
DAYS = [f"{day:02}/11" for day in range(1, 31)]


def a_line(values: list[float | None] | None = None, days: list[str] = DAYS) -> Markup:
    found = list(range(30)) if values is None else values
    now = Series("Kỳ này", "main", found, [f"{value} phản ánh" for value in found])
    before = Series("Kỳ trước", "before", [9] * len(found), ["9 phản ánh"] * len(found))
    return line("trend", "Tiếp nhận", "Từ 0 đến 29.", days, [now, before], lambda mark: f"{mark:g}")


def some_bars() -> Markup:
    rows = [Bar("Công an <tỉnh>", 40, "40"), Bar("Sở Xây dựng", None, "–"), Bar("Điện lực", 10, "10")]
    return bars("by", "Theo cơ quan", "Công an nhiều nhất.", rows)


def some_stacks() -> Markup:
    row = Stack("Sở Xây dựng", (Piece(6, "60 %"), Piece(1, "10 %"), Piece(3, "30 %")), "10 phản ánh")
    none = Stack("Điện lực", (Piece(0, "–"), Piece(0, "–"), Piece(0, "–")), "0 phản ánh")
    return stacked("time", "Đúng hạn", "60 % đúng hạn.", ("good", "middle", "bad"), [row, none])


@pytest.mark.parametrize("drawn", [a_line, some_bars, some_stacks])
def test_a_chart_is_said_and_has_no_style_or_script_of_its_own(drawn: Callable[[], Markup]) -> None:
    root = ElementTree.fromstring(drawn())
    assert root.get("role") == "img"
    ids = (root.get("aria-labelledby") or "").split()
    assert [root[place].get("id") for place in (0, 1)] == ids
    assert all(root[place].text for place in (0, 1))
    for part in root.iter():
        assert part.tag.removeprefix(SVG) not in ("style", "script", "foreignObject", "a")
        assert not [name for name in part.attrib if name == "style" or name.startswith("on")]


@pytest.mark.parametrize("drawn", [a_line, some_bars, some_stacks])
def test_the_same_figures_give_the_same_chart(drawn: Callable[[], Markup]) -> None:
    assert drawn() == drawn()


def test_names_are_letters_whatever_is_in_them() -> None:
    names = [part.text for part in ElementTree.fromstring(some_bars()).iter(f"{SVG}text")]
    assert names == ["Công an <tỉnh>", "40", "Sở Xây dựng", "–", "Điện lực", "10"]


def test_bars_are_as_long_as_their_share_of_the_longest() -> None:
    root = ElementTree.fromstring(some_bars())
    assert [part.get("width") for part in root.iter(f"{SVG}rect") if part.get("class") != "track"] == ["100%", "25%"]


def test_pieces_fill_the_row_and_narrow_ones_have_no_number_inside() -> None:
    root = ElementTree.fromstring(some_stacks())
    pieces = [part for part in root.iter(f"{SVG}rect") if (part.get("class") or "").startswith("piece")]
    assert [(part.get("x"), part.get("width")) for part in pieces] == [("0%", "60%"), ("60%", "10%"), ("70%", "30%")]
    inside = [part.text for part in root.iter(f"{SVG}text") if (part.get("class") or "").startswith("inside")]
    assert inside == ["60 %", "30 %"]


def test_a_line_stops_where_nothing_is_known_and_its_points_say_their_value() -> None:
    root = ElementTree.fromstring(a_line([1, None, 3, 4], DAYS[:4]))
    path = next(part.get("d") or "" for part in root.iter(f"{SVG}path") if "main" in (part.get("class") or ""))
    assert (path.count("M"), path.count("L")) == (2, 1)
    points = [part[0].text for part in root.iter(f"{SVG}circle") if part.get("class") == "point main"]
    assert points == ["1 phản ánh", "3 phản ánh", "4 phản ánh"]


def test_not_more_names_of_steps_than_fit() -> None:
    steps = [part.get("class") for part in ElementTree.fromstring(a_line()).iter(f"{SVG}text")]
    assert steps.count("step") == 5
    assert steps.count("step wide") == 5


@pytest.mark.parametrize(
    ("most", "marks"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (7, [0, 2, 4, 6, 8]),
        (100, [0, 25, 50, 75, 100]),
        (1_234, [0, 500, 1_000, 1_500]),
    ],
)
def test_the_scale_is_round_and_reaches_the_highest(most: float, marks: list[float]) -> None:
    assert scale(most) == marks


@given(st.floats(0.001, 1e9))
def test_every_scale_has_few_marks(most: float) -> None:
    marks = scale(most)
    assert marks[-1] >= most * 0.999
    assert 2 <= len(marks) <= 6


def test_a_legend_has_a_mark_for_each_name() -> None:
    drawn = legend("time", [("good", "Đúng hạn"), ("bad", "Trễ hạn")], "piece")
    root = ElementTree.fromstring(drawn)
    assert [(item[0].tag, (item[0].tail or "").strip()) for item in root] == [("svg", "Đúng hạn"), ("svg", "Trễ hạn")]


def test_small_drawings_beside_numbers_are_silent_unless_they_say_something() -> None:
    assert 'aria-hidden="true"' in meter(0.4)
    assert 'aria-hidden="true"' in sparkline([1, 2, 3])
    assert 'aria-label="tăng dần"' in sparkline([1, 2, 3], "tăng dần")
    assert (meter(None), sparkline([4]), sparkline([])) == ("", "", "")
