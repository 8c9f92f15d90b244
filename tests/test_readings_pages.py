"""Where the pages are that the specs cite, and when they were read: a reader can check a source."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import date
from pathlib import Path

import pytest
import yaml
from tests.support import EVERY_API, Api
from tests.test_cli import run

from testcard.common.spec import SpecError, bundled, load

SPECS = pytest.mark.parametrize("path", bundled(), ids=lambda path: path.stem)


def with_words(path: Path, folder: Path, **said: object) -> Path:
    """Write a copy of a spec that says `said` of its page, and nothing where it is None."""
    source = deepcopy(load(path).source)
    own = {**source["x-testcard"], **said}
    source["x-testcard"] = {name: value for name, value in own.items() if value is not None}
    copy = folder / path.name
    copy.write_text(yaml.safe_dump(source), encoding="utf-8")
    return copy


@SPECS
def test_a_spec_that_comes_with_testcard_says_where_its_page_is_and_when_it_was_read(
    path: Path,
) -> None:
    own = load(path).document["x-testcard"]
    assert own["page-url"].startswith("https://")
    assert date.fromisoformat(own["read"]) >= date(2026, 11, 21)


@EVERY_API
def test_show_says_it_too(api: Api) -> None:
    (own,) = [load(path).document["x-testcard"] for path in bundled() if path.stem == api.provider]
    shown = run("show", api.provider, width=60).stdout
    assert f"\n{own['page-url']}\n" in shown, "in one piece, to be copied"
    assert f", read {own['read']}" in " ".join(shown.split())
    said = json.loads(run("show", api.provider, "--json").stdout)
    assert (said["page_url"], said["read"]) == (own["page-url"], own["read"])


def test_a_spec_without_them_loads_and_shows_neither(tmp_path: Path) -> None:
    copy = with_words(bundled()[0], tmp_path, **{"page-url": None, "read": None})
    said = json.loads(run("show", str(copy), "--json").stdout)
    assert (said["page_url"], said["read"]) == (None, None)
    shown = run("show", str(copy), width=200).stdout.splitlines()
    assert not shown[1].count(", read ")
    assert shown[2].startswith("price: ")


def test_a_day_needs_no_quotes(tmp_path: Path) -> None:
    copy = with_words(bundled()[0], tmp_path, read=date(2026, 11, 21))
    assert "read: 2026-11-21\n" in copy.read_text(encoding="utf-8")
    assert load(copy).document["x-testcard"]["read"] == "2026-11-21"


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("page-url", "the vendor's documentation"),
        ("page-url", "https://a.example/two words"),
        ("read", "yesterday"),
        ("read", "2026-13-01"),
        ("read", 20261121),
    ],
)
def test_what_is_no_url_or_day_is_refused(tmp_path: Path, word: str, value: object) -> None:
    with pytest.raises(SpecError, match=f"x-testcard/{word}: "):
        load(with_words(bundled()[0], tmp_path, **{word: value}))
