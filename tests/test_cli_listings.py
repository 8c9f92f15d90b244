"""What `providers` and `show` print: on narrow terminals, into pipes, as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from tests.test_cli import IDS, SEGMIND, run
from typer.testing import CliRunner

from testcard.cli.main import app
from testcard.common.reading import read
from testcard.common.spec import bundled, load


def test_providers_on_a_narrow_terminal_breaks_no_url() -> None:
    """Each call stands whole on its line, to be copied, below its id."""
    said = run("providers", width=80).stdout.splitlines()
    for path in bundled():
        spec = load(path)
        for route, item in spec.document["paths"].items():
            for method, node in item.items():
                at = said.index(f"{spec.id}  {node['operationId']}")
                assert said[at + 1] == f"  {method.upper()} {spec.server}{route}"


@pytest.mark.parametrize("command", [["providers"], ["show", "segmind"]])
def test_what_is_piped_is_not_broken_into_lines(command: list[str]) -> None:
    """There is no terminal there to be as wide as."""
    around = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    done = subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "testcard.cli.main", *command],
        capture_output=True,
        check=True,
        text=True,
        env=around,
    )
    wide = run(*command, width=1000).stdout
    assert [line.split() for line in done.stdout.splitlines()] == [
        line.split() for line in wide.splitlines()
    ]


def test_providers_as_json_can_be_read_by_a_program() -> None:
    said = json.loads(run("providers", "--json", width=40).stdout)
    assert [each["id"] for each in said] == sorted(IDS)
    (segmind,) = [each for each in said if each["id"] == "segmind"]
    assert segmind["operations"] == [
        {
            "id": "sd15Img2Img",
            "method": "POST",
            "url": "https://api.segmind.com/v1/sd1.5-img2img",
        }
    ]


@pytest.mark.parametrize("provider", IDS)
def test_show_as_json_says_what_show_says(provider: str) -> None:
    said = json.loads(run("show", provider, "--profile", "lenient", "--json").stdout)
    reading = read(load(SEGMIND.with_stem(provider)), "lenient")
    assert (said["id"], said["profile"]) == (provider, "lenient")
    assert said["price"]["credits"] == str(reading.price)
    for told, operation in zip(said["operations"], reading.operations, strict=True):
        assert told["url"] == f"{reading.spec.server}{operation.path}"
        assert told["key"]["headers"] == list(operation.key_headers)
        assert [each["status"] for each in told["answers"]] == list(operation.responses)
        fields = operation.takes.fields
        assert [each["name"] for each in told["fields"]] == list(fields)
        for each in told["fields"]:
            field = fields[each["name"]]
            assert (each["grade"], each["source"]) == (
                field.evidence().grade,
                field.evidence().source,
            )
            assert each["required"] == field.required
    assert [each["name"] for each in said["settings"]] == [
        f"{provider}.{name}" for name in reading.settings
    ]


def test_the_version_is_that_of_the_package() -> None:
    seen = run("--version")
    assert (seen.exit_code, seen.stdout) == (0, f"testcard {version('testcard')}\n")


def test_every_option_can_be_a_variable() -> None:
    """TESTCARD_COMMAND_OPTION; what is typed wins."""

    def said(*options: str, **variables: str) -> str:
        return CliRunner().invoke(app, ["show", "segmind", *options], env=variables).stdout

    assert "(lenient profile)" in said(TESTCARD_SHOW_PROFILE="lenient")
    assert "(documented profile)" in said(
        "--profile", "documented", TESTCARD_SHOW_PROFILE="lenient"
    )
    assert json.loads(said(TESTCARD_SHOW_JSON="1"))["id"] == "segmind"
    assert said(TESTCARD_VERSION="1") == said()


@pytest.mark.parametrize("provider", IDS)
def test_show_breaks_no_word_on_a_narrow_terminal(provider: str) -> None:
    """Cells that are too small for their words are worse than no table."""
    narrow = run("show", provider, width=80).stdout.split()
    wide = {word.strip(",;:()") for word in run("show", provider, width=1000).stdout.split()}
    short = [word.strip(",;:()") for word in narrow if len(word) < 70]
    assert {word for word in short if word not in {"", "default"}} <= wide


def test_what_a_spec_says_is_no_markup(tmp_path: Path) -> None:
    document = yaml.safe_load(SEGMIND.read_text(encoding="utf-8"))
    operation = document["paths"]["/v1/sd1.5-img2img"]["post"]
    operation["responses"]["200"]["description"] = "a [bold red]red[/bold red] boat"
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    for width in (80, 400):
        assert "a [bold red]red[/bold red] boat" in run("show", str(path), width=width).stdout
