"""What an import found, fixed and left out, for a person to read."""

from msgspec import Struct

from app.i18n import Lang, t

_EXAMPLES = 5


class ImportReport(Struct, frozen=True):
    """``left_out``, ``fixed`` and ``noticed``: what was met → the units it happened to. The names of what was met are
    those of the texts ``places.left_<name>``, ``places.fixed_<name>`` and ``places.noticed_<name>``.

    ``features``: in the file. ``taken``: communes that now have a boundary. ``by_centre``: communes of the embedded
    list that still go by their centre. ``provinces``: names of those the file covers. ``vertices``: of all boundaries.
    """

    source: str
    features: int
    taken: int
    by_centre: int
    vertices: int
    provinces: tuple[str, ...]
    left_out: dict[str, tuple[str, ...]]
    fixed: dict[str, tuple[str, ...]]
    noticed: dict[str, tuple[str, ...]]

    def lines(self, lang: Lang) -> list[str]:
        """One sentence each: the outcome, then what was left out, fixed and noticed, with up to five examples."""
        told = [
            t("places.report_taken", lang, source=self.source, features=self.features, taken=self.taken),
            t("places.report_provinces", lang, count=len(self.provinces), names=_some(self.provinces, lang)),
        ]
        if self.by_centre:
            told.append(t("places.report_by_centre", lang, count=self.by_centre))
        for group, met in (("left", self.left_out), ("fixed", self.fixed), ("noticed", self.noticed)):
            for name, units in met.items():
                told.append(t(f"places.{group}_{name}", lang, count=len(units), names=_some(units, lang)))
        return told


def _some(units: tuple[str, ...], lang: Lang) -> str:
    shown = "; ".join(units[:_EXAMPLES])
    rest = len(units) - _EXAMPLES
    return f"{shown}; {t('places.report_more', lang, count=rest)}" if rest > 0 else shown
