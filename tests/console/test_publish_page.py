"""Publishing without a browser's scripts: words edited, photos hidden, boxes as numbers; and who may not."""

import re
from typing import Any

import httpx
import pytest

from app.photos import service as photos
from app.reports.workflow import Act
from tests.console.conftest import PAGES, Visitor, token
from tests.console.reports import act, busy, case, file, picture, public, street
from tests.world import LIGHT, World, photo

NAMED = "Đèn hỏng trước nhà ông Lê Văn Tám, gọi 0912 345 678."


def path(code: str) -> str:
    return f"{PAGES}/reports/{code}/publish"


def fields(page: httpx.Response) -> dict[str, Any]:
    """The form as it stands on the page: every named field of the first form, photos as they are."""
    form = page.text.partition('id="publish"')[2].partition("</form>")[0].partition("<template>")[0]
    found: dict[str, Any] = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<input type="radio" name="([^"]+)" value="([^"]+)" checked', form))
    for name, text in re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL):
        found[name] = text
    return found


def box(photo_id: object, *sides: float) -> dict[str, str]:
    return {f"{side}-{photo_id}": str(value) for side, value in zip("xywh", sides, strict=True)}


async def test_the_form_proposes_the_masked_text_beside_the_original(address: str, visitor: Visitor) -> None:
    desk = await visitor("coordinator")
    page = await desk.get(path(await file(address, text=NAMED)))
    assert fields(page)["text"] == "Đèn hỏng trước nhà ông [đã ẩn tên], gọi [đã ẩn số]."
    assert "<del>Lê Văn Tám, </del>" in page.text
    assert "<ins>[đã ẩn tên], </ins>" in page.text
    assert "Nguyễn Thị Lan" not in page.text


async def test_edited_words_and_burnt_photos_are_what_everybody_gets(
    address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address, street(1), street(2))
    one, two = (await case(world, code)).pictures
    form = fields(await desk.get(path(code))) | {"text": "Đèn đường hỏng ba đêm.", f"show-{two.photo_id}": "hidden"}
    answer = await desk.post(path(code), data=form | box(one.photo_id, 20, 25.5, 30, 40))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path(code)}?done=publish")
    seen = await public(address, code)
    assert (seen["published"], seen["text"], len(seen["photos"])) == (True, "Đèn đường hỏng ba đêm.", 1)
    for size in ("small", "large"):
        image = await picture(address, seen["photos"][0][size])
        assert busy(image, 0.24, 0.3, 0.46, 0.6) < 2
        assert busy(image, 0.6, 0.3, 0.9, 0.9) > 20
    # Neither the hidden photo's nor the covered one's hash is given to a stranger.
    assert not {one.sha256, two.sha256} & set(re.findall(r"[0-9a-f]{64}", str(seen)))
    assert (await case(world, code)).report.body == LIGHT["text"]
    shown = await desk.get(path(code))
    assert 'value="25.5"' in shown.text
    assert "Mọi người đang thấy như sau" in shown.text


async def test_a_preview_publishes_nothing_and_keeps_what_was_typed(
    address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address, street(3))
    (one,) = (await case(world, code)).pictures
    form = fields(await desk.get(path(code))) | {"text": "Đèn hỏng đã ba đêm.", "do": "preview"}
    page = await desk.post(path(code), data=form | box(one.photo_id, 10, 10, 30, 30))
    assert page.status_code == 200
    assert "Mọi người sẽ thấy như sau" in page.text
    assert fields(page)["text"] == "Đèn hỏng đã ba đêm."
    links = re.findall(r'src="(/api/v1/photos/[^"]+)"', page.text.partition('id="preview"')[2])
    (link,) = [one.replace("&amp;", "&") for one in links]
    assert busy(await picture(address, link), 0.14, 0.14, 0.36, 0.36) < 2
    assert (await public(address, code))["published"] is False


async def test_a_result_can_be_edited_and_its_photo_covered_later(address: str, visitor: Visitor, world: World) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    await act(world, "coordinator", code, Act.PUBLISH)
    shot = await photos.store_photo(world.parts.pool, world.parts.objects, world.parts.lab, street(4))
    await act(world, "officer", code, Act.RESOLVE, text="Anh Lê Văn Tám đã thay bóng.", photos=(shot,))
    assert (await public(address, code))["resolution"] == "Anh [đã ẩn tên] đã thay bóng."
    whole = await case(world, code)
    (answer,) = [message.message_id for message in whole.messages if message.kind == "resolution"]
    form = fields(await desk.get(path(code)))
    assert form[f"words-{answer}"] == "Anh [đã ẩn tên] đã thay bóng."
    form |= {f"words-{answer}": "Đã thay bóng đèn."} | box(whole.pictures[-1].photo_id, 0, 0, 50, 50)
    assert (await desk.post(path(code), data=form)).status_code == 303
    seen = await public(address, code)
    assert seen["resolution"] == "Đã thay bóng đèn."
    assert {fact["text"] for fact in seen["timeline"] if fact["what"] == "resolved"} == {"Đã thay bóng đèn."}
    assert busy(await picture(address, seen["photos"][-1]["large"]), 0.05, 0.05, 0.45, 0.45) < 2


