"""What `testcard run` says of a client, and the exit code that it gives."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.runs import run
from typer.testing import CliRunner

from testcard.cli.main import app

SEGMIND = """
import json, sys, urllib.request, urllib.error
fields = {{"prompt": "x", "image": {image!r}, **{more!r}}}
call = urllib.request.Request("https://api.segmind.com/v1/sd1.5-img2img",
    json.dumps(fields).encode(), {{"Content-Type": "application/json", "x-api-key": "{key}"}})
try:
    with urllib.request.urlopen(call) as answer:
        print(answer.status)
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
SECRET = "sk-very-secret-0123456789"


def client(key: str = SECRET, image: str = DOT, **more: object) -> tuple[str, ...]:
    """Return a command that sends one call to Segmind."""
    return sys.executable, "-c", SEGMIND.format(image=image, more=more, key=key)


def test_an_honest_client_kept_to_the_page(tmp_path: Path) -> None:
    done = run(tmp_path, *client(), options=("--strict",))
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    assert "segmind  sd15Img2Img  200" in done.stderr
    assert "The client kept to the page." in done.stderr


def test_a_broken_rule_is_said_with_its_source(tmp_path: Path) -> None:
    """The lenient mock answers all the same; the verdict goes by the page."""
    done = run(tmp_path, *client(num_inference_steps=5))
    assert (done.returncode, done.stdout) == (0, "200\n")
    assert "num_inference_steps" in done.stderr
    assert "(Attributes, lines 47-53; documented)" in done.stderr
    assert "The client broke 1 documented rule" in done.stderr


def test_strict_makes_a_broken_rule_fail(tmp_path: Path) -> None:
    assert run(tmp_path, *client(num_inference_steps=5), options=("--strict",)).returncode == 1


def test_a_rule_of_another_source_is_a_finding_and_fails_nothing(tmp_path: Path) -> None:
    done = run(tmp_path, *client(img_width=640), options=("--strict",))
    assert done.returncode == 0
    assert "observed" in done.stderr
    assert "1 finding" in done.stderr


def test_a_field_that_the_page_does_not_know_fails_a_strict_run(tmp_path: Path) -> None:
    """It is said, and it is in every report: the fixture's strict fails on the same call."""
    files = {"junit": "out.xml", "json": "out.json", "html": "out.html", "sarif": "out.sarif"}
    reports = [word for each in files.items() for word in ("--report", "=".join(each))]
    done = run(tmp_path, *client(promt="y"), options=("--strict", *reports))
    assert done.returncode == 1
    assert "segmind sd15Img2Img: promt: the page knows no such field" in done.stderr
    assert "The client broke 1 documented rule." in done.stderr
    for name in files.values():
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert "promt: the page knows no such field" in text, name


@pytest.mark.parametrize(
    ("grade", "code"), [("documented", 0), ("sample", 0), ("observed", 1), ("assumed", 1)]
)
def test_fail_on_says_how_sure_a_rule_must_be(tmp_path: Path, grade: str, code: int) -> None:
    """The rule that is broken here is an observed one."""
    done = run(tmp_path, *client(img_width=640), options=("--fail-on", grade))
    assert (done.returncode, done.stdout) == (code, "200\n"), done.stderr


def test_a_call_that_the_page_does_not_list_fails_a_strict_run(tmp_path: Path) -> None:
    code = """
import urllib.request, urllib.error
try:
    urllib.request.urlopen("https://api.segmind.com/v1/sd1.5-img2imgs")
except urllib.error.HTTPError as error:
    print(error.code)
"""
    done = run(tmp_path, sys.executable, "-c", code, options=("--strict",))
    assert (done.returncode, done.stdout) == (1, "404\n")
    assert "GET /v1/sd1.5-img2imgs: the page knows no such call" in done.stderr


@pytest.mark.parametrize(
    ("option", "code"), [((), 0), (("--strict",), 3), (("--fail-on", "assumed"), 3)]
)
def test_a_run_without_a_call_to_judge_fails_where_it_is_to_judge(
    tmp_path: Path, option: tuple[str, ...], code: int
) -> None:
    done = run(tmp_path, sys.executable, "-c", "pass", options=option)
    assert done.returncode == code
    assert "There is nothing to judge." in done.stderr


def test_the_code_of_a_client_that_failed_says_more_than_that_nothing_came(tmp_path: Path) -> None:
    done = run(tmp_path, sys.executable, "-c", "raise SystemExit(7)", options=("--strict",))
    assert done.returncode == 7


