"""The picture that goes with a published report's link."""

import io

import pytest
from msgspec import structs
from PIL import Image

from app.errors import Invalid
from app.photos.card import SIZE, drawn
from app.photos.lab import PhotoLab
from app.photos.model import Card
from tests.photos.pictures import encoded, scene

PLAIN = Card(
    site="Phản ánh hiện trường", code="PA-7K3M-9QX2", title="Đèn đường hỏng", place="Phường An Xuyên",
    status="Đã xử lý", done=True, before_word="Trước", after_word="Sau khi xử lý",
)  # fmt: skip


def opened(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        return image.convert("RGB")


def one_colour(colour: str, size: tuple[int, int] = (1600, 1200)) -> bytes:
    picture = scene(*size)
    picture.paste(colour, (0, 0, *size))
    return encoded(picture)


def near(card: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> bool:
    seen = card.getpixel(at)
    assert isinstance(seen, tuple)
    return all(abs(a - b) < 24 for a, b in zip(seen, colour, strict=True))


@pytest.mark.parametrize("shape", [(1600, 1200), (200, 1600), (1600, 200), (30, 40)])
def test_before_is_above_and_after_below_whatever_their_shapes(shape: tuple[int, int]) -> None:
    data = drawn(structs.replace(PLAIN, before=one_colour("red", shape), after=one_colour("blue", shape)))
    card = opened(data)
    assert card.size == SIZE
    assert near(card, (1150, 300), (255, 0, 0))
    assert near(card, (1150, 600), (0, 0, 255))
    assert len(data) < 300_000


def test_one_photo_has_its_side_and_without_one_the_words_have_all() -> None:
    assert near(opened(drawn(structs.replace(PLAIN, before=one_colour("red")))), (1150, 600), (255, 0, 0))
    assert near(opened(drawn(PLAIN)), (1150, 600), (255, 255, 255))


@pytest.mark.parametrize("done", [True, False])
def test_long_words_stay_on_the_card_beside_the_photos(done: bool) -> None:
    long = structs.replace(
        PLAIN, title="Đổ chất thải ra sông, kênh, rạch " * 6, place="Xã " * 60, status="Đã " * 30, done=done
    )
    card = opened(drawn(structs.replace(long, before=one_colour("red"))))
    beside = card.crop((1200 - 560, 200, 1200, 630))
    assert min(beside.getchannel("R").tobytes()) > 200, "nothing but the photo"


def test_what_is_no_photo_is_refused() -> None:
    with pytest.raises(Invalid):
        drawn(structs.replace(PLAIN, before=b"no photo"))


async def test_the_lab_draws_it_in_a_process_of_its_own() -> None:
    lab = PhotoLab(1)
    try:
        assert opened(await lab.card(PLAIN)).size == SIZE
        with pytest.raises(Invalid):
            await lab.card(structs.replace(PLAIN, after=b"x"))
    finally:
        await lab.close()
