"""Blocking through the API: told by report, never by name."""

from app.accounts import citizens
from app.reports.intake import file_report
from app.reports.model import NewReport, Place
from app.sounds.service import StoredSound, store_sound
from tests.api.conftest import API, SignedIn, keys
from tests.world import World

STAFF = f"{API}/staff"
REASON = "Nhiều lần gửi phản ánh không có thật."


async def chatted(world: World, user_id: str, *sounds: StoredSound) -> str:
    parts = world.parts
    async with parts.pool.acquire() as conn:
        person = await citizens.citizen(conn, "telegram", user_id, "Nguyễn Thị Lan", "vi")
    new = NewReport(
        text="Đèn đường hỏng trước số 12 Lý Bôn", place=Place(address="phường An Xuyên"), channel="telegram", lang="vi",
        consent=True, category="street-light", citizen_id=person.citizen_id, sounds=sounds,
    )  # fmt: skip
    return (await file_report(parts.pool, parts.rules, parts.gazetteer, parts.settings.secret_key, new)).report.code


async def test_a_coordinator_blocks_by_a_report_sees_it_and_unblocks(world: World, signed_in: SignedIn) -> None:
    path = f"{STAFF}/reports/{await chatted(world, 'api-1')}"
    coordinator = await signed_in("coordinator")
    assert (await coordinator.get(f"{path}/block")).json() == {"in_chat": True, "blocked_since": None, "reason": None}
    blocked = await coordinator.post(f"{path}/block", json={"reason": REASON})
    assert blocked.json()["reason"] == REASON
    assert (await coordinator.get(f"{path}/block")).json() == blocked.json()
    assert "Lan" not in blocked.text
    again = await coordinator.post(f"{path}/block", json={"reason": REASON})
    assert (again.status_code, keys(again)) == (409, [(None, "reports.blocked_already")])
    freed = await coordinator.post(f"{path}/unblock", json={"reason": "Đã xem lại, nhầm người."})
    assert freed.json()["blocked_since"] is None
    case = (await coordinator.get(path)).json()
    assert [each["what"] for each in case["history"]][-2:] == ["reporter_blocked", "reporter_unblocked"]


async def test_the_agency_does_not_learn_whether_two_reports_are_one_person_s(
    world: World, signed_in: SignedIn
) -> None:
    path = f"{STAFF}/reports/{await chatted(world, 'api-2')}"
    officer = await signed_in("officer")
    for answer in (await officer.get(f"{path}/block"), await officer.post(f"{path}/block", json={"reason": REASON})):
        assert answer.status_code == 403


async def test_a_case_says_that_there_is_a_voice_and_a_coordinator_hears_it_for_a_reason(
    world: World, signed_in: SignedIn
) -> None:
    data = b"OggS" + bytes(100)
    sound = await store_sound(world.parts.pool, world.parts.objects, data, 3)
    path = f"{STAFF}/reports/{await chatted(world, 'api-3', sound)}"
    officer, coordinator = await signed_in("officer"), await signed_in("coordinator")
    assert (await officer.get(path)).json()["voices"] == 1
    assert (await officer.post(f"{path}/voice/1", json={"reason": REASON})).status_code == 403
    assert (await coordinator.post(f"{path}/voice/1", json={"reason": "vì"})).status_code == 422
    assert (await coordinator.post(f"{path}/voice/x", json={"reason": REASON})).status_code == 404
    heard = await coordinator.post(f"{path}/voice/1", json={"reason": REASON})
    assert (heard.content, heard.headers["content-type"]) == (data, "audio/ogg")
    assert (await coordinator.get(path)).json()["history"][-1]["what"] == "identity_viewed"
