"""Lengths of time in words. Pure."""

from datetime import timedelta

from app.i18n import Lang, t

_DAY = timedelta(days=1)


def span(length: timedelta, lang: Lang, *, office_day: timedelta | None = None) -> str:
    """The two largest units: "3 ngày 4 giờ", "1 giờ 20 phút", "5 phút"; less than a minute counts as one.

    With ``office_day``, the length of a working day, it is office time: "1 ngày 2 giờ làm việc".
    """
    days, rest = divmod(length, office_day or _DAY)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    parts = [("days", days), ("hours", hours), ("minutes", minutes)]
    first = next((place for place, (_, count) in enumerate(parts) if count), None)
    shown = [("minutes", 1)] if first is None else [part for part in parts[first : first + 2] if part[1]]
    said = " ".join(t(f"case.{unit}_{'one' if count == 1 else 'many'}", lang, count=count) for unit, count in shown)
    return t("case.office_span", lang, span=said) if office_day else said
