"""An Open311 client: the calls of GeoReport v2 and of the updates extension, to one server."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct, structs

from app import outward
from app.partners import answers
from app.partners.answers import Attribute, Endpoint, Garbled, Service, Standing, Taken, Update
from app.photos.model import MAX_BYTES

_T = TypeVar("_T")
Trouble = Literal["refused", "barred", "busy", "broken", "silent", "garbled"]
_PAGE, _PAGES_MOST = 200, 50
_ANSWER_MOST = 4 << 20
PATIENCE = 30.0
_MANY, _BROKEN = 429, 500
_BARRED = (401, 403)
_NAME = "phananh-open311/1"
_SPAN_MOST = timedelta(days=89)
_SKEW = timedelta(minutes=15)
"""How far another server's clock may be off."""


class Failed(Exception):
    """``came``: refused (it says no and means it), barred (our key does not open it), busy (not now), broken (its own
    fault), silent (no answer), garbled. ``arrived``: what was sent may have been taken all the same. ``said`` holds
    nothing secret."""

    def __init__(self, came: Trouble, said: str, *, arrived: bool, after: timedelta | None = None) -> None:
        super().__init__(f"{came}: {said}")
        self.came, self.said, self.arrived, self.after = came, said, arrived, after


class TooLong(Failed):
    """More bytes came than an answer may have."""

    def __init__(self) -> None:
        super().__init__("garbled", "the answer is too long", arrived=True)


class Server(Struct, frozen=True):
    """``endpoint``: without a call's name and slash; ``key`` is sent with requests alone."""

    endpoint: str
    form: Literal["json", "xml"]
    jurisdiction: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return f"Server({self.endpoint!r})"  # what is printed ends up in logs


