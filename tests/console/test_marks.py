"""What a coordinator changed in somebody's words stands out, and no text makes the page slow."""

import pytest

from app.console.marks import marked


def test_what_went_and_what_came_is_marked_word_by_word() -> None:
    before, after = marked("Ông Năm <số 3> kêu cứu.", "Người dân <số 3> kêu cứu nhiều lần.")
    assert before == "<del>Ông Năm </del>&lt;số 3&gt; kêu <del>cứu.</del>"
    assert after == "<ins>Người dân </ins>&lt;số 3&gt; kêu <ins>cứu nhiều lần.</ins>"


@pytest.mark.parametrize(
    ("before", "after", "gone", "new"),
    [
        ("a " * 500 + "x " + "a " * 500, "a " * 500 + "y " + "a " * 500, "x ", "y "),
        ("a " * 900, "a " * 901, "", "a "),
        ("a " * 901, "a " * 900, "a ", ""),
    ],
)
def test_of_words_that_come_again_and_again_all_between_the_ends_is_marked(
    before: str, after: str, gone: str, new: str
) -> None:
    left, right = marked(before, after)
    assert [left.count("<del>"), right.count("<ins>")] == [bool(gone), bool(new)]
    assert (f"<del>{gone}</del>" in left, f"<ins>{new}</ins>" in right) == (bool(gone), bool(new))


def test_nothing_of_either_text_is_lost_and_the_longest_takes_no_time() -> None:
    before, after = "a b " * 1000, "b b a " * 660  # word for word it would take a minute
    left, right = marked(before, after)
    assert left.replace("<del>", "").replace("</del>", "") == before
    assert right.replace("<ins>", "").replace("</ins>", "") == after
