"""The command line: what it prints, and how it refuses."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from rich.cells import cell_len
from tests.servers import ROOT
from typer.testing import CliRunner, Result

from testcard.cli.main import app
from testcard.common.reading import Profile, read
from testcard.common.spec import bundled, load, words
from testcard.mock.world import JobPolicy

IDS = [path.stem for path in bundled()]
SEGMIND = next(path for path in bundled() if path.stem == "segmind")


def run(*words_: str, width: int = 200) -> Result:
    """Run testcard in this process, as on a terminal of `width` columns."""
    return CliRunner().invoke(app, list(words_), env={"COLUMNS": str(width), "NO_COLOR": "1"})


def flat(text: str) -> str:
    """Return text without any white space: what a table says, however it is wrapped."""
    return "".join(text.split())


def test_providers_lists_every_operation_and_where_it_really_is() -> None:
    said = run("providers").stdout
    for path in bundled():
        spec = load(path)
        for route, item in spec.document["paths"].items():
            for method, node in item.items():
                words_ = [spec.id, node["operationId"], method.upper(), f"{spec.server}{route}"]
                assert words_ in [line.split() for line in said.splitlines()]


@pytest.mark.parametrize("profile", ["lenient", "documented"])
@pytest.mark.parametrize("provider", IDS)
def test_show_prints_each_field_with_grade_and_source(provider: str, profile: Profile) -> None:
    seen = run("show", provider, "--profile", profile, width=400)
    assert seen.exit_code == 0, seen.output
    lines = seen.stdout.splitlines()
    reading = read(load(SEGMIND.with_stem(provider)), profile)
    assert f"({profile} profile)" in lines[0]
    for operation in reading.operations:
        for field in operation.body.fields.values() if operation.body else ():
            named = f"{field.name} *" if field.required else f"{field.name} "
            said = field.evidence()
            assert any(
                line.startswith(named) and said.grade in line and said.source in line
                for line in lines
            ), field.name
        for status, node in operation.responses.items():
            assert any(
                line.startswith(str(status)) and words(node)["source"] in line for line in lines
            )
    for name in reading.settings:
        assert f"{provider}.{name}" in seen.stdout


def test_show_tells_type_range_and_default() -> None:
    said = {line.split("  ")[0]: line for line in run("show", "segmind").stdout.splitlines()}
    samples = said["samples"].split()
    assert samples[:7] == ["samples", "integer", "1", "to", "4", "1", "documented"]
    assert "512 | 768" in said["img_width"]
    assert "Euler a" in said["scheduler"]
    assert "base64, data-uri" in said["image *"]


def test_the_two_profiles_read_a_range_differently() -> None:
    def steps(profile: str) -> str:
        lines = run("show", "segmind", "--profile", profile).stdout.splitlines()
        return next(line for line in lines if line.startswith("num_inference_steps"))

    assert "20 to 100" in steps("documented")
    assert "1 to 100" in steps("lenient")


def test_show_tells_what_a_setting_makes_of_the_contract() -> None:
    said = run("show", "segmind", "--set", "segmind.base64_default=true").stdout
    (line,) = [line for line in said.splitlines() if line.startswith("base64 ")]
    assert "True" in line


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("provider", IDS)
def test_a_narrow_terminal_shows_everything_within_its_width(provider: str, width: int) -> None:
    """All but the page's URL, which stands alone on a line, to be copied in one piece."""
    seen = run("show", provider, width=width).stdout
    lines = [line for line in seen.splitlines() if not line.startswith("https://")]
    assert max(map(cell_len, lines)) <= width
    for operation in read(load(SEGMIND.with_stem(provider))).operations:
        for field in operation.body.fields.values() if operation.body else ():
            assert field.name in seen
            assert field.evidence().grade in seen


def test_selfcheck_of_what_is_shipped_has_no_complaint() -> None:
    seen = run("selfcheck")
    assert (seen.exit_code, seen.stdout) == (0, "0 complaints\n")


def test_selfcheck_names_each_complaint_and_ends_with_1(tmp_path: Path) -> None:
    document = yaml.safe_load(SEGMIND.read_text(encoding="utf-8"))
    del document["components"]["schemas"]["Error"]["properties"]["error"]["x-testcard"]["source"]
    del document["components"]["schemas"]["Error"]["properties"]["error"]["x-testcard"]["grade"]
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    seen = run("selfcheck", str(path))
    assert seen.exit_code == 1
    *complaints, count = seen.stdout.splitlines()
    assert count == f"{len(complaints)} complaints"
    assert all(str(path) in line and "there is no grade" in line for line in complaints)


