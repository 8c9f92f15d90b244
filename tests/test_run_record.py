"""Recording from a real host, which a loopback TLS server stands for; and answering from it."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.runs import run
from tests.servers import until

from testcard.assembly import Options, build
from testcard.common.message import BLANKED, Call, Exchange, Reply
from testcard.doors.http import application
from testcard.intercept.replay import Replay
from testcard.record import har

HERE = "127.0.0.2"  # loopback too, but not the machine's usual name for itself
SECRET = "sk-very-secret-0123456789"
ORDER = """
import json, sys, urllib.request, urllib.error
BASE = "https://api.imagepipeline.io/sdxl/image2image/v1"
def asked(url, body=None, accept="*/*"):
    call = urllib.request.Request(url, body and json.dumps(body).encode(),
        {"API-Key": sys.argv[1], "Content-Type": "application/json", "Accept": accept})
    try:
        with urllib.request.urlopen(call) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
        sys.exit(9)
job = json.loads(asked(BASE, {"prompt": sys.argv[2], "model_id": "sdxl", "seed": 3,
                              "init_image": "https://a.example/a.png"}))
states = []
while not states or states[-1] == "PENDING":
    said = json.loads(asked(f"{BASE}/status/{job['id']}"))
    states.append(said["status"])
print(*states, len(said.get("download_urls", ())))
"""


def client(prompt: str = "a harbour", key: str = SECRET) -> tuple[str, ...]:
    """Return a command that orders a picture and asks for it until it is there."""
    return sys.executable, "-c", ORDER, key, prompt


def self_signed(key_file: Path, certificate_file: Path) -> None:
    """Write a key and a certificate of its own for this address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a provider, for tests")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key_file.write_bytes(secret)
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A TLS server that stands for the provider; its URL, and what makes testcard trust it."""
    key, roots = tmp_path / "key.pem", tmp_path / "roots.pem"
    self_signed(key, roots)
    config = uvicorn.Config(
        application(build()),
        log_config=None,
        log_level="warning",
        ssl_keyfile=key,
        ssl_certfile=roots,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind((HERE, 0))
        thread = Thread(target=server.run, args=([listening],))
        thread.start()
        assert until(lambda: server.started)
        url = f"https://{HERE}:{listening.getsockname()[1]}/imagepipeline"
        yield url, {"SSL_CERT_FILE": str(roots), "NO_PROXY": "*"}
        server.should_exit = True
        thread.join(20)


def test_a_recording_holds_what_was_said_and_no_key(
    tmp_path: Path, real: tuple[str, dict[str, str]]
) -> None:
    """And it answers the same client again, with no server there, in the same order."""
    url, trust = real
    options = ("--record", "a.har", "--budget", "5", "--against", f"imagepipeline={url}")
    done = run(tmp_path, *client(), options=options, environment=trust)
    assert done.stdout == "PENDING SUCCESS 1\n", done.stderr
    assert "3 calls were sent to real hosts" in done.stderr
    assert SECRET not in done.stderr
    text = (tmp_path / "a.har").read_text(encoding="utf-8")
    assert SECRET not in text
    first, *polls = har.read(tmp_path / "a.har")
    assert first.call.url == "https://api.imagepipeline.io/sdxl/image2image/v1"
    assert first.call.header("api-key") == BLANKED
    assert [json.loads(each.reply.body)["status"] for each in polls] == ["PENDING", "SUCCESS"]
    again = run(tmp_path, *client(key="another-key"), options=("--replay", "a.har", "--strict"))
    assert (again.returncode, again.stdout) == (0, "PENDING SUCCESS 1\n"), again.stderr


def test_the_key_given_takes_the_place_of_the_clients(
    tmp_path: Path, real: tuple[str, dict[str, str]]
) -> None:
    """The client's own would have been refused."""
    url, trust = real
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    server = f"imagepipeline={url}"
    options = ("--record", "a.har", "--budget", "5", "--against", server)
    keyed = (*options, "--key", "imagepipeline=@key")
    done = run(tmp_path, *client(key="invalid"), options=keyed, environment=trust)
    assert done.stdout == "PENDING SUCCESS 1\n", done.stderr
    assert SECRET not in (tmp_path / "a.har").read_text(encoding="utf-8") + done.stderr


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        (("--budget", "0"), "the call may cost 1 credits, and 0 of 0 are spent"),
        (("--budget", "5", "--max-requests", "1"), "the limit of 1 requests is reached"),
    ],
)
def test_a_call_beyond_a_limit_is_not_sent(
    tmp_path: Path, real: tuple[str, dict[str, str]], limit: tuple[str, ...], said: str
) -> None:
    url, trust = real
    options = ("--record", "a.har", "--against", f"imagepipeline={url}", *limit)
    done = run(tmp_path, *client(), options=options, environment=trust)
    assert done.returncode == 9
    assert "503" in done.stdout
    assert said in done.stdout
    assert "1 calls were held back" in done.stderr
    kept = har.read(tmp_path / "a.har") if (tmp_path / "a.har").exists() else ()
    assert all(each.reply.status < 500 for each in kept)


