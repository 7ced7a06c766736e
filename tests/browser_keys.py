"""A browser as Web Push knows it: keys of its own, with which it reads what was sealed for it (RFC 8291, the receiver's
side); and a push service's look at who sent it (RFC 8292). Written from the RFCs, with none of the system's own
code."""

import base64
import hashlib
import hmac
import json
import struct
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.receiver import Got


def plain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _public(number: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), number)


class Browser:
    """``private`` and ``auth``: those of the RFC's example, for instance; without, new ones."""

    def __init__(self, private: str = "", auth: str = "") -> None:
        number = int.from_bytes(plain(private))
        self._key = (
            ec.derive_private_key(number, ec.SECP256R1()) if private else ec.generate_private_key(ec.SECP256R1())
        )
        numbers = self._key.public_key().public_numbers()
        self.public = b"\x04" + numbers.x.to_bytes(32) + numbers.y.to_bytes(32)
        self.auth = plain(auth) if auth else hashlib.sha256(self.public).digest()[:16]

    @property
    def keys(self) -> dict[str, str]:
        return {"p256dh": written(self.public), "auth": written(self.auth)}

    def reads(self, body: bytes) -> bytes:
        """Raises when it was sealed for another browser, or changed on the way."""
        salt, size, length = body[:16], struct.unpack("!I", body[16:20])[0], body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(sealed) <= size, "one record, as RFC 8291 wants it"
        shared = self._key.exchange(ec.ECDH(), _public(sender))
        key_info = b"WebPush: info\x00" + self.public + sender + b"\x01"
        material = hmac.digest(hmac.digest(self.auth, shared, "sha256"), key_info, "sha256")
        drawn = hmac.digest(salt, material, "sha256")
        key = hmac.digest(drawn, b"Content-Encoding: aes128gcm\x00\x01", "sha256")[:16]
        nonce = hmac.digest(drawn, b"Content-Encoding: nonce\x00\x01", "sha256")[:12]
        text = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert text.endswith(b"\x02"), "the last record says so"
        return text[:-1]


def claims(got: Got, public_key: str) -> dict[str, Any]:
    """What a push service believes of the sender, whose key the subscription was made with. Raises when it is not
    signed with that."""
    scheme, _, said = got.headers["authorization"].partition(" ")
    assert scheme == "vapid"
    fields = dict(each.strip().split("=", 1) for each in said.split(","))
    assert fields["k"] == public_key
    head, body, signature = fields["t"].split(".")
    r, s = (int.from_bytes(half) for half in (plain(signature)[:32], plain(signature)[32:]))
    _public(plain(public_key)).verify(
        utils.encode_dss_signature(r, s), f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256())
    )
    assert json.loads(plain(head))["alg"] == "ES256"
    return dict(json.loads(plain(body)))
