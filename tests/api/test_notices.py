"""What concerns oneself, for programs of one's own: one's own alone, and read here is read everywhere."""

from app.escalation import service as escalation
from app.reports import service as reports
from tests.api.conftest import API, SignedIn, act, keys, send
from tests.world import LIGHT, World

HERE = f"{API}/staff/notices"


async def test_whoever_is_called_in_a_note_hears_of_it_and_nobody_else(signed_in: SignedIn, world: World) -> None:
    officer, lead, other = [await signed_in(key) for key in ("officer", "lead", "other_officer")]
    sent = await send(officer, LIGHT)
    await act(lead, sent.code, "note", text="Nhờ @tran.thi.bich xem cột này giúp.")
    report = await reports.find(world.parts.pool, sent.code)
    await escalation.tell(world.parts.pool, world.parts.rules, report.report_id, 1, 9)
    (told,) = (await officer.get(HERE)).json()["items"]
    assert (told["kind"], told["says"]) == ("mentioned", "Có ghi chú nhắc đến anh/chị")
    assert (told["code"], told["category"]["id"], told["commune"]) == (sent.code, "street-light", "Phường An Xuyên")
    assert (await other.get(HERE)).json() == {"items": [], "next": None}
    assert (await other.post(f"{HERE}/read", json={"up_to": told["notice_id"]})).status_code == 204
    assert len((await officer.get(HERE)).json()["items"]) == 1
    assert (await officer.post(f"{HERE}/read", json={"up_to": told["notice_id"]})).status_code == 204
    assert (await officer.get(HERE)).json()["items"] == []
    (read,) = (await officer.get(HERE, params={"everything": "true"})).json()["items"]
    assert (read["notice_id"], read["read"]) == (told["notice_id"], True)
    older = await officer.get(HERE, params={"everything": "true", "before": told["notice_id"]})
    assert older.json()["items"] == []
    wrong = await officer.get(HERE, params={"before": "x"})
    assert (wrong.status_code, keys(wrong)) == (422, [("before", "api.wrong_value")])
