"""Where it is: from a position, from words, from a photo's own record; always confirmed by its name."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from app.errors import AppError
from app.i18n.text import fold
from app.places.model import Candidate, Commune, check_point
from bot.conversation.draft import Asked, Spot
from bot.conversation.model import MapOffer, Photo
from bot.conversation.turn import Turn

Origin = Literal["sent", "photo", "words"]

_ADDRESS_MAX = 300
_ADDRESS_WORDS_MAX = 120
"""Longer words that name no place are more of the story, not an address."""


def full_name(commune: Commune) -> str:
    """As people say it: "Phường An Xuyên, Cà Mau"."""
    province = commune.province_name.removeprefix("Tỉnh ").removeprefix("Thành phố ")
    return f"{commune.full_name}, {province}"


def take_point(turn: Turn, lat: float, lon: float, *, address: str = "", origin: Origin = "sent") -> bool:
    """Propose the place at a point. False: it cannot be used, and a note says why."""
    try:
        lat, lon = check_point(lat, lon)
    except AppError as error:
        turn.note_problems(error)
        return False
    found = turn.know.gazetteer.locate(lat, lon)
    spot = _spot(turn, found.candidates, origin)
    if spot is None:
        _note_elsewhere(turn, found.candidates)
        return False
    turn.change(spot=msgspec.structs.replace(spot, lat=lat, lon=lon, address=address[:_ADDRESS_MAX]))
    return True


def take_photo_place(turn: Turn, photos: Iterable[Photo]) -> None:
    """A picture sent as a file may know where it was taken; offered only while nothing better is known."""
    for photo in photos:
        if turn.draft.spot is not None:
            return
        if photo.photo.lat is not None and photo.photo.lon is not None:
            notes = turn.draft.notes
            if not take_point(turn, photo.photo.lat, photo.photo.lon, origin="photo"):
                # The person did not send this place; why the camera's is of no use is not their trouble.
                turn.change(notes=notes)


def find_in_words(turn: Turn, text: str) -> bool:
    """Propose the place that a description names, if it names one of ours."""
    spot = _spot(turn, _search(turn, text), "words")
    if spot is not None:
        turn.change(spot=spot)
    return spot is not None


def take_address(turn: Turn, text: str) -> bool:
    """The answer to "where?": an address, old or new. False: it reads like more of the story."""
    before = turn.draft.spot
    address = _joined(before.address if before else "", text)
    found = _search(turn, text) or _search(turn, address)
    if before and found and any(fold(text) in fold(c.commune.full_name) for c in found):
        # Nothing but the commune's name: it says no more than the commune itself.
        address = before.address
    spot = _spot(turn, found, "words")
    if spot is None and found:
        _note_elsewhere(turn, found)
        return True
    if spot is None and len(text) > _ADDRESS_WORDS_MAX:
        return False
    spot = spot or Spot(origin="words")
    if before is not None:
        spot = msgspec.structs.replace(spot, lat=before.lat, lon=before.lon)
    turn.change(spot=msgspec.structs.replace(spot, address=address[:_ADDRESS_MAX]))
    return True


def ask_place(turn: Turn) -> None:
    spot = turn.draft.spot
    turn.change(asked=Asked.PLACE)
    if spot is None:
        on_map = MapOffer(turn.t("ask_map"), turn.t("choose_on_map"))
        turn.say_text(turn.t("ask_place"), place_button=turn.t("send_place"), map_offer=on_map)
        return
    key = "ask_commune_of" if spot.address else "ask_commune"
    turn.say(key, ((turn.choice("commune_unknown", "d1|nocommune"),),), address=spot.address)


def ask_spot(turn: Turn, spot: Spot) -> None:
    """Name the place and have it confirmed, or have one of up to three chosen."""
    turn.change(asked=Asked.SPOT)
    if spot.commune:
        rows = ((turn.choice("spot_yes", "d1|ok"), turn.choice("spot_no", "d1|no")),)
        turn.say(f"ask_spot_{spot.origin}", rows, place=spot.name)
        return
    choices = [(turn.choice("place_choice", f"d1|p|{code}", place=name),) for code, name in spot.nearby]
    turn.say(f"choose_spot_{spot.origin}", (*choices, (turn.choice("spot_none", "d1|no"),)))


def confirm_spot(turn: Turn, code: str = "") -> None:
    """The person said yes, or named one commune by its code."""
    spot = turn.draft.spot or Spot()
    commune = turn.know.gazetteer.commune(code or spot.commune)
    if commune is not None:
        name = full_name(commune)
        turn.change(spot=msgspec.structs.replace(spot, commune=commune.code, name=name, nearby=(), confirmed=True))


def refuse_spot(turn: Turn) -> None:
    """The person said no. A position they sent stays when only the commune was in doubt: it is still where it is."""
    spot = turn.draft.spot
    if spot is not None and spot.nearby and spot.lat is not None and spot.origin == "sent":
        turn.change(spot=Spot(lat=spot.lat, lon=spot.lon, address=spot.address))
    else:
        turn.change(spot=None)


def settle_without_commune(turn: Turn) -> None:
    """Nobody knows the commune: the words or the position go to the coordinators as they are."""
    spot = turn.draft.spot
    if spot is not None:
        name = spot.address or turn.t("place_on_map")
        turn.change(spot=msgspec.structs.replace(spot, name=name, commune="", nearby=(), confirmed=True))


def _search(turn: Turn, text: str) -> tuple[Candidate, ...]:
    return turn.know.gazetteer.search(text, default_province_code=turn.know.rules.province_code)


def _spot(turn: Turn, candidates: tuple[Candidate, ...], origin: Origin) -> Spot | None:
    """The candidates of the home province as a place to confirm; None when there are none."""
    ours = [c for c in candidates if c.commune.province_code == turn.know.rules.province_code]
    if not ours:
        return None
    first = ours[0].commune
    # One single reading is asked about by name even where it is not certain; several are offered for choice.
    if len(ours) == 1 or not ours[0].approximate:
        return Spot(commune=first.code, name=full_name(first), origin=origin)
    return Spot(nearby=tuple((c.commune.code, full_name(c.commune)) for c in ours), origin=origin)


def _note_elsewhere(turn: Turn, candidates: tuple[Candidate, ...]) -> None:
    if not candidates:
        turn.note("place_unknown")
        return
    commune = candidates[0].commune
    turn.note("reports.other_province", place=commune.full_name, province=commune.province_name)


def _joined(before: str, text: str) -> str:
    line = " ".join(text.split())
    return f"{before}, {line}" if before and line.casefold() not in before.casefold() else line or before
