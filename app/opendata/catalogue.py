"""What is published, for catalogues of open data: DCAT 3 as JSON-LD."""

from typing import Any

from app.i18n import LANGS, t
from app.opendata.model import FORMATS, LICENCES, Version, month_after
from app.opendata.service import Published
from app.places.gazetteer import Gazetteer

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "gsp": "http://www.opengis.net/ont/geosparql#",
}
_MONTHLY = "http://publications.europa.eu/resource/authority/frequency/MONTHLY"
_IANA = "https://www.iana.org/assignments/media-types/"


def catalogue(found: Published, gazetteer: Gazetteer, province_code: str, root: str) -> dict[str, Any]:
    """``root``: the address below which everything lies, such as ``https://…/opendata``."""
    licence, publisher = LICENCES[found.settings.licence], found.settings.publisher
    common = {
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": publisher},
        "dct:license": {"@id": licence},
        "dct:language": ["vi", "en"],
        "dct:spatial": _place(gazetteer, province_code),
    }
    made = [version.made_at for version in found.versions]
    series = {
        "@id": f"{root}#series",
        "@type": "dcat:DatasetSeries",
        "dct:title": _said("title"),
        "dct:description": _said("description"),
        "dct:accrualPeriodicity": {"@id": _MONTHLY},
        **common,
    }
    return {
        "@context": CONTEXT,
        "@id": f"{root}/catalog.jsonld",
        "@type": "dcat:Catalog",
        "dct:title": _said("catalogue"),
        "dct:description": _said("description"),
        "foaf:homepage": {"@id": root},
        **common,
        **({"dct:issued": _moment(min(made)), "dct:modified": _moment(max(made))} if made else {}),
        "dcat:dataset": [series, *(_dataset(version, common, root, licence) for version in found.versions)],
    }


def _dataset(version: Version, common: dict[str, Any], root: str, licence: str) -> dict[str, Any]:
    told = version.told
    return {
        "@id": f"{root}#{version.key}",
        "@type": "dcat:Dataset",
        "dct:identifier": version.key,
        "dct:title": _said("month_title", month=f"{version.month:%m/%Y}"),
        "dct:description": _said("description"),
        "dcat:inSeries": {"@id": f"{root}#series"},
        "dcat:version": str(version.version),
        "dct:issued": _moment(version.made_at),
        "dct:modified": _moment(version.made_at),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _day(f"{version.month:%Y-%m-%d}"),
            "dcat:endDate": _day(f"{month_after(version.month):%Y-%m-%d}"),
        },
        "dcat:keyword": [{"@value": t("opendata.keyword", lang), "@language": lang} for lang in LANGS],
        "dct:provenance": {
            "@type": "dct:ProvenanceStatement",
            "rdfs:label": _said(
                "provenance", k=version.options.k, generalised=told.generalised, withheld=told.withheld
            ),
        },
        **common,
        "dcat:distribution": [
            {
                "@id": f"{root}/{version.key}.{kind}",
                "@type": "dcat:Distribution",
                "dct:title": f"{version.key}.{kind}",
                "dcat:accessURL": {"@id": root},
                "dcat:downloadURL": {"@id": f"{root}/{version.key}.{kind}"},
                "dcat:mediaType": {"@id": _IANA + media},
                "dcat:byteSize": {"@value": str(version.files[kind].size), "@type": "xsd:nonNegativeInteger"},
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": {"@value": version.files[kind].sha256, "@type": "xsd:hexBinary"},
                },
                "dct:license": {"@id": licence},
                "dct:issued": _moment(version.made_at),
                "dct:modified": _moment(version.made_at),
            }
            for kind, media in FORMATS.items()
            if kind in version.files
        ],
    }


def _said(name: str, **params: object) -> list[dict[str, str]]:
    return [{"@value": t(f"opendata.{name}", lang, **params), "@language": lang} for lang in LANGS]


def _moment(at: Any) -> dict[str, str]:
    return {"@value": at.isoformat(timespec="seconds"), "@type": "xsd:dateTime"}


def _day(day: str) -> dict[str, str]:
    return {"@value": day, "@type": "xsd:date"}


def _place(gazetteer: Gazetteer, province_code: str) -> dict[str, Any]:
    """The province, with the box around the middles of its communes."""
    inside = [commune for commune in gazetteer.communes if commune.province_code == province_code]
    west, east = min(c.lon for c in inside), max(c.lon for c in inside)
    south, north = min(c.lat for c in inside), max(c.lat for c in inside)
    corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
    ring = ", ".join(f"{lon:.4f} {lat:.4f}" for lon, lat in corners)
    return {
        "@type": "dct:Location",
        "dct:identifier": province_code,
        "skos:prefLabel": {"@value": inside[0].province_name, "@language": "vi"},
        "dcat:bbox": {"@value": f"POLYGON(({ring}))", "@type": "gsp:wktLiteral"},
    }
