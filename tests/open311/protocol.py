"""GeoReport v2 as its specification has it: which fields an answer has, and XML read back into what JSON says."""

from typing import Any
from xml.etree import ElementTree as Tree

import httpx

REQUEST = (
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_id", "zipcode", "lat", "long", "media_url",
)  # fmt: skip
SERVICE = ("service_code", "service_name", "description", "metadata", "type", "keywords", "group")
ATTRIBUTE = (
    "variable", "code", "datatype", "required", "datatype_description", "order", "description", "values",
)  # fmt: skip
UPDATE = ("update_id", "service_request_id", "status", "updated_datetime", "description", "media_url")
LISTS = {"service_requests", "services", "service_request_updates", "errors"}
LISTS |= {"attributes", "values", "endpoints", "formats", "photos"}


def of_xml(answer: httpx.Response) -> tuple[str, Any]:
    """The root's name, and the rest with every value as text."""
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n')
    root = Tree.fromstring(answer.content)  # our own server's
    return root.tag, _value(root)


def _value(element: Tree.Element) -> Any:
    if element.tag in LISTS:
        return [_value(child) for child in element]
    if len(element):
        return {child.tag: _value(child) for child in element}
    return element.text or ""


def as_text(value: Any) -> Any:
    """What JSON says, with every value as text."""
    if isinstance(value, dict):
        return {name: as_text(each) for name, each in value.items()}
    if isinstance(value, list):
        return [as_text(each) for each in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def of_json(answer: httpx.Response) -> Any:
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer.json()


async def both(http: httpx.AsyncClient, path: str, root: str, **query: Any) -> Any:
    """What both formats say, which must be the same."""
    found = of_json(await http.get(f"{path}.json", params=query))
    name, same = of_xml(await http.get(f"{path}.xml", params=query))
    assert (name, same) == (root, as_text(found))
    return found


async def refused(http: httpx.AsyncClient, path: str, code: int, **query: Any) -> str:
    """Why, in both formats alike."""
    answers = [await http.get(f"{path}.{form}", params=query) for form in ("json", "xml")]
    assert [answer.status_code for answer in answers] == [code, code], answers[0].text
    name, same = of_xml(answers[1])
    said = of_json(answers[0])
    assert (name, same) == ("errors", as_text(said))
    assert {each["code"] for each in said} == {code}
    return " ".join(each["description"] for each in said)
