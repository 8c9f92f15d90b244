"""Reports that people see: the terminal, curl commands, GitHub's annotations, places in specs."""

from __future__ import annotations

import io
import shlex
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from tests.reports import (
    KEY,
    NO_HEADER,
    SECRETS,
    WRONG_SIZE,
    example,
    picture,
    segmind_run,
)

from testcard.common.document import written_at
from testcard.common.message import Call
from testcard.contract.verdict import Report
from testcard.record import baseline
from testcard.report.curl import curl
from testcard.report.form import parts_of
from testcard.report.github import annotate
from testcard.report.pictures import difference, preview, received, sent
from testcard.report.summary import headline, place_of
from testcard.report.terminal import RunProgress, print_report


def printed(report: Report, width: int = 200) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=width))
    return out.getvalue()


# The terminal


def test_a_broken_clause_is_told_whole() -> None:
    text = printed(example())
    for told in (
        "✗ pictures.size  segmind",
        "A picture is as large as was asked for.",
        "seen      512×512",
        "expected  768×512, as img_width and img_height asked for",
        "Attributes, lines 79-90 (documented); ",
        "openapi/segmind.yaml:",
        "sent, as call 1: POST /v1/sd1.5-img2img → 200",
        '-H "x-api-key: $KEY"',
        '"img_width":768',
    ):
        assert told in text


def test_the_rest_is_listed_and_the_last_line_sums_up() -> None:
    text = printed(example())
    assert "the budget of 4 credits was spent before it" in text
    assert "no header x-generation-time" in text
    assert "Stopped early" in text
    last = text.rstrip().splitlines()[-1]
    assert last == (
        "3 promises broken: 3 broken, 1 finding, 3 kept, 2 not exercised · 2 providers · 6 calls"
        " · 5.5 credits · 12.5 s"
    )


def test_no_secret_and_no_escape_reaches_the_terminal() -> None:
    text = printed(example())
    assert [secret for secret in SECRETS if secret in text] == []
    assert "\x1b" not in text


def test_a_target_is_no_markup() -> None:
    """As the name of a file that somebody else gave may be."""
    text = printed(replace(example(), target="evil[bold red]x[/].har"))
    assert "testcard: evil[bold red]x[/].har" in text


def test_what_a_server_says_is_no_markup() -> None:
    run = segmind_run()
    ruling = replace(WRONG_SIZE, seen="[red]x[/red] [/] :smile:")
    verdicts = (replace(run.verdicts[2], rulings=(ruling,)),)
    text = printed(replace(example(), runs=(replace(run, verdicts=verdicts),)))
    assert "[red]x[/red] [/] :smile:" in text


def test_a_narrow_terminal_does_not_break_a_command() -> None:
    """Commands are there to be copied: rich wraps prose, and leaves them alone."""
    wide = [line.strip() for line in printed(example()).splitlines() if "--data-raw" in line]
    narrow = [line.strip() for line in printed(example(), 60).splitlines() if "--data-raw" in line]
    assert wide == narrow != []


def test_many_breaches_of_one_clause_are_cut_with_a_remark() -> None:
    run = segmind_run()
    many = tuple(replace(WRONG_SIZE, detail=f"field {index}") for index in range(9))
    verdicts = (replace(run.verdicts[2], rulings=many),)
    text = printed(replace(example(), runs=(replace(run, verdicts=verdicts),)))
    assert "field 4" in text
    assert "field 5" not in text
    assert "… and 4 more like it" in text


def test_accepted_and_stale_entries_are_listed() -> None:
    known = {each.fingerprint: each for each in baseline.entries_of(example())}
    gone = baseline.BaselineEntry("segmind:pictures.size:old", "broken", "s", "x", "y")
    text = printed(baseline.accept(example(), known | {gone.fingerprint: gone}))
    assert "Accepted by the baseline" in text
    assert "seen no more" in text
    assert "No promise broken: 4 accepted" in text


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [(0, "nothing was exercised"), (1, "no promise broken"), (3, "1 promise broken")],
)
def test_the_headline(outcomes: int, said: str) -> None:
    run = replace(segmind_run(), verdicts=segmind_run().verdicts[:outcomes])
    assert headline(replace(example(), runs=(run,))) == said


def _progress(*, terminal: bool) -> str:
    out = io.StringIO()
    with RunProgress(Console(file=out, force_terminal=terminal, width=100)) as progress:
        for provider in ("segmind", "imagepipeline"):
            progress.begin(provider)
            progress.sent(provider, "same seed")
            progress.sent(provider)
    return out.getvalue()


def test_progress_is_shown_on_terminals_alone() -> None:
    assert "segmind" in _progress(terminal=True)
    assert _progress(terminal=False) == ""


def test_progress_counts_calls_and_promises_no_end() -> None:
    shown = _progress(terminal=True)
    assert "2 calls" in shown
    assert "/?" not in shown


# curl

WHOLE = "--report html=FILE has the whole command"


def test_a_curl_command_says_what_was_sent() -> None:
    call = Call("GET", "https://h.example/a?key=k&b='c'", (("Authorization", f"Bearer {KEY}"),))
    assert curl(call) == (
        """curl "https://h.example/a?key=$KEY&b='c'" -H "Authorization: Bearer $KEY\""""
    )


def test_what_the_shell_would_read_is_quoted() -> None:
    body = orjson.dumps({"prompt": "it's $HOME `id` \\ !x"})
    words = shlex.split(curl(Call("POST", "https://h.example/[a]", (), body)))
    assert words[:5] == ["curl", "-g", "-X", "POST", "https://h.example/[a]"]
    assert words[-2:] == ["--data-raw", body.decode()]
    assert "Content-Type:" in words


