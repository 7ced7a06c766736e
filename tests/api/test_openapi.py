"""The description of the API: whole, true, and readable."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from jsonschema import Draft202012Validator

from app.api import examples, examples_staff
from app.api.reference import kind_words
from tests.api.conftest import API, Contract, SignedIn, send
from tests.world import LIGHT

PROBLEM = "application/problem+json"


@pytest_asyncio.fixture(scope="module")
async def document(contract: Contract) -> dict[str, Any]:
    return contract.document


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


async def test_it_is_openapi_3_1_and_every_schema_is_one(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    refs = set(re.findall(r"'#/components/schemas/(\w+)'", str(document)))
    assert refs <= set(document["components"]["schemas"])


async def test_every_call_has_a_name_a_description_and_its_own_id(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids)) >= 28
    for name, operation in operations(document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}
        in_path = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
        assert in_path == set(re.findall(r"\{(\w+)\}", name)), name


async def test_every_json_body_and_answer_has_an_example_that_is_one(
    document: dict[str, Any], contract: Contract
) -> None:
    checked = 0
    for name, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for said in (*bodies, *operation["responses"].values()):
            for kind, content in said.get("content", {}).items():
                if not kind.endswith("json") or "schema" not in content or "$ref" not in str(content["schema"]):
                    continue
                shown = [e["value"] for e in content.get("examples", {}).values()] or [content["example"]]
                for example in shown:
                    contract.validate(content["schema"], example)
                    checked += 1
                assert shown, name
    assert checked > 200


async def test_every_error_has_an_example_in_words(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        failures = {s: r for s, r in operation["responses"].items() if PROBLEM in r.get("content", {})}
        assert "500" in failures, name
        for status, said in failures.items():
            for key, example in said["content"][PROBLEM]["examples"].items():
                value = example["value"]
                assert value["type"] == f"urn:phananh:{key}"
                assert str(value["status"]) == status
                assert "{" not in value["detail"]
                assert len(value["detail"]) > 10


async def test_errors_are_described_in_the_readers_language(http: httpx.AsyncClient, document: dict[str, Any]) -> None:
    english = (await http.get("/schema/openapi.json", headers={"Accept-Language": "en"})).json()
    assert english["paths"].keys() == document["paths"].keys()
    assert document["info"]["description"].startswith("Gửi phản ánh")
    assert english["info"]["description"].startswith("Send field reports")


async def test_the_example_requests_do_what_the_examples_say(http: httpx.AsyncClient, signed_in: SignedIn) -> None:
    sent = await send(http, examples.REPORT)
    assert sent.answer["agency"] == examples.FILED["agency"]
    assert sent.answer["category"] == examples.FILED["category"]
    assert sent.answer["commune"] == examples.FILED["commune"]
    answer = await http.post(f"{API}/reports/{sent.code}/messages", json=examples.MESSAGE, headers=sent.secret)
    assert answer.status_code == 200
    coordinator = await signed_in("coordinator")
    url = f"{API}/staff/reports/{sent.code}"
    identity = await coordinator.post(f"{url}/identity", json=examples_staff.IDENTITY_BODY)
    assert identity.json() == examples_staff.IDENTITY
    version = (await coordinator.get(url)).json()["version"]
    act = await coordinator.post(f"{url}/acts/progress", json={**examples_staff.ACT_BODY, "version": version})
    assert act.status_code == 200
    withdrawn = await send(http, LIGHT)
    answer = await http.post(
        f"{API}/reports/{withdrawn.code}/withdraw", json=examples.WITHDRAW, headers=withdrawn.secret
    )
    assert answer.status_code == 200


# ---------------------------------------------------------------- the page


class Page(HTMLParser):
    """Collects what a page loads, links to and is linked by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        said = dict(attrs)
        self.ids += [said["id"] or ""] if "id" in said else []
        self.links += [said["href"] or ""] if tag == "a" else []
        self.loads += [said["href"] or ""] if tag == "link" else [said["src"] or ""] if "src" in said else []
        assert "style" not in said
        assert not any(name.startswith("on") for name in said)


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_the_page_needs_no_script_and_nothing_from_elsewhere(http: httpx.AsyncClient, lang: str) -> None:
    answer = await http.get("/schema", params={"lang": lang})
    page = Page(answer.text)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert page.tags.isdisjoint({"script", "style", "iframe", "img"})
    assert page.loads == ["/schema/icon.svg", "/schema/reference.css"]
    assert (await http.get("/schema/reference.css")).headers["content-type"] == "text/css; charset=utf-8"
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert f'<html lang="{lang}">' in answer.text


async def test_the_page_describes_every_call_in_both_languages(
    http: httpx.AsyncClient, document: dict[str, Any]
) -> None:
    vi = (await http.get("/schema")).text
    en = (await http.get("/schema", headers={"Accept-Language": "en"})).text
    for _, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in vi
        assert f'id="{operation["operationId"]}"' in en
    assert "Gửi một phản ánh" in vi
    assert "Send a report" in en
    assert "{'" not in vi + en


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "string", "minLength": 5, "maxLength": 4000}, "string (5–4000)"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number | null"),
        ({"enum": ["read", "write"]}, "read | write"),
        ({"type": "array", "items": {"type": "string", "contentMediaType": "image/*"}}, "image/*[]"),
        ({"$ref": "#/components/schemas/Rating"}, "Rating"),
        ({"type": "string", "format": "date-time"}, "date-time"),
    ],
)
def test_a_schema_is_put_into_a_word_or_two(schema: dict[str, Any], words: str) -> None:
    assert kind_words(schema) == words


async def test_the_short_guide_names_only_calls_that_exist(document: dict[str, Any]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:GET|POST|DELETE) (/[^` ?]*)", guide))
    known = {re.sub(r"\{\w+\}", "{}", path) for path in document["paths"]}
    assert named
    for path in named:
        assert any(re.sub(r"\{\w+\}", "{}", p) in known for p in (path, API + path)), path
