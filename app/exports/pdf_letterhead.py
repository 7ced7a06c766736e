"""Head and foot of the administrative report: whose it is, what it covers, where the figures come from. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from app.accounts.model import Agency
from app.exports.pdf_model import Paper, Said
from app.i18n import Lang
from app.routing.calendar import VIETNAM
from app.stats.asked import FILTERS
from app.stats.model import By

_NAMED = 6
"""Names said of a filter; the question in the footer has them all."""
_OF_THE_PROVINCE = frozenset({"operations_centre", "department"})
_BYS: tuple[By, ...] = ("agency", "category", "commune", "channel")


def when(moment: datetime) -> str:
    return f"{moment.astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def period_words(paper: Paper) -> str:
    """As it stands inside a sentence."""
    title = paper.asked.period.title(paper.lang)
    return title[:1].lower() + title[1:] if paper.lang == "vi" else title


def letterhead(paper: Paper, said: Said) -> dict[str, Any]:
    """A letterhead is Vietnamese in either language; number and day are filled in when it is signed."""
    agency = paper.names.agencies.get(paper.issuer.agency_id)
    committee = Said("vi")("committee", province=paper.issuer.province.upper())
    year = paper.asked.period.end.astimezone(VIETNAM).year
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
    period = paper.asked.period
    filters = [_filter(paper, said, by, getattr(paper.asked, FILTERS[by])) for by in _BYS]
    chosen = "; ".join(each for each in filters if each)
    return [
        said("span", start=when(period.start), end=when(period.end)),
        said("scope", filters=chosen) if chosen else said("scope_all"),
    ]


def _filter(paper: Paper, said: Said, by: By, keys: Sequence[str]) -> str:
    if not keys:
        return ""
    names = ", ".join(paper.names.of(by, key, paper.lang) for key in keys[:_NAMED])
    if len(keys) > _NAMED:
        names = said("and_more", names=names, count=len(keys) - _NAMED)
    return said(f"filter_{by}", names=names)


def footer(paper: Paper, said: Said) -> str:
    """From what question, known when, by which rules: asking the same again gives the same paper."""
    words = said("foot", as_of=when(paper.as_of), version=paper.rules_version, question=paper.asked.query())
    if paper.read_at < paper.as_of:
        words += " " + said("foot_behind", read_at=when(paper.read_at))
    return words


