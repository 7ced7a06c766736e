"""``phananh import open311``: what another system's server gives to everybody."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from app.cli.common import Language, fail
from app.cli.importing import Contacts, Go, Here, Mapped, Refused, Watch, done_here, import_cli, mapped, table_of, take
from app.i18n import Lang, t

__all__ = ["import_cli"]

if TYPE_CHECKING:
    from app.importing.model import Source
    from app.importing.open311 import Wanted

_FOLDER = "imports"


class _Typed(Struct, frozen=True):
    address: str
    map_file: Path | None
    options: dict[str, Any]
    folder: Path | None

    def wanted(self, here: Here) -> "Wanted":
        """Raises Invalid."""
        from app.importing.open311 import Wanted

        return Wanted(
            address=self.address,
            said=mapped(self.map_file),
            beside=self.map_file.parent if self.map_file else Path(),
            folder=self.folder or here.settings.home / _FOLDER,
            **self.options,
        )


@import_cli.command("open311")
def import_open311(
    address: Annotated[
        str, typer.Argument(help="Of a GeoReport v2 server; or a file of its refused rows.", show_default=False)
    ],
    map: Mapped = None,  # noqa: A002  # its name in the shell
    columns: Annotated[bool, typer.Option("--columns", help="Propose a mapping for this server and stop.")] = False,
    first: Annotated[str, typer.Option("--from", help="The first day. Default: all there is.")] = "",
    last: Annotated[str, typer.Option("--to", help="The last day. Default: today.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Pull all of it anew, not only what is new.")] = False,
    go: Go = False,
    with_contacts: Contacts = False,
    spool: Annotated[
        Path | None, typer.Option("--spool", help="Folder for what is pulled. Default: imports in the home folder.")
    ] = None,
    refused: Refused = None,
    lang: Language = "vi",
) -> None:
    """All requests of an Open311 server (GeoReport v2), read by a mapping file (docs/import.md)."""
    options = {"first": first, "last": last, "again": again, "with_contacts": with_contacts}
    typed = _Typed(address, map, options, spool)
    if columns:
        typer.echo(done_here(partial(_proposed, typed, lang), lang), nl=False)
        return
    if map is None:
        raise fail([t("importing.map_wanted_open311", lang, address=address)])
    file = Path(address)
    take(partial(_mended, typed, file) if file.is_file() else partial(_pulled, typed), refused, lang, go=go)


async def _proposed(typed: _Typed, lang: Lang, here: Here) -> str:
    from app.importing import open311

    return await open311.proposed(here.settings.networks, typed.wanted(here), here.known, here.names, lang)


async def _mended(typed: _Typed, file: Path, here: Here, _: Watch) -> "Source":
    from app.importing import open311

    wanted = typed.wanted(here)
    return open311.mended(table_of(file, wanted.said), wanted, here.known, here.names)


async def _pulled(typed: _Typed, here: Here, watch: Watch) -> "Source":
    from app.importing import open311

    def say(done: float, total: float, count: int) -> None:
        watch(done, total, "pulled", f"{count:,}")

    wanted, networks = typed.wanted(here), here.settings.networks
    return await open311.pulled(here.pool, networks, wanted, here.known, here.names, say)
