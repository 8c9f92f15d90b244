"""Files that make one child process trust our authorities, in each language's own form.

Knows PEM, PKCS#12 and where systems keep their roots. Must not know whose authorities these
are, or how the child is started.
"""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    PKCS12Certificate,
    serialize_java_truststore,
)

STORE_PASSWORD: Final = "testcard"  # noqa: S105 (of public certificates; Java wants one)

_PLACES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/opt/homebrew/etc/ca-certificates/cert.pem",
)
_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


@dataclass(frozen=True, slots=True)
class Trust:
    """Where the files are.

    Attributes:
        own: our authorities alone, for variables that add to the roots.
        bundle: ours and the system's, for variables that replace the roots.
        store: ours and the system's, for Java.
    """

    own: Path
    bundle: Path
    store: Path


def write(folder: Path, authorities: Iterable[bytes]) -> Trust:
    """Write the files into `folder`.

    Args:
        folder: of one run; it goes when the run ends.
        authorities: certificates, in PEM.
    """
    trust = Trust(folder / "own.pem", folder / "bundle.pem", folder / "trust.p12")
    own = b"".join(authorities)
    bundle = own + b"\n" + system_roots()
    trust.own.write_bytes(own)
    trust.bundle.write_bytes(bundle)
    trust.store.write_bytes(_java(bundle))
    return trust


def system_roots() -> bytes:
    """Return the roots that programs here trust, in PEM; empty where none are found."""
    said = (os.environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile)
    for place in (*said, *_PLACES):
        if place and Path(place).is_file():
            return Path(place).read_bytes()
    return b""


def _java(bundle: bytes) -> bytes:
    found = {
        certificate: PKCS12Certificate(certificate, f"root-{number}".encode())
        for number, certificate in enumerate(_certificates(bundle))
    }
    encryption = BestAvailableEncryption(STORE_PASSWORD.encode())
    return serialize_java_truststore([*found.values()], encryption)


def _certificates(bundle: bytes) -> Iterator[x509.Certificate]:
    """Those that today's rules can read; some old roots break them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for piece in bundle.split(_END)[:-1]:
            with suppress(ValueError):
                yield x509.load_pem_x509_certificate(piece[piece.rfind(_BEGIN) :] + _END)
