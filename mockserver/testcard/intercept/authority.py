"""The certificate authority behind `testcard run`: made per user, bound to the hosts it may name.

Its key stays in a folder of the user's own, is never shipped and never put among a system's
roots. A name constraint makes it worthless for any other host, whoever gets hold of it.

Knows X.509 and where a user's files lie. Must not know a provider, HTTP, or who trusts it.
"""

from __future__ import annotations

import errno
import os
import ssl
import stat
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from platformdirs import user_data_path

_AUTHORITY_LIFE: Final = timedelta(days=365)
_LEAF_LIFE: Final = timedelta(days=7)
_SKEW: Final = timedelta(hours=1)
_EVERY_ADDRESS: Final = ("0.0.0.0/0", "::/0")


class AuthorityError(OSError):
    """The authority's file cannot be made or kept: which, why, and what to do."""


@dataclass(frozen=True)
class Authority:
    """A key, its certificate, and the hosts that it may speak for."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    hosts: tuple[str, ...]

    @property
    def pem(self) -> bytes:
        """The public part."""
        return self.certificate.public_bytes(Encoding.PEM)

    def contexts(self) -> Mapping[str, ssl.SSLContext]:
        """Return each of its hosts -> a TLS context, as `context` does."""
        return {host: self.context(host) for host in self.hosts}

    def speaks_for(self, host: str) -> bool:
        """Whether it may sign for a host: one of its own, or a name under one."""
        return any(host == each or host.endswith(f".{each}") for each in self.hosts)

    def context(self, host: str) -> ssl.SSLContext:
        """Return a server's TLS context with a fresh, short-lived certificate for a host.

        Its key lives in memory: the file that OpenSSL wants to read is gone when this returns.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory(prefix="testcard-") as folder:  # 0700
            path = Path(folder) / "leaf.pem"
            path.write_bytes(secret + _leaf(self, key, host).public_bytes(Encoding.PEM))
            context.load_cert_chain(path)
        context.set_alpn_protocols(["http/1.1"])
        return context


def of_user(hosts: Iterable[str]) -> Authority:
    """Return this user's authority for `hosts`, made on first use and again when it runs out.

    There is one file for each set of hosts, so that no certificate ever says more than it
    was made for. Several processes may ask at once; all get the same one.

    A folder that is there keeps its mode: it may be anybody's idea of a home for tests.

    Raises:
        AuthorityError: the folder or the file cannot be made or read, or others could change it.
    """
    named = tuple(sorted(set(hosts)))
    digest = sha256("\n".join(named).encode()).hexdigest()[:16]
    path = home() / f"authority-{digest}.pem"
    try:
        _own_folder(path.parent)
        return _kept(path, named) or _first(path, fresh(named))
    except OSError as error:
        todo = "set TESTCARD_HOME to a folder of your own"
        raise AuthorityError(f"{path}: {error.strerror or error}; {todo}") from error


def _own_folder(folder: Path) -> None:
    """Make the folder, for its owner alone, or see that not everybody may write into it."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if folder.is_dir() and os.name == "posix" and folder.stat().st_mode & stat.S_IWOTH:
            raise PermissionError(
                errno.EPERM, f"everybody may write into {folder}, and so put an authority there"
            ) from None


def home() -> Path:
    """Return the folder of testcard's own files: TESTCARD_HOME, else the user's data folder."""
    named = os.environ.get("TESTCARD_HOME")
    return Path(named) if named else user_data_path("testcard", appauthor=False)


def fresh(hosts: Iterable[str]) -> Authority:
    """Return a new authority, which stands in no file."""
    named = tuple(sorted(set(hosts)))
    key = ec.generate_private_key(ec.SECP256R1())
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    title = f"testcard, for tests alone ({own.digest.hex()[:8]})"
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    builder = _dated(name, name, key.public_key(), _AUTHORITY_LIFE)
    for extension, critical in (
        (x509.BasicConstraints(ca=True, path_length=0), True),
        (_usage(signs_certificates=True), True),
        (_constraint(named), True),
        (own, False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False),
    ):
        builder = builder.add_extension(extension, critical)
    return Authority(key, builder.sign(key, hashes.SHA256()), named)


def _kept(path: Path, hosts: tuple[str, ...]) -> Authority | None:
    """The authority in the file; None where there is none that may still be used."""
    try:
        data, about = path.read_bytes(), path.stat()
    except FileNotFoundError:
        return None
    try:
        key = load_pem_private_key(data, None)
        certificate = x509.load_pem_x509_certificate(data)
    except ValueError:
        key = None
    posix = os.name == "posix"
    not_ours = posix and (about.st_mode & 0o077 or about.st_uid != os.getuid())
    if (
        not isinstance(key, ec.EllipticCurvePrivateKey)
        or not_ours
        or certificate.not_valid_after_utc < datetime.now(UTC) + _LEAF_LIFE
    ):
        path.unlink(missing_ok=True)
        return None
    return Authority(key, certificate, hosts)


def _first(path: Path, made: Authority) -> Authority:
    """Put `made` into the file, unless another process was faster: then return that one's."""
    secret = made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    handle, name = tempfile.mkstemp(dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secret + made.pem)
        os.link(name, path)  # whole or not at all, and never over another
    except FileExistsError:
        return _kept(path, made.hosts) or made
    finally:
        os.unlink(name)
    return made


def _leaf(authority: Authority, key: ec.EllipticCurvePrivateKey, host: str) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])])
    issuer = authority.certificate
    own = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = _dated(name, issuer.subject, key.public_key(), _LEAF_LIFE)
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(signs_certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectAlternativeName([x509.DNSName(host)]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), False),
    ):
        builder = builder.add_extension(extension, critical)
    return builder.sign(authority.key, hashes.SHA256())


def _dated(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + life)
    )


def _constraint(hosts: tuple[str, ...]) -> x509.NameConstraints:
    """These names and what lies under them; no address at all."""
    permitted = [x509.DNSName(host) for host in hosts]
    excluded = [x509.IPAddress(ip_network(every)) for every in _EVERY_ADDRESS]
    return x509.NameConstraints(permitted, excluded)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