def test_on_github_what_was_broken_is_annotated(tmp_path: Path) -> None:
    """On standard error, which is read too: standard output is the client's."""
    on = {"GITHUB_ACTIONS": "true"}
    done = run(tmp_path, *client(num_inference_steps=5, sharpness=3), environment=on)
    assert done.stdout == "200\n"
    said = [line for line in done.stderr.splitlines() if line.startswith("::error ")]
    assert len(said) == 2
    assert "num_inference_steps" in said[0]
    assert SECRET not in done.stderr
    assert "::error" not in run(tmp_path, *client(sharpness=3)).stderr


def test_a_documented_answer_can_be_asked_for(tmp_path: Path) -> None:
    done = run(tmp_path, *client(), options=("--prefer", "code=406"))
    assert done.stdout.startswith("406 ")
    assert "sd15Img2Img  406" in done.stderr


def test_trouble_can_be_laid_in_wait(tmp_path: Path) -> None:
    done = run(tmp_path, *client(), options=("--fail-next", "segmind:overloaded:0.1"))
    assert done.stdout.startswith("503 ")


def test_the_page_to_the_letter_refuses(tmp_path: Path) -> None:
    done = run(tmp_path, *client(num_inference_steps=5), options=("--profile", "documented"))
    assert done.stdout.startswith("422 ")


def test_reports_are_written_without_the_key(tmp_path: Path) -> None:
    options = ("--report", "json=out.json", "--report", "har=out.har", "--report", "junit=out.xml")
    done = run(tmp_path, *client(num_inference_steps=5), options=options)
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    for name in ("out.json", "out.har", "out.xml"):
        assert SECRET not in (tmp_path / name).read_text(encoding="utf-8")
    assert SECRET not in done.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--record", "a.har"), "--budget CREDITS"),
        (("--record", "a.har", "--replay", "b.har"), "exclude each other"),
        (("--budget", "3"), "for --record"),
        (("--record", "no/such/a.har", "--budget", "3"), "cannot be written"),
        (("--record", "a.har", "--budget", "much"), "a number of credits"),
        (("--record", "a.har", "--budget", "1", "--prefer", "code=406"), "for the mock"),
        (("--replay", "none.har"), "none.har"),
        (("--fail-next", "nobody:failed"), "'nobody' is no provider"),
        (("--fail-next", "segmind:wobbly"), "'wobbly' is no kind of trouble"),
        (("--fail-next", "segmind:failed:soon"), "no delay in seconds"),
        (("--fail-next", "segmind:failed:nan"), "seconds from 0 to 3600"),
        (("--prefer", "406"), "code=406 or example=NAME"),
        (("--prefer", "code=418"), "no page documents it"),
        (("--allow", "https://a.example/"), "bare name"),
        (("--allow", "a.example:0"), "HOST:PORT"),
        (("--allow", "a.example:https"), "HOST:PORT"),
        (("--allow", "a.example:443:1"), "HOST:PORT"),
        (("--allow", "api.segmind.com:8443"), "provider's own host"),
        (("--allow", "api.segmind.com"), "provider's own host"),
        (("--report", "tablet=x"), "no report format"),
        (("--report", "junit"), "FORMAT=FILE"),
        (("--jobs", "soon"), "no job policy"),
        (("--fail-on", "hearsay"), "'assumed'"),
        (("--set", "segmind.nothing=1"), "no setting"),
    ],
)
def test_wrong_options_are_usage_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TESTCARD_HOME", str(tmp_path / "home"))
    done = CliRunner().invoke(app, ["run", *options, "--", "false"])
    assert done.exit_code == 2
    assert said in done.stderr


def test_no_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(app, ["run"]).exit_code == 2


def test_what_a_client_sent_is_told_as_a_command_to_the_mock(tmp_path: Path) -> None:
    """The vendor's own host is paid: a command that somebody copies must not go there."""
    client_ = client(num_inference_steps=5)
    report = tmp_path / "run.json"
    run(tmp_path, *client_, options=("--report", f"json={report}"))
    (sent,) = json.loads(report.read_text())["providers"][0]["exchanges"]
    assert "http://127.0.0.1:4242/segmind/v1/sd1.5-img2img" in sent["curl"]
    assert "`testcard serve segmind` answers there" in sent["curl"]
    assert "api.segmind.com" not in sent["curl"]
