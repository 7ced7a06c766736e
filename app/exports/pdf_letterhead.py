"""Head and foot of the administrative report: whose it is, what it covers, where the figures come from. Pure."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from app.accounts.model import Agency
from app.exports.pdf_model import Paper, Said
from app.routing.calendar import VIETNAM

_OF_THE_PROVINCE = frozenset({"operations_centre", "department"})


def when(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def period_words(paper: Paper) -> str:
    """As it stands inside a sentence; from when until when is said below the title."""
    title = paper.summary.period.partition(" (")[0]
    return title[:1].lower() + title[1:] if paper.lang == "vi" else title


def letterhead(paper: Paper, said: Said) -> dict[str, Any]:
    """A letterhead is Vietnamese in either language; number and day are filled in when it is signed."""
    agency = paper.names.agencies.get(paper.issuer.agency_id)
    committee = Said("vi")("committee", province=paper.issuer.province.upper())
    year = paper.summary.end.astimezone(VIETNAM).year
    return {
        "above": _above(paper, agency, committee),
        "issuer": agency.name.upper() if agency else committee,
        "number": "Số:            /BC-……",
        "place_date": Said("vi")("place_date", place=paper.issuer.place, year=year),
        "recipients": [said("to_committee"), said("to_others"), said("to_file")],
        "signer": said("post_commune" if agency is None or agency.kind == "commune_office" else "post").split("\n"),
    }


def _above(paper: Paper, agency: Agency | None, committee: str) -> str:
    """The body that the issuer belongs to; a commune's committee has none on its paper."""
    if agency is None or agency.kind == "commune_office":
        return ""
    parent = paper.names.agencies.get(agency.parent_id or "")
    if parent is not None:
        return parent.name.upper()
    return committee if agency.kind in _OF_THE_PROVINCE else ""


def scope(paper: Paper, said: Said) -> list[str]:
    """From when until when, and the filters in words."""
    found = paper.summary
    chosen = "; ".join(f"{name[:1].lower()}{name[1:]}: {what}" for name, what in found.filters)
    return [
        said("span", start=when(found.start), end=when(found.end)),
        said("scope", filters=chosen) if chosen else said("scope_all"),
    ]


def footer(paper: Paper, said: Said) -> str:
    """From what question, known when, by which rules: asking the same again gives the same paper."""
    found = paper.summary
    words = said("foot", as_of=when(found.as_of), version=found.rule_set, question=unquote_plus(found.query))
    if found.read_at < found.as_of:
        words += " " + said("foot_behind", read_at=when(found.read_at))
    return words
