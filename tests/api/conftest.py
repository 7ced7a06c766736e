"""A real server over real parts for each test module, and a client that holds every answer against the OpenAPI
document: an undocumented status or a body of another shape fails the test that met it."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest_asyncio
from jsonschema import Draft202012Validator
from msgspec import Struct

from tests.world import PASSWORD, World

API = "/api/v1"


class Contract:
    """Holds answers against the OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._patterns = [
            (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations)
            for path, operations in sorted(document["paths"].items(), key=lambda each: each[0].count("{"))
        ]
        self._validators: dict[str, Draft202012Validator] = {}

    def validate(self, schema: dict[str, Any], value: Any) -> None:
        key = str(schema)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = Draft202012Validator(whole)
        self._validators[key].validate(value)

    async def check(self, response: httpx.Response) -> None:
        request = response.request
        operations = next((ops for pattern, ops in self._patterns if pattern.fullmatch(request.url.path)), None)
        operation = (operations or {}).get(request.method.lower())
        if operation is None or response.status_code == 304:
            return
        said = operation["responses"].get(str(response.status_code))
        assert said is not None, f"{request.method} {request.url.path}: {response.status_code} is not documented"
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind.endswith("json") and request.method != "HEAD":
            await response.aread()
            self.validate(said["content"][kind]["schema"], response.json())


@pytest_asyncio.fixture(scope="module")
async def contract(address: str) -> Contract:
    async with httpx.AsyncClient(base_url=address) as plain:
        return Contract((await plain.get("/schema/openapi.json")).json())


@pytest_asyncio.fixture(scope="module")
async def http(address: str, contract: Contract) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody without an account."""
    async with client(address, contract) as http:
        yield http


def client(address: str, contract: Contract) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, event_hooks={"response": [contract.check]}, timeout=60)


SignedIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest_asyncio.fixture(scope="module")
async def signed_in(address: str, contract: Contract, world: World) -> AsyncIterator[SignedIn]:
    """Gives a browser in which this person of the world is signed in; once for the module."""
    browsers: dict[str, httpx.AsyncClient] = {}

    async def browser(key: str) -> httpx.AsyncClient:
        if key not in browsers:
            browsers[key] = one = client(address, contract)
            who = {"username": world.people[key].username, "password": PASSWORD}
            answer = await one.post(f"{API}/staff/session", json=who)
            assert answer.status_code == 201, answer.text
            one.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return browsers[key]

    yield browser
    for one in browsers.values():
        await one.aclose()


class Sent(Struct):
    """A report that was sent, and how its reporter comes back to it."""

    http: httpx.AsyncClient
    answer: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.answer["code"])

    @property
    def secret(self) -> dict[str, str]:
        return {"X-Tracking-Secret": self.answer["tracking_secret"]}

    async def see(self) -> dict[str, Any]:
        found = await self.http.get(f"{API}/reports/{self.code}", headers=self.secret)
        assert found.status_code == 200, found.text
        return dict(found.json())


async def send(http: httpx.AsyncClient, report: dict[str, Any], photos: list[bytes] | None = None) -> Sent:
    if photos is None:
        answer = await http.post(f"{API}/reports", json=report)
    else:
        files = [("photos", (f"{i}.jpg", data, "image/jpeg")) for i, data in enumerate(photos)]
        form = {name: str(value).lower() if value is True else str(value) for name, value in report.items()}
        answer = await http.post(f"{API}/reports", data=form, files=files)
    assert answer.status_code == 201, answer.text
    return Sent(http, answer.json())


async def act(browser: httpx.AsyncClient, code: str, name: str, **body: Any) -> dict[str, Any]:
    """Do an act on the present version; gives the answer."""
    if "version" not in body:
        body["version"] = (await browser.get(f"{API}/staff/reports/{code}")).json()["version"]
    answer = await browser.post(f"{API}/staff/reports/{code}/acts/{name}", json=body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def keys(answer: httpx.Response) -> list[tuple[str | None, str]]:
    """(field, key) of every error in a problem."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return [(error["field"], error["key"]) for error in answer.json()["errors"]]


def form_body(fields: dict[str, str], picture: bytes) -> tuple[str, bytes]:
    """Content type and bytes of a form, for tests that write to the socket themselves."""
    made = httpx.Request("POST", "http://a/", data=fields, files={"photos": ("a.jpg", picture, "image/jpeg")})
    return made.headers["content-type"], made.read()
