"""Figures as people read them."""

from app.i18n import Lang, t
from app.stats.measures import Figure

NONE = "–"
"""A figure that has no meaning, as a share of nothing has none."""


def number(n: float, lang: Lang, digits: int = 0) -> str:
    """1.234,5 in Vietnamese, 1,234.5 in English."""
    said = f"{n:,.{digits}f}"
    return said if lang == "en" else said.translate({ord(","): ".", ord("."): ","})


def written(figure: Figure, value: float | None, lang: Lang) -> str:
    """ "12,5 %", "3,2 giờ", "1.234", and "–" for None."""
    if value is None:
        return NONE
    match figure.unit:
        case "reports":
            return number(value, lang)
        case "percent":
            return f"{number(value, lang, 1)} %" if lang == "vi" else f"{number(value, lang, 1)}%"
        case "hours":
            return t("stats.hours", lang, n=number(value, lang, 1))
        case "days":
            return t("stats.days", lang, n=number(value, lang, 1))
