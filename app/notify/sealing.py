"""A push message that only its receiver can read: RFC 8291 over RFC 8188's ``aes128gcm``.

Own code, for it is forty lines on ``cryptography``, which is here anyway, and the RFC's own vector proves them. Of the
packages, ``pywebpush`` 2.5 (August 2026) brings requests and aiohttp and sends by itself, past our guarded client;
``http-ece`` 1.2.1, which does the arithmetic for it, is a source archive of 2024 without a wheel; ``webpush`` 1.0.6
brings pydantic.
"""

import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST = 3072
"""Bytes of a message. Push services take 4096, of which header, tag and filling are some."""
_STEP = 256
"""Bytes to a multiple of which messages are filled up: their length tells nothing."""
_RECORD = 4096
_LAST = b"\x02"
"""Ends the last record's text; what follows it is filling."""


def seal(
    message: bytes, p256dh: bytes, auth: bytes, *, sender: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """The body of a push request for the receiver with these keys (65 and 16 bytes). ``sender`` and ``salt`` are new
    for each message; tests give those of the RFC. Raises ValueError for a key that is no point of the curve."""
    return _sealed(message + _LAST + bytes(-(len(message) + 1) % _STEP), p256dh, auth, sender, salt)


def _sealed(record: bytes, p256dh: bytes, auth: bytes, sender: ec.EllipticCurvePrivateKey | None, salt: bytes) -> bytes:
    sender, salt = sender or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    public = point(sender.public_key())
    receiver = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    shared = sender.exchange(ec.ECDH(), receiver)
    # RFC 8291, 3.4: the two parties' secret becomes the key material of RFC 8188.
    material = _derived(shared, auth, b"WebPush: info\0" + p256dh + public, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    header = salt + struct.pack("!IB", _RECORD, len(public)) + public
    return header + AESGCM(key).encrypt(nonce, record, None)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """65 bytes, as browsers write a public key."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
