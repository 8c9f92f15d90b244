"""Commands of a report: to what answered, whole in files, and runnable as they stand."""

from __future__ import annotations

import io
import subprocess
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from tests.reports import PATH, example, picture, segmind_run
from tests.runs import runtime
from tests.test_targets import server
from tests.traces import call

from testcard import report
from testcard.common.body import FilePart
from testcard.common.message import Call
from testcard.contract.stand_in import StandIn
from testcard.contract.verdict import Report
from testcard.report.curl import curl, curl_to
from testcard.report.terminal import print_report

SERVER = "https://api.segmind.com"
BASE = "http://127.0.0.1:4243/segmind"
PNG = picture(1, 64, 64)


def against(base: str, serving: str = "") -> Report:
    """Return the example, its first provider having been answered for at `base`."""
    first, *rest = example().runs
    return replace(example(), runs=(replace(first, base=base, serving=serving), *rest))


def printed(shown: Report, width: int = 100) -> str:
    out = io.StringIO()
    print_report(shown, Console(file=out, width=width))
    return out.getvalue()


def test_a_command_goes_to_what_answered_and_never_to_the_paid_host(tmp_path: Path) -> None:
    shown = against(BASE)
    for format_ in ("html", "json", "junit"):
        report.write(shown, format_, tmp_path / format_)
    files = {each.name: each.read_text() for each in tmp_path.iterdir()}
    for name, text in {"terminal": printed(shown), **files}.items():
        assert f"{BASE}/v1/sd1.5-img2img" in text, name
        assert name == "json" or PATH not in text, name
    for each in orjson.loads(files["json"])["providers"][0]["exchanges"]:
        assert SERVER not in each.get("curl", "")


def test_recorded_traffic_names_the_host_that_it_was_sent_to() -> None:
    assert PATH in printed(against(""))


def test_what_answered_in_process_is_named_with_the_command_that_serves_it() -> None:
    text = printed(against(BASE, "testcard serve segmind --port 4243"))
    assert f"{BASE}/v1/sd1.5-img2img" in text
    assert "# `testcard serve segmind --port 4243` answers there" in text


def test_a_command_that_is_cut_says_where_it_is_whole() -> None:
    assert "is cut; --report html=FILE has the whole command" in printed(against(BASE))


def test_files_have_commands_whole(tmp_path: Path) -> None:
    image = orjson.loads(segmind_run().trace[0].call.body)["image"]
    for format_ in ("html", "json"):
        report.write(against(BASE), format_, tmp_path / format_)
        assert image in (tmp_path / format_).read_text()


CALLS = {
    "json": call("segmind", {"prompt": "it's $HOME `id` \\ !x", "image": "x"}),
    "long json": call("segmind", {"prompt": "x" * 200_000}),
    "a form with a file": call("aithriving", {"prompt": "dusk", "image": FilePart(PNG, "a.png")}),
    "bytes": Call("PUT", f"{SERVER}/x", (), b"\xff\x00\r\n'"),
    "a form that breaks off": replace(call("aithriving", {"prompt": "dusk"}), body=b"--x\r\n"),
    "nothing": Call("GET", f"{SERVER}/x?a=1", (("X-Key", "k"),)),
}


@pytest.mark.parametrize("what", CALLS)
def test_a_whole_command_sends_every_byte(what: str, tmp_path: Path) -> None:
    sent = CALLS[what]
    runtime("curl")
    arrived: list[tuple[str, bytes, str | None]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        arrived.append((handler.path, body, handler.headers.get("content-type")))
        handler.send_response(204)
        handler.end_headers()

    with server(answer) as base:
        own = f"{sent.parts.scheme}://{sent.parts.netloc}"
        there = replace(sent, url=StandIn(base, own).at(sent.url))
        script = tmp_path / "again.sh"
        script.write_text(curl(there, multiline=True, whole=True))
        subprocess.run(["/bin/sh", str(script)], check=True, capture_output=True)  # noqa: S603

    ((path, body, kind),) = arrived
    assert path.endswith(sent.parts.path + (f"?{sent.parts.query}" if sent.parts.query else ""))
    assert body == sent.body
    assert kind == sent.header("content-type")


def test_a_run_without_a_server_of_its_own_leaves_other_hosts_alone() -> None:
    run = replace(segmind_run(), base=BASE, serving="testcard serve segmind")
    assert curl_to(run, Call("GET", "https://h.example/a")) == "curl https://h.example/a"


# Told once, and as wide as it is


def test_one_cause_is_told_once() -> None:
    run = segmind_run()
    cause = "http://127.0.0.1:9 cannot be reached: connection refused"
    idle = tuple(
        replace(each, outcome="not-exercised", rulings=(), exercised=0, reason=f"it takes; {cause}")
        for each in run.verdicts
    )
    text = printed(replace(example(), runs=(replace(run, verdicts=idle, stopped=cause),)))
    assert " ".join(text.split()).count("cannot be reached") == 1
    assert f"none of {len(idle)} clauses came up" in " ".join(text.split())


def test_what_was_not_reached_is_listed_and_its_cause_told_once() -> None:
    run = segmind_run()
    cause = "the budget of 4 credits is reached"
    last = replace(run.verdicts[5], reason=f"it takes a call that costs; {cause}")
    verdicts = (*run.verdicts[:2], last)
    text = printed(replace(example(), runs=(replace(run, verdicts=verdicts, stopped=cause),)))
    assert text.count(cause) == 1
    assert "it takes a call that costs" in text
