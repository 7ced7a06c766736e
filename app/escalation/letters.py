"""What stands in a mail to staff. Pure.

Codes, matters, communes and deadlines: nothing of what people wrote, nor of who wrote it.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from app.i18n import Lang, t
from app.notify.mail import Line, Mail
from app.notify.staff_cards import category_name
from app.notify.templates import when
from app.reports.model import Report, Status
from app.routing.ruleset import RuleSet

_LISTED = 50


class Letter(Struct, frozen=True):
    """A mail without an address."""

    subject: str
    lines: tuple[Line, ...]
    lang: Lang
    list_id: str

    def to(self, address: str, name: str, at: datetime) -> Mail:
        return Mail(
            to=address,
            subject=self.subject,
            lines=self.lines,
            name=name,
            lang=self.lang,
            at=at,
            list_id=self.list_id,
        )


def clock_of(kind: str) -> str:
    """``warned_handling_80`` and ``warned_handling_100`` are about the same thing."""
    return kind.rpartition("_")[0] if kind.startswith("warned_") else kind


def due_of(kind: str, report: Report) -> datetime | None:
    """The deadline that a message of this kind is about, as it is now."""
    match clock_of(kind):
        case "warned_intake":
            return report.intake_due_at
        case "warned_first_answer":
            return report.first_answer_due_at
        case "warned_direction" | "directed":
            return report.directed_due_at
    return report.due_at if report.status not in (Status.SUBMITTED, Status.RECEIVED) else report.intake_due_at


def link(public_url: str, code: str) -> str:
    return f"{public_url}/console/reports/{code}"


def warnings(rules: RuleSet, lang: Lang, items: Sequence[tuple[str, Report]], public_url: str) -> Letter:
    """``items``: what kind of message about which report."""
    kind, first = items[0]
    subject = f"{first.code}: {t(f'officers.{kind}', lang)}"
    if len(items) > 1:
        subject = t("escalation.mail_many", lang, count=len(items))
    lines = [] if len(items) == 1 else [Line(t("escalation.mail_head", lang))]
    lines += [_about(rules, lang, kind, report, public_url) for kind, report in items[:_LISTED]]
    if len(items) > _LISTED:
        lines.append(Line(t("escalation.more", lang, count=len(items) - _LISTED), f"{public_url}/console/notices"))
    lines.append(Line(t("escalation.mail_foot", lang), f"{public_url}/console/account/channels"))
    return Letter(subject, tuple(lines), lang, "warnings")


def _about(rules: RuleSet, lang: Lang, kind: str, report: Report, public_url: str) -> Line:
    place = f" – {report.commune_name}" if report.commune_name else ""
    urgent = t("officers.urgent", lang) if report.urgency == "urgent" else ""
    said = [
        f"{report.code} · {urgent}{t(f'officers.{kind}', lang)}",
        f"{category_name(rules, report.category, lang)}{place}",
    ]
    due = due_of(kind, report)
    status = t(f"reports.status_{report.status}", lang)
    if due is not None:
        said.append(t("escalation.mail_due", lang, due=when(due), status=status))
    return Line("\n".join(said), link(public_url, report.code))
