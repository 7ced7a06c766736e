"""Why a report was sent where it was sent: the decision of its intake explained by the very rules that made it."""

from msgspec import Struct

from app.db import Pool
from app.history import service as history
from app.history.model import Event, Kind
from app.i18n.text import fold
from app.places.gazetteer import Gazetteer
from app.reports import service as reports
from app.reports.model import Report
from app.routing import service as routing
from app.routing.explain import Explanation
from app.routing.model import COMMUNE_KINDS, Facts
from app.routing.ruleset import RuleSet


class Hindsight(Struct, frozen=True):
    """``decided_by``: the rule that the history names. Where ``explanation`` names another one, the words have been
    erased, or the places have changed since."""

    rules: RuleSet
    explanation: Explanation
    decided_by: str

    @property
    def still_so(self) -> bool:
        return self.explanation.decision.rule_id == self.decided_by


async def explain_intake(pool: Pool, gazetteer: Gazetteer, code: str) -> Hindsight:
    """Raises NotFound for a code that no report has. What people changed later is left out; of a part, the intake of
    the whole is explained."""
    report = await reports.find(pool, code)
    async with pool.acquire() as conn:
        if report.part_of is not None:
            report = await reports.get(conn, report.part_of)
        events = await history.of_report(conn, report.report_id)
    decided = events[0].data.get("proposed") or events[1].data
    rules = await routing.load_version(pool, decided["rule_set"])
    return Hindsight(rules, rules.explain(_facts_then(report, events[0], gazetteer)), decided["rule"])


def _facts_then(report: Report, submitted: Event, gazetteer: Gazetteer) -> Facts:
    """The report as it came in: its category and place may have been corrected since."""
    assert submitted.kind == Kind.SUBMITTED
    code = submitted.data["commune"]
    commune = gazetteer.commune(code) if code else None
    return Facts(
        at=submitted.at,
        category=submitted.data["category"],
        commune_code=code,
        commune_name=commune.full_name if commune else "",
        commune_kind=next((kind for kind in COMMUNE_KINDS if commune and kind == commune.kind), None),
        province_code=commune.province_code if commune else None,
        text_folded=fold(report.body),
        channel=report.channel,
        has_photo=bool(submitted.data["photos"]),
        reporter_kind=report.reporter_kind,
        lat=report.lat,
        lon=report.lon,
        answers=report.answers,
    )
