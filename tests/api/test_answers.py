"""Extra questions over the API: listed, answered, decided by, shown; and the first answer and calls that come of it."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import API, SignedIn, act, keys, send
from tests.world import AN_XUYEN, POWER, photo

STAFF = f"{API}/staff"
TREE = {
    "text": "Cây bàng trước nhà nghiêng quá, sợ lắm.",
    "category": "fallen-tree",
    "commune_code": AN_XUYEN,
    "consent": True,
}


async def test_the_categories_show_their_questions_in_the_readers_language(http: httpx.AsyncClient) -> None:
    async def questions(lang: str) -> dict[str, list[Any]]:
        said = (await http.get(f"{API}/categories", headers={"Accept-Language": lang})).json()
        return {c["id"]: c["questions"] for g in said["groups"] for c in g["categories"]}

    vi, en = await questions("vi"), await questions("en")
    assert vi["street-light"] == []
    (question,) = vi["fallen-tree"]
    assert (question["id"], question["text"]) == ("blocking", "Cây có chắn đường hoặc đè lên gì không?")
    assert question["answers"][0] == {"id": "wires", "name": "Đè lên dây điện"}
    assert en["fallen-tree"][0]["answers"][2] == {"id": "nothing", "name": "No"}


async def test_an_answer_changes_who_gets_it_and_staff_read_it_by_name(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, TREE | {"answers": {"blocking": "wires"}})
    assert sent.answer["agency"]["id"] == POWER
    coordinator = await signed_in("coordinator")
    case = (await coordinator.get(f"{STAFF}/reports/{sent.code}")).json()
    assert case["answers"] == [
        {
            "question": {"id": "blocking", "name": "Cây có chắn đường hoặc đè lên gì không?"},
            "answer": {"id": "wires", "name": "Đè lên dây điện"},
        }
    ]
    assert [agency["id"] for agency in case["calls"]] == [POWER]
    await act(coordinator, sent.code, "reclassify", category="street-light")
    case = (await coordinator.get(f"{STAFF}/reports/{sent.code}")).json()
    assert case["answers"][0]["answer"]["name"] == "Đè lên dây điện"


async def test_a_form_sends_answers_as_json(http: httpx.AsyncClient) -> None:
    sent = await send(http, TREE | {"answers": '{"blocking": "wires"}'}, [photo("cây")])
    assert sent.answer["agency"]["id"] == POWER


@pytest.mark.parametrize(
    ("change", "field", "key"),
    [
        ({"answers": {"depth": "deep"}}, "answers.depth", "reports.question_unknown"),
        ({"answers": {"blocking": "cow"}}, "answers.blocking", "reports.answer_unknown"),
        ({"answers": {"blocking": "wires"}, "category": None}, "answers", "reports.answers_without_category"),
        ({"answers": {"blocking": 1}}, "answers[...]", "api.want_text"),
        ({"answers": ["wires"]}, "answers", "api.want_object"),
        ({"answers": {"blocking": "wi\x00res"}}, "answers", "api.zero_byte"),
    ],
)
async def test_a_wrong_answer_is_told_by_its_field(
    http: httpx.AsyncClient, change: dict[str, Any], field: str, key: str
) -> None:
    answer = await http.post(f"{API}/reports", json=TREE | change)
    assert answer.status_code == 422
    assert keys(answer) == [(field, key)]


@pytest.mark.parametrize("written", ["wires", "{", "[" * 100_000, '["wires"]'])
async def test_a_form_whose_answers_are_no_json_object_is_told_so(http: httpx.AsyncClient, written: str) -> None:
    form = {"text": TREE["text"], "category": "fallen-tree", "commune_code": AN_XUYEN, "consent": "on"}
    answer = await http.post(
        f"{API}/reports", data=form | {"answers": written[:60_000]}, files={"photos": ("a.jpg", photo(), "image/jpeg")}
    )
    assert answer.status_code == 422
    assert keys(answer) == [("answers", "api.want_object")]


async def test_queue_and_case_say_by_when_the_reporter_hears_something_and_when_they_did(
    http: httpx.AsyncClient, signed_in: SignedIn
) -> None:
    sent = await send(http, TREE | {"answers": {"blocking": "wires"}})
    officer = await signed_in("other_officer")

    async def both() -> list[dict[str, Any]]:
        case = (await officer.get(f"{STAFF}/reports/{sent.code}")).json()
        page = (await officer.get(f"{STAFF}/queue", params={"limit": 200})).json()
        row = next(item for item in page["items"] if item["code"] == sent.code)
        return [row["first_answer"], case["deadline"]["first_answer"]]

    row, case = await both()
    assert row == case
    assert row["due_at"]
    assert (row["answered_at"], row["overdue"]) == (None, False)
    await act(officer, sent.code, "progress", text="Tổ điện đang tới.")
    row, case = await both()
    assert row == case
    assert row["answered_at"]
    assert row["overdue"] is False


async def test_a_business_says_that_it_is_one(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, TREE | {"reporter": "business"})
    case = (await (await signed_in("coordinator")).get(f"{STAFF}/reports/{sent.code}")).json()
    assert case["reporter_kind"] == "business"
    refused = await http.post(f"{API}/reports", json=TREE | {"reporter": "ghost"})
    assert keys(refused) == [("reporter", "api.wrong_value")]
