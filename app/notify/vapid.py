"""Who we are to the browsers' push services: VAPID, RFC 8292.

The key pair is derived from the system's secret key, like everything else that has to be the same in every process:
nothing is made twice by processes that start at once, nothing more is to be backed up. Browsers bind a subscription to
the public key; with another secret key the push services refuse (403) and each device subscribes anew at its next
visit.
"""

import base64
import time
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from app.notify.sealing import point

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256: private keys are 1 to this, exclusive."""
_HOLDS = 12 * 3600
"""Seconds; a service takes at most a day."""
_FRESH = _HOLDS // 2


class Vapid:
    """``contact``: where a push service's people find us, ``mailto:`` or ``https:``; "": we do not say."""

    def __init__(self, secret_key: bytes, contact: str = "") -> None:
        private = _derived(secret_key)
        self.public = base64url(point(private.public_key()))
        """As browsers and the header take it."""
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._key, self._contact = ECKey.import_key(pem), contact
        self._signed: dict[str, tuple[float, str]] = {}

    def authorization(self, address: str, now: float | None = None) -> str:
        """The header for a push address; signed once in a while for each push service."""
        now = time.time() if now is None else now
        parts = urlsplit(address)
        service = f"{parts.scheme}://{parts.netloc}"
        at, said = self._signed.get(service, (0.0, ""))
        if not 0 <= now - at < _FRESH:
            claims = {"aud": service, "exp": int(now) + _HOLDS} | ({"sub": self._contact} if self._contact else {})
            said = f"vapid t={jwt.encode({'typ': 'JWT', 'alg': 'ES256'}, claims, self._key)}, k={self.public}"
            if len(self._signed) > 100:  # anybody may name services of their own
                self._signed.clear()
            self._signed[service] = now, said
        return said


def public_key(secret_key: bytes) -> str:
    """What a browser needs to subscribe."""
    return base64url(point(_derived(secret_key).public_key()))


def _derived(secret_key: bytes) -> ec.EllipticCurvePrivateKey:
    # So many more bits than the order has, that no key is likelier than another.
    drawn = HKDF(hashes.SHA256(), 48, None, b"phananh vapid").derive(secret_key)
    return ec.derive_private_key(int.from_bytes(drawn) % (_ORDER - 1) + 1, ec.SECP256R1())


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