CARELESS = """
import urllib.request, urllib.error
try:
    urllib.request.urlopen("https://api.imagepipeline.io/sdxl/image2image/v1/status/a")
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""


@pytest.mark.parametrize("before", [None, "an older recording"])
def test_a_server_that_is_not_there_is_said_and_nothing_is_said_to_be_kept(
    tmp_path: Path, before: str | None
) -> None:
    """Though the client did not mind: a recording was wanted, and there is none."""
    if before is not None:
        (tmp_path / "a.har").write_text(before, encoding="utf-8")
    options = (
        "--record",
        "a.har",
        "--budget",
        "5",
        "--against",
        "imagepipeline=http://127.0.0.1:9",
    )
    done = run(tmp_path, sys.executable, "-c", CARELESS, options=options)
    assert done.stdout.startswith("502 ")
    assert "cannot be reached" in done.stdout
    assert done.returncode == 3
    assert "1 call got no answer: " in done.stderr
    state = "was not written" if before is None else "is as it was"
    assert f"Nothing was recorded: no real host answered. a.har {state}." in done.stderr
    for untrue in ("kept in", "kept to the page", "sent to real hosts"):
        assert untrue not in done.stderr
    assert (tmp_path / "a.har").exists() == (before is not None)


def test_what_a_recording_cannot_match_is_said_with_what_is_nearest(tmp_path: Path) -> None:
    mock = build(Options())
    call = order({"prompt": "a harbour", "seed": 3, "init_image": "https://a.example/a.png"})
    har.write([Exchange(call, mock.answer(call))], tmp_path / "a.har")
    done = run(tmp_path, *client("a castle"), options=("--replay", "a.har"))
    assert done.returncode == 9
    assert "501" in done.stdout
    for said in (done.stdout.replace('\\"', '"'), done.stderr):
        assert 'prompt: sent "a castle", recorded "a harbour"' in said
        assert 'model_id: sent "sdxl", recorded nothing' in said
    strict = run(tmp_path, *client("a castle"), options=("--replay", "a.har", "--strict"))
    assert strict.returncode == 1


def order(fields: dict[str, object], *headers: tuple[str, str]) -> Call:
    """Return a call to ImagePipeline."""
    url = "https://api.imagepipeline.io/sdxl/image2image/v1"
    own = (("API-Key", "k"), ("Content-Type", "application/json"), *headers)
    return Call("POST", url, own, json.dumps(fields).encode())


def replay(*exchanges: Exchange) -> Replay:
    """Return a replay of exchanges."""
    return Replay(build(Options()).route, exchanges)


def test_order_space_headers_and_key_do_not_count() -> None:
    there = Reply(202, (), b"here")
    kept = replay(Exchange(order({"prompt": "x", "seed": 1}), there))
    other = order({"seed": 1, "prompt": "x"}, ("User-Agent", "b"), ("Accept", "c"))
    assert kept(other).body == b"here"


def form(boundary: str, *parts: tuple[str, bytes]) -> Call:
    """Return a form for AI Thriving."""
    body = b"".join(
        b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (
            boundary.encode(),
            name.encode(),
            b'; filename="a.png"' if name == "init_image" else b"",
            data,
        )
        for name, data in parts
    )
    kind = f"multipart/form-data; boundary={boundary}"
    url = "https://www.aithriving.com/api/generate/basic/imageToImage"
    return Call("POST", url, (("Content-Type", kind),), body + f"--{boundary}--\r\n".encode())


def test_the_boundary_and_the_order_of_a_forms_parts_do_not_count() -> None:
    kept = replay(Exchange(form("aaa", ("init_image", b"1"), ("prompt", b"x")), Reply(200)))
    assert kept(form("bbb", ("prompt", b"x"), ("init_image", b"1"))).status == 200
    assert kept(form("aaa", ("prompt", b"x"), ("init_image", b"2"))).status == 501
    (missing,) = kept.unmatched
    assert "init_image: sent" in missing.nearest


def test_the_same_question_gets_the_answers_in_the_order_recorded() -> None:
    call = order({"prompt": "x"})
    kept = replay(*(Exchange(call, Reply(200, (), body)) for body in (b"1", b"2")))
    assert list(kept.unused()) == [("imagepipeline createImg2Img", 2)]
    assert [kept(call).body for _ in range(3)] == [b"1", b"2", b"2"]
    assert not list(kept.unused())


def test_hosts_of_a_recording_that_are_no_providers_are_answered_too() -> None:
    url = "https://cdn.example/a.png"
    kept = replay(Exchange(Call("GET", url), Reply(200, (), b"picture")))
    assert kept.hosts == {"cdn.example"}
    assert kept(Call("GET", url, (("Accept", "*/*"),))).body == b"picture"
