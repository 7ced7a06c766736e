"""``phananh qr``: posters that open the bot."""

import asyncio
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from app.cli.common import err, fail, out, read_settings, told
from app.settings import Settings

_COLUMNS = ("category", "commune", "place")
_MOST = 2000


def qr(
    out_file: Annotated[Path, typer.Option("--out", help="The PDF to write.")],
    category: Annotated[str | None, typer.Option(help="A category's id: what reports from here are about.")] = None,
    commune: Annotated[str | None, typer.Option(help="A commune's code: where they are.")] = None,
    place: Annotated[str | None, typer.Option(help="LAT,LON: the very spot, such as a lamp post.")] = None,
    many: Annotated[
        Path | None, typer.Option("--csv", help="One page a row; columns: category, commune, place.")
    ] = None,
    paper: Annotated[str, typer.Option(help="a5 or a4.")] = "a5",
    bot: Annotated[str | None, typer.Option(help="The bot's @name; not given, Telegram is asked.")] = None,
    zalo: Annotated[str | None, typer.Option(help="Address of the Zalo account: a second code.")] = None,
) -> None:
    """Make posters with a QR code that opens the bot, as PDF."""
    if paper not in ("a5", "a4"):
        raise fail([f"there is no paper {paper!r}; choose a5 or a4"])
    settings = read_settings()
    rows = _rows(many) if many else [(0, {"category": category, "commune": commune, "place": place})]
    with told(), Progress(console=err, transient=True) as progress:
        name = bot or asyncio.run(_name(settings))
        posters = list(_posters(settings, progress.track(rows, description="posters"), name, zalo or ""))
        from app.posters.service import render

        pdf = render(posters, "a4" if paper == "a4" else "a5")
    try:
        out_file.write_bytes(pdf)
    except OSError as error:
        raise fail([f"cannot write {out_file}: {error.strerror}"]) from None
    out.print(f"✓ {out_file}: {len(posters)} pages", highlight=False, soft_wrap=True)


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Each row with its line in the file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            unknown = [name for name in reader.fieldnames or () if name not in _COLUMNS]
            if unknown or not reader.fieldnames:
                raise fail([f"{path}: columns are {', '.join(_COLUMNS)}, not {', '.join(unknown) or 'nothing'}"])
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise fail([f"cannot read {path}: {error}"]) from None
    if not 0 < len(rows) <= _MOST or any(None in row for _, row in rows):
        raise fail([f"{path}: from 1 to {_MOST} rows, none with more values than columns"])
    return rows


def _posters(settings: Settings, rows: Any, bot: str, zalo: str) -> Iterator[Any]:
    from app.errors import AppError
    from app.i18n import t
    from app.places.service import embedded_default
    from app.posters.links import payload, telegram_link, zalo_link
    from app.posters.service import Poster
    from app.routing import service as routing

    rules, gazetteer = routing.load(settings.rules), embedded_default()
    to_zalo = zalo_link(zalo) if zalo else ""
    problems: list[str] = []
    for line, row in rows:
        wanted = {name: (row.get(name) or "").strip() for name in _COLUMNS}
        at = f"line {line}: " if line else ""
        category, commune = rules.categories.get(wanted["category"]), gazetteer.commune(wanted["commune"])
        if wanted["category"] and category is None:
            problems.append(f"{at}there is no category {wanted['category']!r}")
        if wanted["commune"] and (commune is None or commune.province_code != rules.province_code):
            problems.append(f"{at}there is no commune {wanted['commune']!r} in this province")
        try:
            start = payload(wanted["category"], wanted["commune"], _point(wanted["place"]))
            link = telegram_link(bot, start)
        except AppError as error:
            problems += [at + t(problem.key, "en", **problem.params) for problem in error.problems]
            continue
        about, where = category.name if category else "", commune.full_name if commune else ""
        yield Poster(telegram=link, zalo=to_zalo, about=about, where=where)
    if problems:
        raise fail(problems)


def _point(written: str) -> tuple[float, float] | None:
    from app.errors import Invalid
    from app.places.model import parse_coordinates

    if not written:
        return None
    found = parse_coordinates(written)
    if found is None:
        raise Invalid("places.point_not_numbers")
    return found


async def _name(settings: Settings) -> str:
    from telegram.error import TelegramError

    from bot.telegram.client import bot_of

    async with bot_of(settings) as bot:
        try:
            return str((await bot.get_me()).username)
        except TelegramError as error:
            raise fail([f"Telegram does not tell the bot's name ({error}); give it with --bot"], 1) from None