async def test_whoever_is_late_is_told_and_loses_nothing_they_typed(
    address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    form = fields(await desk.get(path(code))) | {"text": "Bản của tôi, viết rất lâu."}
    await desk.post(path(code), data=fields(await desk.get(path(code))) | {"text": "Bản của người khác."})
    late = await desk.post(path(code), data=form)
    assert late.status_code == 409
    assert "vừa được người khác cập nhật" in late.text
    assert fields(late)["text"] == "Bản của tôi, viết rất lâu."
    assert "Bản của người khác." in late.text
    assert (await public(address, code))["text"] == "Bản của người khác."
    assert (await desk.post(path(code), data=fields(late))).status_code == 303
    assert (await public(address, code))["text"] == "Bản của tôi, viết rất lâu."


async def test_a_form_sent_twice_is_published_once(address: str, visitor: Visitor, world: World) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    form = fields(await desk.get(path(code)))
    assert [(await desk.post(path(code), data=form)).status_code for _ in range(2)] == [303, 303]
    assert (await case(world, code)).report.version == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"text": ""}, "không được để trống"),
        ({"text": "a" * 4001}, "tối đa là 4000"),
        ({"x": "abc"}, "Ô che phải nằm trọn trong ảnh"),
        ({"x": "90"}, "Ô che phải nằm trọn trong ảnh"),
        ({"w": ""}, "Ô che phải nằm trọn trong ảnh"),
        ({"h": "nan"}, "Ô che phải nằm trọn trong ảnh"),
    ],
)
async def test_what_cannot_be_published_is_marked_where_it_stands(
    wrong: dict[str, str], said: str, address: str, visitor: Visitor, world: World
) -> None:
    desk, code = await visitor("coordinator"), await file(address, photo("một"))
    (one,) = (await case(world, code)).pictures
    form = fields(await desk.get(path(code))) | box(one.photo_id, 10, 10, 20, 20)
    form |= {name if name == "text" else f"{name}-{one.photo_id}": value for name, value in wrong.items()}
    for what in ("preview", "publish"):
        page = await desk.post(path(code), data=form | {"do": what})
        assert page.status_code == 422
        assert said in page.text
    assert (await case(world, code)).report.published_at is None


async def test_unpublished_it_is_gone_from_the_public_and_the_copy_is_kept(address: str, visitor: Visitor) -> None:
    desk, code = await visitor("coordinator"), await file(address)
    await desk.post(path(code), data=fields(await desk.get(path(code))) | {"text": "Đèn hỏng lâu rồi."})
    page = await desk.get(path(code))
    undo = {"csrf": token(page), "do": "unpublish", "version": fields(page)["version"]}
    assert (await desk.post(path(code), data=undo)).headers["location"] == f"{path(code)}?done=unpublish"
    assert (await public(address, code))["text"] is None
    assert fields(await desk.get(path(code)))["text"] == "Đèn hỏng lâu rồi."


async def test_a_private_report_and_one_that_was_rejected_say_why_they_stay_unpublished(
    address: str, visitor: Visitor, world: World
) -> None:
    desk = await visitor("coordinator")
    private = await file(address, text="Đồng hồ nước chạy sai cả tháng nay.", category="water-service")
    rejected = await file(address)
    await act(world, "coordinator", rejected, Act.REJECT, text="Không rõ nơi nào.")
    for code, said in ((private, "không công khai"), (rejected, "Không tiếp nhận")):
        page = await desk.get(path(code))
        assert page.status_code == 200
        assert said in page.text
        assert 'id="publish"' not in page.text
        answer = await desk.post(path(code), data={"csrf": token(page), "text": "Lén công khai."})
        assert answer.status_code == 409


async def test_only_coordinators_publish(address: str, visitor: Visitor) -> None:
    code = await file(address)
    for role in ("officer", "lead", "leader", "administrator"):
        browser = await visitor(role)
        assert (await browser.get(path(code))).status_code == 403
        form = {"csrf": browser.headers["x-token"], "text": "Tôi công khai."}
        assert (await browser.post(path(code), data=form)).status_code == 403
    assert (await public(address, code))["published"] is False