def test_a_secret_among_characters_of_the_shell_is_quoted_piecewise() -> None:
    words = shlex.split(curl(Call("GET", 'https://h.example/"$x`?sig=abc')))
    assert words[-1] == 'https://h.example/"$x`?sig=$KEY'


def test_long_base64_is_cut_with_a_remark() -> None:
    body = orjson.dumps({"image": "iVBOR" * 1000, "steps": 3})
    command = curl(Call("POST", "https://h.example/", (("Content-Type", "x"),), body))
    assert len(command) < 400
    assert '…(5000 characters)","steps":3}' in command
    told = (
        f"# the body, of {len(body)} characters, is cut; --report html=FILE has the whole command"
    )
    assert command.endswith(told)


def test_form_parts_are_fields_and_files() -> None:
    png = picture(1, 8, 8)
    call = form({"prompt": (None, "@home"), "image": ("a.png", png, "image/png")})
    words = shlex.split(curl(call), comments=True)
    assert words[-4:] == ["--form-string", "prompt=@home", "-F", "image=@a.png;type=image/png"]
    assert f"a.png: {len(png)} bytes" in curl(call)
    assert "Content-Type" not in curl(call)


def test_bytes_and_broken_forms_are_still_told() -> None:
    assert "--data-binary @body.bin" in curl(Call("PUT", "https://h.example/", (), b"\xff\x00"))
    kind = (("Content-Type", "multipart/form-data; boundary=x"),)
    assert "--data-raw 'no form'" in curl(Call("PUT", "https://h.example/", kind, b"no form"))


def form(files: dict[str, tuple[str | None, str | bytes] | tuple[str, bytes, str]]) -> Call:
    prepared = requests.Request("POST", "https://h.example/f", files=files).prepare()
    assert isinstance(prepared.body, bytes)
    return Call("POST", "https://h.example/f", tuple(prepared.headers.items()), prepared.body)


@given(st.binary(max_size=300), st.binary(max_size=20))
@settings(deadline=None)
def test_parts_of_a_form_come_out_byte_for_byte(data: bytes, more: bytes) -> None:
    parts = parts_of(form({"a": ("a.bin", data), "b": (None, more)}))
    assert [(each.name, each.data) for each in parts or ()] == [("a", data), ("b", more)]


# Pictures


def test_pictures_are_found_wherever_they_are_sent() -> None:
    png = picture(1, 16, 16)
    body = form({"init": ("a.png", png, "image/png"), "n": (None, "1")})
    assert [(each.where, each.data) for each in sent(body)] == [("init", png)]
    first = segmind_run().trace[0]
    assert [each.where for each in sent(first.call)] == ["image"]
    assert [each.data for each in received(first.reply)] == [first.reply.body]


def test_a_preview_is_small_and_says_what_is_there() -> None:
    large = preview(picture(1, 900, 700))
    assert large.facts.startswith("PNG 900×700, ")
    assert len(large.uri) < 100_000
    assert preview(picture(1, 16, 16)).tiny
    cut = preview(picture(1, 64, 64)[:500])
    assert (cut.uri, "cut short" in cut.facts) == ("", True)


def test_a_difference_is_shown_where_there_is_one() -> None:
    one, other = picture(1, 40, 30), picture(2, 40, 30)
    found = difference(one, other)
    assert found is not None
    assert "of the pixels differ" in found.facts
    assert difference(one, one) is None
    assert difference(one, picture(1, 30, 40)) is None
    assert difference(one, b"no picture") is None


# GitHub


def annotated(report: Report, **environ: str) -> list[str]:
    out = io.StringIO()
    annotate(report, environ, out)
    return out.getvalue().splitlines()


def test_annotations_are_for_github_alone() -> None:
    assert annotated(example()) == []
    lines = annotated(example(), GITHUB_ACTIONS="true")
    assert [line.partition(" ")[0] for line in lines] == ["::warning", *["::error"] * 3]
    assert [secret for secret in SECRETS if secret in "".join(lines)] == []


def test_annotations_are_escaped_as_github_reads_them() -> None:
    run = segmind_run()
    ruling = replace(NO_HEADER, seen="100%\r\n::error::gotcha")
    verdicts = (replace(run.verdicts[1], rulings=(ruling,)),)
    report = replace(example(), runs=(replace(run, verdicts=verdicts),))
    [line] = annotated(report, GITHUB_ACTIONS="true")
    assert "title=segmind%3A wire.headers::" in line
    assert "seen: 100%25\\u000d%0A::error::gotcha%0A" in line


def test_annotations_name_files_of_the_checkout_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(segmind_run().reading.spec.path.parents[1])
    assert "file=openapi/segmind.yaml,line=" in annotated(example(), GITHUB_ACTIONS="true")[0]
    monkeypatch.chdir(tmp_path)
    assert "file=" not in annotated(example(), GITHUB_ACTIONS="true")[0]


# Places


def test_a_place_is_found_through_references_and_lists() -> None:
    source = {"a": {"$ref": "#/b"}, "b": {"list": [{"x": 1}, {"y": 2}]}}
    assert written_at(source, ("a", "list", "1", "y")) == ("b", "list", 1, "y")
    assert written_at(source, ("a", "list", "7")) == ("b", "list")
    assert written_at(source, ("nowhere",)) == ()
    assert written_at(source, ()) == ()


def test_a_ruling_points_at_the_line_of_its_promise() -> None:
    run = segmind_run()
    body = ("paths", "/v1/sd1.5-img2img", "post", "requestBody", "content", "application/json")
    through = replace(WRONG_SIZE, place=(*body, "schema", "properties", "img_width"))
    assert place_of(run, through) == place_of(run, WRONG_SIZE)
    assert place_of(run, replace(WRONG_SIZE, place=())).line == 1
