"""What the groups of an answer are called."""

from collections.abc import Mapping

from msgspec import Struct

from app.accounts import service as accounts
from app.accounts.model import Agency
from app.db import Conn
from app.i18n import Lang, t
from app.places.gazetteer import Gazetteer
from app.routing.ruleset import RuleSet
from app.stats.model import By


class Names(Struct, frozen=True):
    """Of agencies (closed ones too), categories, communes and channels, as they are called now."""

    rules: RuleSet
    gazetteer: Gazetteer
    agencies: Mapping[str, Agency]

    def of(self, by: By, key: str, lang: Lang) -> str:
        """What nobody knows any more is its own id."""
        match by:
            case "agency":
                agency = self.agencies.get(key)
                if agency is None:
                    return key or t("stats.the_desk", lang)
                return (agency.name_en if lang == "en" else "") or agency.name
            case "category":
                category = self.rules.categories.get(key)
                if category is None:
                    return key
                return category.name_en if lang == "en" else category.name
            case "commune":
                commune = self.gazetteer.commune(key) if key else None
                return commune.full_name if commune else key or t("stats.no_commune", lang)
            case "channel":
                return t(f"console.channel_{key}", lang)


async def names(conn: Conn, rules: RuleSet, gazetteer: Gazetteer) -> Names:
    """One statement."""
    return Names(rules, gazetteer, {agency.agency_id: agency for agency in await accounts.agencies(conn)})
