"""How what is sent is signed: with a secret, or with a key whose public half is served.

Made from the mock's seed where nobody says which, so that a test knows them beforehand. Knows
signatures (standardwebhooks.com, RFC 2104, RFC 8032, RFC 8037). Must not know who is told, HTTP, or
any one provider.
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Final

from testcard.common.callbacks import STANDARD_HEADERS, Signing
from testcard.common.message import Headers
from testcard.common.reading import Reading
from testcard.common.spec import SpecError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_BYTES: Final = 32
_PREFIX: Final = "whsec_"


class Signer:
    """Signs for every provider of a mock."""

    def __init__(self, seed: int = 0, secrets: Mapping[str, str] | None = None) -> None:
        """Make secrets and keys.

        Args:
            seed: of the mock.
            secrets: provider id -> the secret that it signs with, where it is told.
        """
        self._seed = seed
        self._told = dict(secrets or {})

    def is_told(self, provider: str) -> bool:
        """Whether a provider's secret was told, and not made here."""
        return provider in self._told

    def secret(self, provider: str) -> str:
        """Return the secret that a provider's callbacks are signed with."""
        made = b64encode(self._drawn(provider, "secret")).decode()
        return self._told.get(provider, f"{_PREFIX}{made}")

    def public_key(self, provider: str) -> dict[str, str]:
        """Return the key that a provider's signatures are verified with, as a JWK (RFC 8037)."""
        public = _private(self._drawn(provider, "key")).public_key().public_bytes_raw()
        kid = sha256(public).hexdigest()[:16]
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": urlsafe_b64encode(public).rstrip(b"=").decode(),
            "kid": kid,
            "use": "sig",
            "alg": "EdDSA",
        }

    def signed(
        self, provider: str, signing: Signing, headers: Headers, body: bytes, secret: str = ""
    ) -> Headers:
        """Return the header that carries the signature.

        Args:
            provider: whose callback it is.
            signing: how it is signed.
            headers: that are sent with it; those that are signed too are among them.
            body: that is sent.
            secret: that of the call; empty for the provider's.

        Raises:
            ValueError: the secret is none that this scheme signs with, or a header is missing.
        """
        message = _message(signing.message, {name.lower(): text for name, text in headers}, body)
        if signing.scheme == "ed25519":
            made = _private(self._drawn(provider, "key")).sign(message)
        else:
            key = _key(signing, secret or self.secret(provider))
            made = hmac.digest(key, message, "sha256")
        text = made.hex() if signing.written == "hex" else b64encode(made).decode()
        return ((signing.header, signing.prefix + text),)

    def _drawn(self, provider: str, what: str) -> bytes:
        return blake2b(f"{self._seed}/{provider}/{what}".encode(), digest_size=_BYTES).digest()


def standard_headers_of(id_: str, now: float) -> Headers:
    """Return the headers that standard-webhooks signs, beside the body."""
    return ((STANDARD_HEADERS[0], id_), (STANDARD_HEADERS[1], str(int(now))))


def check_secrets(readings: Mapping[str, Reading], told: Mapping[str, str]) -> None:
    """Refuse secrets that cannot be signed with; none of them is repeated.

    Raises:
        SpecError: one is of nobody who is served, is none of its scheme's, or signs nothing.
    """
    for name, secret in told.items():
        if name not in readings:
            known = ", ".join(sorted(readings))
            raise SpecError(f"a webhook secret of {name!r}, which is not served; served: {known}")
        callbacks = (one for each in readings[name].operations for one in each.callbacks)
        signings = [each.signing for each in callbacks if each.signing]
        if not any(each.scheme != "ed25519" for each in signings):
            raise SpecError(f"{name} signs no callback with a secret; leave its webhook secret out")
        for signing in signings:
            try:
                _key(signing, secret)
            except ValueError as error:
                raise SpecError(f"{name}: {error}") from error


def _key(signing: Signing, secret: str) -> bytes:
    if not secret:
        raise ValueError("the webhook secret is empty")
    if signing.scheme != "standard-webhooks":
        return secret.encode()
    text = secret.removeprefix(_PREFIX)
    try:
        key = b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise ValueError("the webhook secret is no base64 of a key, as standard-webhooks has it")
    return key


def _message(template: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The text that is signed, in bytes: the body as it is, whatever is in it."""
    parts: list[bytes] = []
    rest = template
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before.encode())
        name, _, rest = after.partition("}")
        if brace:
            parts.append(_named(name, headers, body))
    return b"".join(parts)


def _named(name: str, headers: Mapping[str, str], body: bytes) -> bytes:
    if name == "body":
        return body
    if name == "sha256":
        return sha256(body).hexdigest().encode()
    if name.lower() not in headers:
        raise ValueError(f"{name} is signed, and nothing is known of it")
    return headers[name.lower()].encode()


def _private(raw: bytes) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(raw)
