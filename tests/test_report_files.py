"""Reports as files: each format is what its readers expect, and none tells a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import orjson
import pytest
from tests.reports import KEY, SECRETS, WRONG_SIZE, example, segmind_run

from testcard import report
from testcard.common.schema import Validator
from testcard.contract.safe import safe
from testcard.contract.verdict import Report
from testcard.record import baseline, har
from testcard.report import ReportError

TEXT = {"type": "string", "minLength": 1}
SARIF = {
    "type": "object",
    "required": ["version", "$schema", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "required": ["name", "rules"],
                                "properties": {
                                    "rules": {
                                        "items": {
                                            "required": ["id", "shortDescription"],
                                            "properties": {"id": TEXT},
                                        }
                                    }
                                },
                            }
                        },
                    },
                    "results": {
                        "items": {
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": {"required": ["text"], "properties": {"text": TEXT}},
                                "locations": {"minItems": 1, "maxItems": 1},
                                "partialFingerprints": {"additionalProperties": TEXT},
                            },
                        }
                    },
                },
            },
        },
    },
}


def written(format_: str, folder: Path, what: Report | None = None) -> bytes:
    path = folder / f"report.{format_}"
    report.write(what or example(), format_, path)
    return path.read_bytes()


@pytest.mark.parametrize("format_", report.FORMATS)
def test_no_secret_is_in_any_format(format_: str, tmp_path: Path) -> None:
    text = written(format_, tmp_path).decode()
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize("format_", report.FORMATS)
def test_the_same_report_is_the_same_file(format_: str, tmp_path: Path) -> None:
    assert written(format_, tmp_path) == written(format_, tmp_path)


@pytest.mark.parametrize("format_", report.FORMATS)
def test_a_report_of_nothing_can_be_written(format_: str, tmp_path: Path) -> None:
    assert written(format_, tmp_path, replace(example(), runs=()))


def test_making_a_report_safe_twice_changes_nothing_more() -> None:
    once = safe(example())
    assert safe(once) == once
    assert KEY in str(example())
    assert KEY not in str(once)


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="'pdf'; the formats are: baseline, har, html, json"):
        report.write(example(), "pdf", tmp_path / "x.pdf")


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"json report cannot be written to .*: Is a directory"):
        report.write(example(), "json", tmp_path)


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    report.write(example(), "json", tmp_path / "a" / "b" / "c.json")
    assert (tmp_path / "a" / "b" / "c.json").stat().st_size


def test_junit_counts_and_tells(tmp_path: Path) -> None:
    root = ET.fromstring(written("junit", tmp_path))  # noqa: S314 - our own file
    suite = root.find("testsuite[@name='segmind']")
    assert suite is not None
    assert (root.get("tests"), root.get("failures"), root.get("skipped")) == ("9", "3", "2")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("7", "3", "1")
    assert [each.get("name") for each in suite.iterfind("testcase[failure]")] == [
        "pictures.size",
        "pictures.decodes",
        "pictures.same-seed",
    ]
    failure = suite.findtext("testcase[@name='pictures.size']/failure") or ""
    for told in ("seen:     512×512", "768×512", "Attributes, lines 79-90", "curl -X POST", "$KEY"):
        assert told in failure
    skipped = suite.find("testcase[@name='money.price']/skipped")
    assert skipped is not None
    assert skipped.get("message") == "the budget of 4 credits was spent before it"
    assert "a finding" in (suite.findtext("testcase[@name='wire.headers']/system-out") or "")
    assert "the budget is spent" in (suite.findtext("system-err") or "")


def test_sarif_points_at_lines_of_the_spec(tmp_path: Path) -> None:
    log = orjson.loads(written("sarif", tmp_path))
    assert Validator(SARIF).breaches(log) == []
    [run] = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == sorted(set(rules))
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    levels = {result["ruleId"]: result["level"] for result in run["results"]}
    assert levels["pictures.size"] == "error"
    assert levels["wire.headers"] == "warning"
    assert levels["jobs.deadline"] == "note"
    size = next(each for each in run["results"] if each["ruleId"] == "pictures.size")
    place = size["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("openapi/segmind.yaml")
    lines = segmind_run().reading.spec.path.read_text().splitlines()
    assert lines[place["region"]["startLine"] - 1].strip() == "img_width:"


def test_sarif_suppresses_what_a_baseline_accepts(tmp_path: Path) -> None:
    known = {each.fingerprint: each for each in baseline.entries_of(example())}
    log = orjson.loads(written("sarif", tmp_path, baseline.accept(example(), known)))
    suppressed = [each for each in log["runs"][0]["results"] if "suppressions" in each]
    assert len(suppressed) == 4


def test_json_says_it_all_under_stable_names(tmp_path: Path) -> None:
    data = orjson.loads(written("json", tmp_path))
    assert list(data) == [
        "format", "version", "testcard", "target", "kind", "started", "elapsed", "summary",
        "stale", "providers",
    ]  # fmt: skip
    assert (data["format"], data["version"]) == ("testcard-report", 1)
    assert data["summary"] == {
        "broken": 3, "finding": 1, "accepted": 0, "kept": 3, "not-exercised": 2,
    }  # fmt: skip
    segmind = data["providers"][0]
    assert (segmind["id"], segmind["spent"], len(segmind["exchanges"])) == ("segmind", "4", 5)
    [ruling] = segmind["verdicts"][2]["rulings"]
    assert ruling["fingerprint"] == "segmind:pictures.size:sd15Img2Img:img_width"
    assert (ruling["seen"], ruling["calls"]) == (WRONG_SIZE.seen, [0])


def test_har_has_every_exchange(tmp_path: Path) -> None:
    written("har", tmp_path)
    back = har.read(tmp_path / "report.har")
    assert len(back) == 6
    assert back[0].reply.body == example().runs[0].trace[0].reply.body


class Page(HTMLParser):
    """What a page holds: its elements, and whether they are well nested."""

    VOID = ("meta", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the element, and wait for its end."""
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """End what was begun last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.words.append(data)

    def attributes(self, tag: str) -> Iterator[dict[str, str | None]]:
        """Yield the attributes of each element of a kind."""
        return (attributes for name, attributes in self.seen if name == tag)


def test_html_is_well_nested_and_loads_nothing(tmp_path: Path) -> None:
    text = written("html", tmp_path).decode()
    page = Page(text)
    assert page.open == []
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.seen}
    for _, attributes in page.seen:
        assert not {"srcset", "style"} & attributes.keys()
        assert str(attributes.get("href", "#")).startswith("#")
        assert str(attributes.get("src", "data:image/")).startswith("data:image/")
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_html_shows_pictures_side_by_side(tmp_path: Path) -> None:
    text = written("html", tmp_path).decode()
    labels = [str(each["alt"]) for each in Page(text).attributes("img")]
    for label in ("sent in 1: image", "received in 1", "sent in 2 and 3: image", "received in 3"):
        assert label in labels
    assert any(label.startswith("difference between") for label in labels)
    assert "does not decode" in text
    assert "received in 4" not in labels
    assert "sent in 5: image" not in labels  # a header was judged there, no picture


def test_html_escapes_what_a_server_said(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\" onload='x' &amp; \x1b[0m \u202e"
    ruling = replace(WRONG_SIZE, seen=evil, expected=evil, detail=evil)
    run = segmind_run()
    verdicts = (replace(run.verdicts[2], rulings=(ruling,)),)
    what = replace(example(), runs=(replace(run, verdicts=verdicts),), target=evil)
    text = written("html", tmp_path, what).decode()
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.seen}
    assert not any("onload" in attributes for _, attributes in page.seen)
    assert any("<script>alert(1)</script>" in word for word in page.words)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)


@pytest.mark.parametrize("format_", ["junit", "html"])
def test_fragments_that_no_xml_can_hold_are_written_as_escapes(
    format_: str, tmp_path: Path
) -> None:
    ruling = replace(WRONG_SIZE, seen="\x00\ufffe\ud800")
    run = segmind_run()
    verdicts = (replace(run.verdicts[2], rulings=(ruling,)),)
    what = replace(example(), runs=(replace(run, verdicts=verdicts),))
    assert r"\u0000\ufffe\ud800" in written(format_, tmp_path, what).decode()


@pytest.mark.parametrize("format_", report.FORMATS)
def test_half_characters_in_a_call_do_not_lose_the_report(format_: str, tmp_path: Path) -> None:
    run = segmind_run()
    first = run.trace[0]
    call = replace(first.call, url="https://h.example/\ud800\x1b", headers=(("X", "\udfff"),))
    trace = (replace(first, call=call), *run.trace[1:])
    assert written(format_, tmp_path, replace(example(), runs=(replace(run, trace=trace),)))
