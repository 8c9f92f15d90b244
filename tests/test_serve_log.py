"""What `testcard serve` writes, and that nothing which happens to it touches an answer."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.servers import COMMAND, ROOT, SECONDS, answers, raw, serving, stop, until
from tests.support import HOST, SEGMIND, client_of

from testcard.common.message import Call
from testcard.doors.log import JsonFormatter, LogFormat, Outlet, TextFormatter, log_call, logging_to

LONG = "/segmind/" + "x" * 900
INPAINTING = "/appypie-inpainting/inpainting/v1/getImage"
KEY = {"Ocp-Apim-Subscription-Key": "a-key"}


@contextmanager
def served(
    stdout: int, *before: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `testcard serve` on a port chosen here: its output need not be read to learn it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 (our own command)
        [*before, *COMMAND, "serve", "--port", str(port)],
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        cwd=ROOT,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        assert until(lambda: answers(base) or process.poll() is not None)
        assert process.poll() is None, process.stderr and process.stderr.read()
        yield base, process
    finally:
        process.kill()
        process.communicate()


def calls(base: str, times: int = 3) -> list[int]:
    """The statuses of calls whose log lines are about a kilobyte each."""
    with httpx.Client(base_url=base, trust_env=False, timeout=SECONDS) as client:
        return [client.get(LONG).status_code for _ in range(times)]


def ends(process: subprocess.Popen[bytes]) -> bool:
    process.send_signal(signal.SIGTERM)
    return process.wait(SECONDS) in (0, -signal.SIGTERM)


def test_an_output_that_nobody_reads_stops_no_call_and_no_end() -> None:
    """A pipe holds 64 KiB: at call 581 the whole server stood still."""
    with served(subprocess.PIPE) as (base, process):
        assert calls(base, 200) == [404] * 200
        assert ends(process)


def test_a_reader_that_goes_makes_no_call_fail() -> None:
    """As in `testcard serve | head -1`."""
    with served(subprocess.PIPE) as (base, process):
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert calls(base) == [404] * 3
        process.stdout = None
        assert ends(process)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is always full")
def test_a_full_disk_makes_no_call_fail() -> None:
    with open("/dev/full", "wb") as full, served(full.fileno()) as (base, process):
        assert calls(base) == [404] * 3
        assert ends(process)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes an output")
def test_it_starts_and_answers_without_an_output() -> None:
    shell = ("sh", "-c", 'exec "$0" "$@" >&-')
    with served(subprocess.DEVNULL, *shell) as (base, process):
        assert calls(base) == [404] * 3
        assert ends(process)


def test_letters_that_the_output_has_no_bytes_for_are_escaped() -> None:
    """A refusal that quotes a cat was a 500 where the terminal speaks cp1252."""
    with served(subprocess.PIPE, PYTHONIOENCODING="cp1252") as (base, process):
        body = {"prompt": "a fox", "size": "猫"}
        refused = httpx.post(f"{base}{INPAINTING}", json=body, headers=KEY, trust_env=False)
        assert refused.status_code == 400
        assert ends(process)
        assert process.stdout is not None
        assert "\\u732b" in process.stdout.read().decode("cp1252")


@pytest.mark.parametrize("format_", ["text", "json"])
def test_no_byte_of_a_client_acts_on_the_terminal(format_: LogFormat, tmp_path: Path) -> None:
    """Nor begins a line of its own, whichever server let it through."""
    client = client_of(SEGMIND)
    client.mock.answer(Call("GET", f"{HOST}/segmind/\x9b31m\x1b[0m\x7f\r\n12:00:00 all is well"))
    with (tmp_path / "out").open("w", encoding="utf-8") as out, logging_to(out, None, format_):
        log_call(client.entry)
    written = (tmp_path / "out").read_text(encoding="utf-8")
    assert "\\u009b" in written
    assert written.count("\n") == 1
    assert not any(sign in written for sign in "\x9b\x1b\x7f\r")


def test_lines_for_machines_are_json_from_the_first_to_the_last() -> None:
    with serving("--log-format", "json") as server:
        httpx.post(f"{server.base}{INPAINTING}", json={"size": "猫"}, headers=KEY, trust_env=False)
        stop(server, signal.SIGTERM)
        lines = [json.loads(line) for line in server.log.splitlines()]
    greeting, call = lines
    assert server.base in greeting["message"]
    assert (call["method"], call["path"], call["status"]) == ("POST", INPAINTING, 400)
    assert (call["provider"], call["verdict"]) == ("appypie-inpainting", "invalid")
    assert "猫" in call["detail"]
    assert call["time"].endswith("+00:00")


def test_what_waits_is_written_before_a_signal_ends_the_server() -> None:
    with serving() as server:
        for _ in range(3):
            raw(server.base, b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n")
        stop(server, signal.SIGTERM)
        assert server.log.count("GET /nowhere -> 404") == 3


def test_lines_that_cannot_be_written_are_counted_and_told_of() -> None:
    reading, writing = os.pipe()
    with open(writing, "w", encoding="utf-8") as stream:
        outlet = Outlet(stream, TextFormatter())
    for _ in range(30_000):  # more than may wait, and than a pipe holds
        outlet.say("x" * 99 + "\n")
    with open(reading, encoding="utf-8") as pipe:
        read = "".join(pipe.readline() for _ in range(10_000))
        outlet.say("the last\n")
        outlet.close()
        read += pipe.read()
    (told,) = [line for line in read.splitlines() if line.startswith("(")]
    lost = int(told.removeprefix("(").partition(" ")[0])
    assert told == f"({lost} lines could not be written)"
    assert lost + read.count("x" * 99) == 30_000
    assert read.endswith("the last\n")


def test_without_a_stream_everything_is_dropped_at_once() -> None:
    outlet = Outlet(None, TextFormatter())
    outlet.say("to nobody\n")
    outlet.close()


def test_calls_are_logged_through_logging(caplog: pytest.LogCaptureFixture) -> None:
    """So that whoever embeds testcard sends them where his other lines go."""
    client = client_of(SEGMIND)
    client.ask(colour="red")
    log_call(client.entry)
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="testcard.calls"):
        log_call(client.entry)
    (record,) = caplog.records
    line = record.getMessage()
    assert line.startswith("POST /segmind/v1/sd1.5-img2img -> 200 [segmind sd15Img2Img] ok (")
    assert line.endswith("1 findings)")
    assert json.loads(JsonFormatter().format(record))["findings"] == 1


def test_a_warning_is_json_as_well(tmp_path: Path) -> None:
    with (tmp_path / "err").open("w", encoding="utf-8") as err, logging_to(None, err, "json"):
        logging.getLogger("uvicorn.error").warning("Invalid HTTP %s", "request")
    said = json.loads((tmp_path / "err").read_text(encoding="utf-8"))
    assert (said["level"], said["logger"]) == ("WARNING", "uvicorn.error")
    assert said["message"] == "Invalid HTTP request"


def test_a_failure_is_one_line_and_its_traceback(tmp_path: Path) -> None:
    """What a path holds cannot begin a line of its own."""
    with (tmp_path / "err").open("w", encoding="utf-8") as err, logging_to(None, err, "text"):
        try:
            int("\x9bboom")
        except ValueError:
            logging.getLogger("testcard.mock").exception("failed at %s", "/a\n12:00:00 b\x1b")
    first, second, *_, last = (tmp_path / "err").read_text(encoding="utf-8").splitlines()
    assert first.endswith("failed at /a\\n12:00:00 b\\u001b")
    assert second.startswith("Traceback")
    assert "boom" in last
    assert "\x9b" not in last
