"""What is sealed for a browser, and how a push service knows us: against the RFCs' own examples and receivers."""

import json

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from app.errors import Invalid
from app.notify import sealing
from app.notify.model import Glance
from app.notify.push import payload
from app.notify.sealing import seal
from app.notify.vapid import Vapid, public_key
from app.reports.pushing import read_keys
from tests.browser_keys import Browser, claims, plain, written
from tests.receiver import Got

# RFC 8291, section 5 and appendix A.
RFC_TEXT = b"When I grow up, I want to be a watermelon"
RFC_SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RFC_AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
RFC_SALT = "DGv6ra1nlYgDCS1FRnbzlw"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
    "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
SECRET = b"k" * 40


def test_the_rfcs_example_is_sealed_as_in_the_rfc_and_read_by_its_receiver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_STEP", 1)  # the RFC fills nothing up
    browser = Browser(RFC_RECEIVER, RFC_AUTH)
    sender = ec.derive_private_key(int.from_bytes(plain(RFC_SENDER)), ec.SECP256R1())
    sealed = seal(RFC_TEXT, browser.public, browser.auth, sender=sender, salt=plain(RFC_SALT))
    assert written(sealed) == RFC_BODY
    assert browser.reads(sealed) == RFC_TEXT


def test_only_the_browser_that_it_is_for_reads_it_and_its_length_tells_nothing() -> None:
    one, other = Browser(), Browser()
    texts = [b"PA-7K3M-9QX2", b"x" * 200]
    bodies = [seal(text, *read_keys(**one.keys)) for text in texts]
    assert [one.reads(body) for body in bodies] == texts
    assert len({len(body) for body in bodies}) == 1
    assert bodies[0] != seal(texts[0], one.public, one.auth), "never twice the same"
    with pytest.raises(InvalidTag):
        other.reads(bodies[0])
    with pytest.raises(InvalidTag):
        one.reads(bodies[0][:-1] + bytes([bodies[0][-1] ^ 1]))


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        (written(b"\x04" + bytes(64)), RFC_AUTH),  # no point of the curve
        (written(Browser().public)[:-4], RFC_AUTH),
        (written(Browser().public), written(b"x" * 15)),
        (written(Browser().public), "ờ"),
        (written(Browser().public) + "!", RFC_AUTH),
    ],
    ids=["none", "off the curve", "cut short", "another length", "no letters of base64", "one sign more"],
)
def test_keys_that_are_none_are_refused_before_anything_is_kept(p256dh: str, auth: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_keys(p256dh, auth)
    assert refused.value.problems[0].key == "push.keys_wrong"


def test_a_push_service_knows_us_by_the_key_that_browsers_subscribe_with() -> None:
    address, now = "https://fcm.googleapis.com/fcm/send/abc?x=1", 1_800_000_000.0
    vapid = Vapid(SECRET, "mailto:phananh@camau.gov.vn")
    got = Got({"authorization": vapid.authorization(address, now)}, b"")
    assert claims(got, public_key(SECRET)) == {
        "aud": "https://fcm.googleapis.com",
        "exp": int(now) + 12 * 3600,
        "sub": "mailto:phananh@camau.gov.vn",
    }
    assert len(plain(public_key(SECRET))) == 65
    # Every process has the same key without asking anybody; another system has another.
    assert public_key(SECRET) == Vapid(SECRET).public != public_key(b"other" * 8)
    forged = got.headers["authorization"].replace("t=ey", "t=eyB", 1)
    with pytest.raises(InvalidSignature):
        claims(Got({"authorization": forged}, b""), public_key(SECRET))


def test_a_signature_serves_for_hours_for_one_service_and_is_then_made_anew() -> None:
    vapid, now = Vapid(SECRET), 1_800_000_000.0
    one = vapid.authorization("https://a.example/1", now)
    assert vapid.authorization("https://a.example/2", now + 6 * 3600 - 1) == one
    assert vapid.authorization("https://b.example/1", now) != one
    assert vapid.authorization("https://a.example/1", now + 6 * 3600) != one
    assert "sub" not in claims(Got({"authorization": one}, b""), vapid.public)


def test_the_message_is_one_that_browsers_show_by_themselves_and_apps_understand() -> None:
    glance = Glance("Phản ánh PA-7K3M-9QX2", "Đã có kết quả.", "/r/PA-7K3M-9QX2", "PA-7K3M-9QX2", "resolved")
    assert json.loads(payload(glance, "https://phananh.example", "vi")) == {
        "web_push": 8030,
        "notification": {
            "title": "Phản ánh PA-7K3M-9QX2",
            "body": "Đã có kết quả.",
            "lang": "vi",
            "navigate": "https://phananh.example/r/PA-7K3M-9QX2",
            "tag": "PA-7K3M-9QX2",
        },
        "code": "PA-7K3M-9QX2",
        "status": "resolved",
    }
