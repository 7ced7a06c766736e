"""Discovery and the list of services: the categories that a field report may have, with their extra questions."""

from typing import Any

from litestar import Response

from app.errors import NotFound
from app.i18n import Lang, t
from app.open311.context import BASE, TRIAL, Call
from app.routing.model import Category, Question
from app.routing.ruleset import RuleSet

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
_CHANGESET = "2026-11-28T00:00:00+07:00"
"""When something last changed in how these calls work."""


async def discovery(call: Call) -> Response[bytes]:
    root, lang = call.here.root, call.lang
    endpoints = [
        {
            "specification": SPECIFICATION,
            "url": f"{root}{base}",
            "changeset": _CHANGESET,
            "type": kind,
            "formats": ["text/xml", "application/json"],
        }
        for kind, base in (("production", BASE), ("test", TRIAL))
    ]
    said = {
        "changeset": _CHANGESET,
        "contact": t("open311.contact", lang, url=root),
        "key_service": t("open311.key_service", lang, url=root),
        "endpoints": endpoints,
    }
    return call.answer("discovery", "", said)


def offered(rules: RuleSet) -> dict[str, Category]:
    """What reports may be about. Of what is no field report nothing comes but advice, which this protocol has no place
    for."""
    return {each.category_id: each for each in rules.categories.values() if not each.out_of_scope}


def service_named(rules: RuleSet, code: str) -> Category:
    """Raises NotFound."""
    found = offered(rules).get(code)
    if found is None:
        raise NotFound("open311.service_unknown", field="service_code", code=code[:60])
    return found


async def services(call: Call) -> Response[bytes]:
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    rules, english = call.here.parts.rules, call.lang == "en"
    said = []
    for each in offered(rules).values():
        group = rules.groups[each.group_id]
        said.append(
            {
                "service_code": each.category_id,
                "service_name": each.name_en if english else each.name,
                "description": "; ".join(each.examples),
                "metadata": bool(each.questions),
                "type": "realtime",
                "keywords": ", ".join(each.keywords),
                "group": group.name_en if english else group.name,
            }
        )
    return call.answer("services", "service", said)


async def definition(call: Call, code: str) -> Response[bytes]:
    call.check_jurisdiction(call.query.get("jurisdiction_id", ""))
    found = service_named(call.here.parts.rules, code)
    attributes = [_attribute(each, order, call.lang) for order, each in enumerate(found.questions.values(), 1)]
    return call.answer("service_definition", "", {"service_code": code, "attributes": attributes})


def _attribute(question: Question, order: int, lang: Lang) -> dict[str, Any]:
    english = lang == "en"
    return {
        "variable": True,
        "code": question.question_id,
        "datatype": "singlevaluelist",
        "required": False,
        "datatype_description": t("open311.choose_one", lang),
        "order": order,
        "description": question.name_en if english else question.name,
        "values": [{"key": key, "name": names[english]} for key, names in question.answers.items()],
    }
