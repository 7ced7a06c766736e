"""Map links as people's phones share them: read without any network, the pin before the view."""

import pytest

from app.places.model import find_map_link

CA_MAU = (9.1768, 105.1524)
P = "9.1768,105.1524"


@pytest.mark.parametrize(
    "link",
    [
        f"https://www.google.com/maps/@{P},17z",
        f"https://www.google.com/maps/@{P},17z?entry=ttu",
        f"https://www.google.com.vn/maps/@{P},3a,75y,90t/data=!3m6!1e1",
        f"https://maps.google.com/?q={P}",
        f"http://maps.google.com/maps?q={P}&z=16",
        "https://maps.google.com/maps?q=9.1768%2C105.1524&ll=9.1,105.1",
        "https://www.google.com/maps?q=9.1768,+105.1524",
        f"https://www.google.com/maps?q=loc:{P}",
        f"https://maps.google.com/maps?q={P}(Nh%C3%A0%20t%C3%B4i)",
        f"https://www.google.com/maps/search/?api=1&query={P}",
        "https://www.google.com/maps/search/?api=1&query=9.1768%2C105.1524&query_place_id=ChIJ",
        f"https://www.google.com/maps/dir/?api=1&destination={P}",
        f"https://maps.google.com/maps?daddr={P}",
        f"https://www.google.com/maps/place/{P}",
        "https://www.google.com/maps/place/9.1768,+105.1524/@9.1,105.1,15z",
        f"https://www.google.com/maps/search/{P}/",
        f"https://www.google.com/maps/dir//{P}/@9.1,105.1,15z",
        "https://www.google.com/maps/place/Ch%E1%BB%A3+C%C3%A0+Mau/@9.1,105.1,15z/data=!3m1!4b1!4m6!3m5!1s0x31:0x1!8m2!3d9.1768!4d105.1524!16s",
        "https://www.google.com/maps/place/X/@9.1,105.1,15z/data=%213m1%214b1%218m2%213d9.1768%214d105.1524",
        f"https://maps.apple.com/?ll={P}&q=Ch%E1%BB%A3",
        f"https://maps.apple.com/?q=Nha&sll=9.1,105.1&ll={P}",
        f"https://maps.apple.com/place?coordinate={P}&name=X",
        "https://www.openstreetmap.org/?mlat=9.1768&mlon=105.1524#map=17/9.1000/105.1000",
        "https://www.openstreetmap.org/#map=17/9.1768/105.1524",
        "https://www.openstreetmap.org/node/5#map=17/9.1768/105.1524&layers=N",
        f"https://www.waze.com/ul?ll={P}&navigate=yes",
        "https://www.bing.com/maps?cp=9.1768~105.1524&lvl=16",
        f"geo:{P}",
        f"geo:{P}?z=17",
        f"geo:{P};u=35",
        f"geo:0,0?q={P}(C%C3%A2y%20ng%C3%A3)",
        f"GEO:{P}",
    ],
)
def test_a_link_that_carries_coordinates_is_a_place(link: str) -> None:
    found = find_map_link(f"Chỗ này: {link} nhé")
    assert found is not None
    assert (found.written, found.point) == (link, CA_MAU)


@pytest.mark.parametrize(
    "link",
    [
        "https://maps.app.goo.gl/3kQz7hVtYw2",
        "https://goo.gl/maps/abcDEF123",
        "https://www.google.com/maps/place/Ch%E1%BB%A3+C%C3%A0+Mau",
        "https://maps.google.com/?cid=1234567890",
        "https://maps.google.com/?q=Ch%E1%BB%A3+C%C3%A0+Mau",
        "https://maps.apple.com/?q=Ch%E1%BB%A3",
        "https://osm.org/go/abc",
        "geo:0,0?q=Ch%E1%BB%A3",
        "geo:0,0",
    ],
)
def test_a_map_link_without_coordinates_is_known_for_one(link: str) -> None:
    found = find_map_link(link)
    assert found is not None
    assert (found.written, found.point) == (link, None)


@pytest.mark.parametrize(
    "text",
    ["", "Đèn đường hỏng", "https://baocamau.vn/tin-123.html", "https://facebook.com/maps-ca-mau", "https://[", "http://",
     "https://google.com/search?q=den+duong", "https://drive.google.com/file/d/1", "geo: 9.17", "địa lý geo:abc là gì"],
)  # fmt: skip
def test_other_addresses_are_no_places(text: str) -> None:
    found = find_map_link(text)
    assert found is None or (found.point is None and found.written.startswith("geo:"))


def test_of_two_links_the_one_that_can_be_read_counts() -> None:
    found = find_map_link(f"https://maps.app.goo.gl/abc hoặc https://maps.google.com/?q={P}.")
    assert found is not None
    assert found.point == CA_MAU


def test_punctuation_behind_a_link_is_not_part_of_it() -> None:
    found = find_map_link(f"(https://maps.google.com/?q={P}), gần chợ")
    assert found is not None
    assert found.written == f"https://maps.google.com/?q={P}"
