"""What is known of the photos that prove a result, in words. Whether that is enough, people decide."""

from typing import Literal

from msgspec import Struct

from app.accounts.model import Actor
from app.attachments.model import Attachment
from app.casefile.words import when
from app.i18n import Lang, t
from app.reports.proof import FAR_METRES, LONG_AGO, PhotoFacts, Used

Sign = Literal["good", "odd", "unknown"]


class Line(Struct, frozen=True):
    """One fact. ``sign``: whether it speaks for the photo, is odd, or cannot be known."""

    sign: Sign
    text: str


def may_know_codes(reader: Actor) -> bool:
    """Another report in which a photo was seen is named to those who see every report; to others it is just another
    one."""
    return reader.sees_all and not reader.categories and not reader.communes


def lines(photo: PhotoFacts, reader: Actor, lang: Lang) -> list[Line]:
    """When it was taken, where, and whether it was seen before."""
    at = when(photo.taken_at) if photo.taken_at else ""
    taken = t(f"proof.taken_{photo.taken}", lang, at=at, days=LONG_AGO.days)
    where = t(f"proof.where_{photo.where}", lang, far=distance_words(photo.metres or 0, lang), most=FAR_METRES)
    signs: dict[str, Sign] = {"fits": "good", "near": "good", "unknown": "unknown"}
    said = [Line(signs.get(photo.taken, "odd"), taken), Line(signs.get(photo.where, "odd"), where)]
    if not photo.used:
        return [*said, Line("good", t("proof.unused", lang))]
    # Several reports that may not be named are said once.
    uses = dict.fromkeys(_used(used, may_know_codes(reader), lang) for used in photo.used)
    return [*said, *(Line("odd", text) for text in uses)]


def _used(used: Used, known: bool, lang: Lang) -> str:
    how = f"{used.how}_alike" if used.how in ("same_as_before", "used_earlier") and not used.same else used.how
    which = t("proof.report_named", lang, code=used.code) if known else t("proof.report_other", lang)
    return t(f"proof.{how}", lang, which=which)


def size_words(file: Attachment, lang: Lang) -> str:
    """ "PDF, 3 trang, 0,4 MB"."""
    kind = "PDF" if file.kind == "document" else t("proof.picture", lang)
    size = f"{max(0.1, file.size_bytes / 2**20):.1f} MB"
    pages = [t("proof.pages", lang, pages=file.pages)] if file.pages else []
    return ", ".join([kind, *pages, size.replace(".", ",") if lang == "vi" else size])


def distance_words(metres: int, lang: Lang) -> str:
    """ "85 m", "1,4 km"."""
    if metres < 1000:
        return f"{metres} m"
    written = f"{metres / 1000:.1f}"
    return f"{written.replace('.', ',') if lang == 'vi' else written} km"