class Client:
    """``patience``: seconds for each call."""

    def __init__(self, http: outward.Client, server: Server, patience: float = PATIENCE) -> None:
        self._http, self._server, self._patience = http, server, patience

    async def find(self, address: str) -> Server:
        """The server behind a typed address: what answers there, else what its discovery names. Raises Failed."""
        base = address.split("?")[0].rstrip("/")
        for ending in ("/discovery.json", "/discovery.xml"):
            base = base.removesuffix(ending)
        named: Endpoint | None = None
        for form in ("json", "xml"):
            with suppress(Failed):
                named = await self._get(f"{base}/discovery.{form}", {}, lambda said: answers.endpoint(said, base))
            if named:
                break
        trouble = Failed("silent", "nothing was asked", arrived=False)
        # Behind a network of its own, a server may be reached by another address than it tells everybody.
        for one in [Endpoint(base, "json"), Endpoint(base, "xml"), *([named] if named else [])]:
            server = structs.replace(self._server, endpoint=one.url, form=one.form)
            try:
                await Client(self._http, server, self._patience).services()
            except Failed as failed:
                trouble = failed
            else:
                return server
        raise trouble

    async def services(self) -> list[Service]:
        """Raises Failed, also for none at all."""
        return await self._call("services", {}, answers.services)

    async def attributes(self, code: str) -> list[Attribute]:
        """Raises Failed."""
        return await self._call(f"services/{quote(code, safe='')}", {}, answers.attributes)

    async def has_updates(self) -> bool:
        """Whether it has the updates extension."""
        try:
            await self.updates(datetime.now(UTC) - timedelta(days=1))
        except Failed:
            return False
        return True

    async def send(self, fields: Sequence[tuple[str, str]], ident: str) -> Taken:
        """A new request. ``ident``, in ASCII, goes along as ``Idempotency-Key``. Raises Failed."""
        whole = [*fields, *self._jurisdiction().items()]
        if self._server.key:
            whole.append(("api_key", self._server.key))
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", "idempotency-key": ident}
        url = f"{self._server.endpoint}/requests.{self._server.form}"
        return _read(await self._ask("POST", url, headers, urlencode(whole).encode()), answers.taken)

    async def number_of(self, token: str) -> str | None:
        """The number that a token stands for; None: not yet. Raises Failed."""
        return await self._call(f"tokens/{quote(token, safe='')}", {}, answers.number)

    async def standings(self, numbers: Sequence[str]) -> list[Standing]:
        """Of these requests. Raises Failed."""
        if len(numbers) == 1:
            return await self._call(f"requests/{quote(numbers[0], safe='')}", {}, answers.standings)
        return await self._call("requests", {"service_request_id": ",".join(numbers)}, answers.standings)

    async def marked(self, mark: str, service: str, since: datetime) -> Standing | None:
        """The request that says ``mark`` somewhere, among those sent since. Raises Failed."""
        query = {"service_code": service, "extensions": "true"} | _span(since - _SKEW)
        seen: set[str] = set()
        for page in range(1, _PAGES_MOST + 1):
            found = await self._call("requests", query | {"page": str(page)}, answers.standings)
            for one in found:
                if mark in one.whole:
                    return one
            # Without anything new this server knows no pages and has given all there is.
            if not {one.number for one in found} - seen:
                break
            seen |= {one.number for one in found}
        return None

    async def updates(self, since: datetime) -> list[Update]:
        """All since a moment, oldest first. Raises Failed."""
        found: dict[str, Update] = {}
        for page in range(1, _PAGES_MOST + 1):
            query = _span(since) | {"page": str(page)}
            said = await self._call("servicerequestupdates", query, answers.updates)
            new = {one.ident: one for one in said if one.ident not in found}
            found |= new
            if not new:
                break
        return sorted(found.values(), key=lambda one: one.at or since)

    async def listed(self, query: Mapping[str, str], most: int) -> bytes:
        """A list of requests as it came, of at most so many bytes. Raises Failed, TooLong."""
        whole = urlencode(self._jurisdiction() | dict(query))
        return await self._ask("GET", f"{self._server.endpoint}/requests.{self._server.form}?{whole}", {}, most=most)

    async def photo(self, url: str) -> bytes:
        """Raises Failed."""
        answer = await self._exchange("GET", url, {}, most=MAX_BYTES)
        if not _is_well(answer.status):
            raise Failed("refused", f"HTTP {answer.status}", arrived=False)
        return answer.body

    def _jurisdiction(self) -> dict[str, str]:
        return {"jurisdiction_id": self._server.jurisdiction} if self._server.jurisdiction else {}

    async def _call(self, name: str, query: Mapping[str, str], reader: Callable[[Any], _T]) -> _T:
        return await self._get(f"{self._server.endpoint}/{name}.{self._server.form}", query, reader)

    async def _get(self, url: str, query: Mapping[str, str], reader: Callable[[Any], _T]) -> _T:
        whole = {**self._jurisdiction(), **query}
        return _read(await self._ask("GET", f"{url}?{urlencode(whole)}" if whole else url, {}), reader)

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", most: int = _ANSWER_MOST
    ) -> bytes:
        answer = await self._exchange(method, url, headers, body, most)
        # A server may repeat what it was sent, and answers are kept and shown.
        came = answer.body.replace(self._server.key.encode(), b"***") if self._server.key else answer.body
        if _is_well(answer.status):
            return came
        said = f"HTTP {answer.status} {answers.problems(came)}".strip()
        after = answer.asked_to_wait()
        if answer.status == _MANY or after is not None:
            raise Failed("busy", said, arrived=False, after=timedelta(seconds=after) if after else None)
        if answer.status in _BARRED:
            raise Failed("barred", said, arrived=False)
        if answer.status >= _BROKEN:
            raise Failed("broken", said, arrived=True)
        raise Failed("refused", said, arrived=False)

    async def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", most: int = _ANSWER_MOST
    ) -> outward.Answer:
        # A connection that the other end is just closing would leave us not knowing whether it heard.
        usual = {"user-agent": _NAME, "accept-language": "vi", "accept": "*/*", "connection": "close"}
        try:
            answer = await self._http.request(
                method, url, headers=usual | dict(headers), body=body, most=most, patience=self._patience
            )
        except outward.Unreached as silent:
            raise Failed("silent", str(silent), arrived=silent.asked) from None
        if not answer.whole:
            raise TooLong
        return answer


def _read(body: bytes, reader: Callable[[Any], _T]) -> _T:
    try:
        return reader(answers.read(body))
    except Garbled as garbled:
        raise Failed("garbled", str(garbled), arrived=True) from None


def _is_well(status: int) -> bool:
    return 200 <= status < 300  # what HTTP calls success


def _span(since: datetime) -> dict[str, str]:
    """From a moment to now, no longer than the specification lets anybody ask for."""
    now = datetime.now(UTC)
    first, last = (at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in (max(since, now - _SPAN_MOST), now + _SKEW))
    return {"start_date": first, "end_date": last, "page_size": str(_PAGE)}
