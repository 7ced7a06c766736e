"""The kinds of file there are."""

from msgspec import Struct


class Maker(Struct, frozen=True):
    """``module`` has ``write(making: Making, rows: Iterable[list[Row]], path: Path)`` and is imported by the process
    that writes the file alone (``app.exports.worker``). ``lists``: the reports received are in it; ``figures``: the
    figures are (``Making.summary``); ``ids``: for programs, which want ids beside names;
    ``paper``: it is a page, whose texts are given (``Making.page``)."""

    extension: str
    content_type: str
    module: str
    lists: bool = True
    figures: bool = False
    ids: bool = False
    paper: bool = False


FORMATS: dict[str, Maker] = {
    "xlsx": Maker(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "app.exports.xlsx", figures=True
    ),
    "pdf": Maker("pdf", "application/pdf", "app.exports.pdf_file", lists=False, figures=True, paper=True),
    "csv": Maker("csv", "text/csv", "app.exports.csv_file"),
    "geojson": Maker("geojson", "application/geo+json", "app.exports.geojson", ids=True),
    "parquet": Maker("parquet", "application/vnd.apache.parquet", "app.exports.parquet", ids=True),
}
"""In the order in which they are offered. What is written by ``python -m app.exports.worker`` gets no secrets."""