REFUSED = [
    pytest.param(["serve", "nobody"], ["'nobody'", *IDS, ".yaml"], id="provider"),
    pytest.param(["serve", "no.yaml"], ["no.yaml", "No such file"], id="spec-file"),
    pytest.param(["show", "nobody"], ["'nobody'", *IDS], id="show-provider"),
    pytest.param(["selfcheck", "no.yaml"], ["no.yaml", "No such file"], id="selfcheck-file"),
    pytest.param(["serve", "--set", "segmind"], ["PROVIDER.NAME=VALUE"], id="no-setting"),
    pytest.param(["serve", "--set", "segmind.x=["], ["'x'", "rate_limit"], id="setting"),
    pytest.param(["serve", "--set", "nobody.x=1"], ["'nobody'", *IDS], id="setting-of-nobody"),
    pytest.param(
        ["serve", "segmind", "--set", "aithriving.failure_status=4xx"],
        ["'aithriving'", "not served", "segmind"],
        id="setting-of-another",
    ),
    pytest.param(
        ["show", "segmind", "--set", "aithriving.failure_status=4xx"],
        ["'aithriving'", "segmind"],
        id="show-setting-of-another",
    ),
    pytest.param(
        ["serve", "--set", "segmind.rate_limit=-1"], ["rate_limit", "-1", "0"], id="value"
    ),
    pytest.param(
        ["serve", "--set", "aithriving.failure_status=201"], ["'201'", "4xx"], id="choice"
    ),
    pytest.param(["serve", "--profile", "strict"], ["strict", "lenient"], id="profile"),
    pytest.param(["serve", "--jobs", "soon"], ["'soon'", "at-once", "polls:N"], id="jobs"),
    pytest.param(["serve", "--jobs", "polls:-1"], ["'polls:-1'", "polls:N"], id="polls"),
    pytest.param(["serve", "--credits", "-1"], ["--credits", "'-1'"], id="credits"),
    pytest.param(["serve", "--credits", "nan"], ["--credits", "'nan'"], id="no-credits"),
    pytest.param(["serve", "--pictures", "/no/such"], ["--pictures", "/no/such"], id="pictures"),
    pytest.param(["serve", "--port", "70000"], ["--port", "65535"], id="port"),
    pytest.param(["serve", "--prot", "1"], ["--prot"], id="option"),
    pytest.param(["serv"], ["serv"], id="command"),
]


@pytest.mark.parametrize(("words_", "said"), REFUSED)
def test_what_cannot_be_done_is_said_and_ends_with_2(words_: list[str], said: list[str]) -> None:
    """One clear message on standard error, no traceback, nothing served."""
    seen = run(*words_)
    assert seen.exit_code == 2
    assert seen.stdout == ""
    assert "Traceback" not in seen.stderr
    for word in said:
        assert word in seen.stderr


def test_a_file_is_no_folder_of_pictures(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.touch()
    seen = run("serve", "--pictures", str(file))
    assert seen.exit_code == 2
    assert "a.png" in flat(seen.stderr).replace("│", "")


def test_a_port_in_use_is_said_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        seen = run("serve", "--port", str(port))
    assert seen.exit_code == 2
    assert seen.stdout == ""
    assert f"127.0.0.1:{port}" in seen.stderr
    assert "in use" in seen.stderr
    assert "--port" in seen.stderr


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("at-once", JobPolicy("at-once", 0)),
        ("polls:3", JobPolicy("polls", 3)),
        ("seconds:0.5", JobPolicy("seconds", 0.5)),
        ("never", JobPolicy("never", 0)),
        ("fail", JobPolicy("fail", 0)),
    ],
)
def test_every_job_policy_that_is_named_can_be_read(text: str, policy: JobPolicy) -> None:
    assert JobPolicy.parse(text) == policy


def test_a_setting_can_be_given_its_own_default() -> None:
    for path in bundled():
        spec = load(path)
        for name, schema in spec.settings.items():
            value = str(schema["default"]).lower()
            assert run("show", spec.id, "--set", f"{spec.id}.{name}={value}").exit_code == 0


HEAVY = ("torch", "schemathesis", "hypothesis", "diffusers", "transformers")
WEB = ("fastapi", "uvicorn", "starlette", "pydantic")


def imported(statement: str) -> set[str]:
    """Return the top-level packages that a fresh Python imports for `statement`."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        check=True,
        text=True,
        cwd=ROOT,
    )
    return set(done.stdout.split())


def test_serve_imports_nothing_heavy() -> None:
    names = imported(
        "from testcard.doors.server import serve_until_stopped; from testcard.cli.main import *;"
        "from testcard.doors.http import application; application(build())"
    )
    assert {"testcard", "uvicorn"} <= names
    assert not names & {
        *HEAVY,
        "fastapi",
        "pydantic",
    }  # those come with a page


def test_the_command_line_alone_loads_no_web_framework() -> None:
    assert not imported("import testcard.cli.main") & {*HEAVY, *WEB}


def test_help_names_every_command() -> None:
    said = run("--help").stdout
    for command in ("serve", "providers", "show", "selfcheck"):
        assert command in said
    assert run().exit_code == 2


def test_the_command_is_installed_under_its_name() -> None:
    command = shutil.which("testcard", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run(  # noqa: S603 (our own command)
        [command, "providers"], capture_output=True, text=True, check=True
    )
    assert "segmind" in done.stdout
