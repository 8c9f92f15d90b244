"""The certificate authority: whose it is, what it may name, how long it lasts."""

from __future__ import annotations

import os
import ssl
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from testcard.intercept import authority

HOSTS = ("api.segmind.com", "gateway.appypie.com")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the authority's files go."""
    monkeypatch.setenv("TESTCARD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def handshake(server: ssl.SSLContext, trusted: bytes, host: str) -> None:
    """Shake hands in memory, as a client that trusts `trusted` and asks for `host`."""
    client = ssl.create_default_context(cadata=trusted.decode())
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=host)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    left = [here, there]
    while left:
        for end in tuple(left):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            left.remove(end)


def test_it_is_made_once_and_its_file_is_the_users_alone(folder: Path) -> None:
    first, second = authority.of_user(HOSTS), authority.of_user(reversed(HOSTS))
    assert first.pem == second.pem
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_several_at_once_get_the_same_one(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: authority.of_user(HOSTS).pem, range(16)))
    assert len(found) == 1
    assert len(list(folder.iterdir())) == 1


def test_other_hosts_have_another_one() -> None:
    assert authority.of_user(HOSTS).pem != authority.of_user(HOSTS[:1]).pem


@pytest.mark.parametrize("spoiled", ["damaged", "seen by others", "runs out"])
def test_one_that_must_not_be_used_is_made_again(
    folder: Path, spoiled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if spoiled == "runs out":
        monkeypatch.setattr(authority, "_AUTHORITY_LIFE", timedelta(days=3))
    before = authority.of_user(HOSTS).pem
    monkeypatch.undo()
    os.environ["TESTCARD_HOME"] = str(folder)
    (path,) = folder.iterdir()
    if spoiled == "damaged":
        path.write_bytes(b"no key")
    if spoiled == "seen by others":
        path.chmod(0o644)
    assert authority.of_user(HOSTS).pem != before
    del os.environ["TESTCARD_HOME"]


def test_a_folder_that_cannot_be_is_said_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("TESTCARD_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(authority.AuthorityError, match="set TESTCARD_HOME"):
        authority.of_user(HOSTS)


def test_a_folder_that_was_there_keeps_its_mode(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o755)
    authority.of_user(HOSTS)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o755


@pytest.mark.parametrize("mode", [0o777, 0o1777])
def test_a_folder_that_everybody_writes_into_is_refused(folder: Path, mode: int) -> None:
    """Somebody could have put an authority there before, with a key that they know."""
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(authority.AuthorityError, match="everybody may write into"):
        authority.of_user(HOSTS)
    assert stat.S_IMODE(folder.stat().st_mode) == mode
    assert not list(folder.iterdir())


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_an_authority_that_somebody_else_put_there_is_not_used(folder: Path) -> None:
    before = authority.of_user(HOSTS).pem
    (path,) = folder.iterdir()
    os.chown(path, 12345, 12345)
    assert authority.of_user(HOSTS).pem != before


def test_the_data_folder_is_honoured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TESTCARD_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert authority.home() == tmp_path / "data" / "testcard"


def test_a_leaf_is_believed_for_its_host() -> None:
    own = authority.of_user(HOSTS)
    for host, context in own.contexts().items():
        handshake(context, own.pem, host)


def test_a_leaf_for_any_other_host_is_not_believed() -> None:
    """Whoever got hold of the key could speak for the providers' hosts, and for none beside."""
    own = authority.of_user(HOSTS)
    thief = authority.Authority(own.key, own.certificate, ("bank.example",))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        handshake(thief.contexts()["bank.example"], own.pem, "bank.example")


def test_certificates_are_short_lived_and_say_what_they_are_for() -> None:
    certificate = authority.of_user(HOSTS).certificate
    now = datetime.now(UTC)
    assert certificate.not_valid_after_utc - now <= timedelta(days=366)
    said = certificate.extensions
    assert said.get_extension_for_class(x509.NameConstraints).critical
    assert said.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert timedelta(days=8) > authority._LEAF_LIFE
