"""A link opens one size of one photo for a while, and nothing else."""

import pytest

from app.errors import Forbidden
from app.i18n import LANGS, t
from app.photos.links import sign_photo, verify_photo

SECRET = b"0123456789abcdef0123456789abcdef"
PHOTO, OTHER = "ab" * 32, "cd" * 32
END = 1_800_000_000


def test_a_genuine_link_says_how_long_it_is_good() -> None:
    token = sign_photo(SECRET, PHOTO, "small", END)
    assert verify_photo(SECRET, PHOTO, "small", token, END - 900) == 900
    assert verify_photo(SECRET, PHOTO, "small", token, END - 1) == 1


@pytest.mark.parametrize("late", [0, 1, 10**9])
def test_a_link_ends(late: int) -> None:
    token = sign_photo(SECRET, PHOTO, "small", END)
    with pytest.raises(Forbidden) as refused:
        verify_photo(SECRET, PHOTO, "small", token, END + late)
    assert all(t(refused.value.key, lang) for lang in LANGS)


def test_a_link_opens_no_other_photo_and_no_other_size() -> None:
    token = sign_photo(SECRET, PHOTO, "small", END)
    for photo, size in ((OTHER, "small"), (PHOTO, "large")):
        with pytest.raises(Forbidden):
            verify_photo(SECRET, photo, size, token, END - 900)  # type: ignore[arg-type]  # a plain str of SIZES


def test_a_link_of_another_installation_opens_nothing() -> None:
    with pytest.raises(Forbidden):
        verify_photo(SECRET, PHOTO, "small", sign_photo(b"another", PHOTO, "small", END), END - 900)


def test_changing_any_letter_of_a_token_breaks_it() -> None:
    token = sign_photo(SECRET, PHOTO, "large", END)
    for at in range(len(token)):
        for letter in "0A-":
            forged = token[:at] + letter + token[at + 1 :]
            if forged == token:
                continue
            with pytest.raises(Forbidden):
                verify_photo(SECRET, PHOTO, "large", forged, END - 900)


@pytest.mark.parametrize(
    "token",
    ["", ".", f"{END}", f"{END}.", f".{'A' * 43}", f"-{END}.{'A' * 43}", f"0{END}.{'A' * 43}",
     f"{'9' * 5000}.{'A' * 43}", f"١٢٣.{'A' * 43}", f"{END}.{'ả' * 43}", f"{END}.{'A' * 43}\n", f"{END}.{'A' * 44}"],
)  # fmt: skip
def test_what_is_no_token_is_refused_like_a_wrong_one(token: str) -> None:
    with pytest.raises(Forbidden, match=r"photos\.link_invalid"):
        verify_photo(SECRET, PHOTO, "small", token, 0)
