"""Baselines accept what is known, and drift tells what is new."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from rich.console import Console
from tests.reports import SIZE, WRONG_SIZE, example, segmind_run

from testcard import report
from testcard.common.spec import Evidence
from testcard.contract.verdict import Report, Ruling, Verdict, severity
from testcard.record import baseline
from testcard.record.baseline import BaselineError
from testcard.record.drift import (
    Change,
    Deviation,
    Drift,
    Weight,
    drift,
    exit_code,
    snapshot,
)
from testcard.report.changes import print_drift


def of(*verdicts: Verdict) -> Report:
    return replace(example(), runs=(replace(segmind_run(), verdicts=verdicts),))


def broken(*rulings: Ruling) -> Verdict:
    return Verdict("segmind", SIZE, "broken", rulings, 2)


def saved(what: Report, path: Path) -> Path:
    baseline.save(what, path)
    return path


WEAKER = replace(WRONG_SIZE, detail="weak", evidence=Evidence("assumed", "nobody says"))


def test_a_report_breaks_nothing_under_its_own_baseline(tmp_path: Path) -> None:
    """accept(report, load(save(report))): nothing broken, nothing found, nothing stale."""
    known = baseline.load(saved(example(), tmp_path / "b.json"))
    after = baseline.accept(example(), known)
    assert {each.outcome for each in after.verdicts} == {"kept", "not-exercised"}
    assert [each for verdict in after.verdicts for each in verdict.rulings] == []
    assert sum(len(verdict.accepted) for verdict in after.verdicts) == 4
    assert after.stale == ()


def test_what_was_accepted_is_in_the_next_baseline_too(tmp_path: Path) -> None:
    first = saved(example(), tmp_path / "b.json")
    after = baseline.accept(example(), baseline.load(first))
    assert saved(after, tmp_path / "c.json").read_bytes() == first.read_bytes()


def test_a_new_breach_beside_an_accepted_one_still_breaks() -> None:
    known = {each.fingerprint: each for each in baseline.entries_of(of(broken(WRONG_SIZE)))}
    new = replace(WRONG_SIZE, detail="another field")
    [verdict] = baseline.accept(of(broken(WRONG_SIZE, new)), known).verdicts
    assert (verdict.outcome, verdict.rulings, verdict.accepted) == ("broken", (new,), (WRONG_SIZE,))


def test_only_findings_left_beside_accepted_breaches_is_a_finding() -> None:
    known = {each.fingerprint: each for each in baseline.entries_of(of(broken(WRONG_SIZE)))}
    [verdict] = baseline.accept(of(broken(WRONG_SIZE, WEAKER)), known).verdicts
    assert verdict.outcome == "finding"


def test_a_ruling_counts_by_its_grade_among_others() -> None:
    mixed = broken(WRONG_SIZE, WEAKER)
    assert [severity(mixed, each) for each in mixed.rulings] == ["broken", "finding"]
    assert severity(broken(WEAKER), WEAKER) == "broken"
    assert severity(replace(mixed, outcome="finding"), WRONG_SIZE) == "finding"


def test_entries_are_stale_where_their_clause_was_looked_at_alone() -> None:
    def entry(name: str) -> baseline.BaselineEntry:
        return baseline.BaselineEntry(name, "broken", "s", "x", "y")

    names = (
        "segmind:pictures.size:gone",
        "segmind:money.price:not exercised",
        "aithriving:pictures.size:not in this run",
    )
    after = baseline.accept(example(), {name: entry(name) for name in names})
    assert after.stale == ("segmind:pictures.size:gone",)


def test_a_baseline_is_sorted_and_keeps_dates_and_reasons(tmp_path: Path) -> None:
    path = saved(example(), tmp_path / "b.json")
    data = orjson.loads(path.read_bytes())
    names = [each["fingerprint"] for each in data["accepted"]]
    assert names == sorted(names)
    assert {each["since"] for each in data["accepted"]} == {"2001-09-09"}
    data["accepted"][0]["because"] = "the vendor knows"
    path.write_bytes(orjson.dumps(data))
    report.write(replace(example(), started=2e9), "baseline", path)
    first = orjson.loads(path.read_bytes())["accepted"][0]
    assert (first["since"], first["because"]) == ("2001-09-09", "the vendor knows")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ('{"format": "testcard-report"}', "at "),
        ('{"format": "testcard-baseline", "version": 2, "accepted": []}', "at version"),
        (
            '{"format": "testcard-baseline", "version": 1, "accepted": [{"fingerprint": "x"}]}',
            "at accepted/0/",
        ),
    ],
)
def test_a_bad_baseline_is_refused_by_name_and_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(BaselineError) as caught:
        baseline.load(path)
    assert f"{path}: " in str(caught.value)
    assert said in str(caught.value)


def test_no_baseline_is_written_over_another_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"mine": 1}')
    with pytest.raises(report.ReportError, match="not written over another file"):
        report.write(example(), "baseline", path)
    assert path.read_text() == '{"mine": 1}'


# Drift


def compared(old: Report, new: Report, folder: Path, format_: str = "json") -> Drift:
    report.write(old, format_, folder / "old")
    report.write(new, "json", folder / "new")
    return drift(snapshot(folder / "old"), snapshot(folder / "new"))


@pytest.mark.parametrize("format_", ["json", "baseline"])
def test_a_run_has_not_drifted_from_itself(tmp_path: Path, format_: str) -> None:
    found = compared(example(), example(), tmp_path, format_)
    assert found == Drift()
    assert exit_code(found) == 0


def test_accepting_is_no_drift(tmp_path: Path) -> None:
    known = baseline.load(saved(example(), tmp_path / "b.json"))
    assert compared(example(), baseline.accept(example(), known), tmp_path) == Drift()


def shown(found: Drift, width: int = 140) -> str:
    out = io.StringIO()
    print_drift(found, Console(file=out, width=width))
    return out.getvalue()


def drifted(folder: Path) -> Drift:
    """Something added, changed and removed, of every weight."""
    run = segmind_run()
    status, headers, size, whole, seed, price, _ = run.verdicts
    other = replace(size, rulings=(replace(size.rulings[0], seen="1×1"),))
    before = of(status, size, whole, headers)
    after = of(status, other, seed, price, *(kept(each) for each in (whole, headers)))
    return compared(before, after, folder)


def kept(verdict: Verdict) -> Verdict:
    return replace(verdict, outcome="kept", rulings=(), accepted=(), exercised=1)


def test_changes_come_by_severity(tmp_path: Path) -> None:
    found = drifted(tmp_path)
    assert [(each.kind, each.latest.severity) for each in found.changes] == [
        ("added", "broken"),
        ("changed", "broken"),
        ("removed", "broken"),
        ("removed", "finding"),
        ("added", "not-exercised"),
    ]
    assert exit_code(found) == 1
    for told in ("was: 512×512", "now: 1×1", "same-seed", "the budget of 4 credits", "+", "~", "-"):
        assert told in shown(found)
    assert "1 promise newly broken: 2 added, 1 changed, 2 removed" in shown(found)


def test_a_drift_fits_eighty_columns_and_breaks_no_name(tmp_path: Path) -> None:
    lines = shown(drifted(tmp_path), 80).splitlines()
    assert max(map(len, lines)) <= 80
    heads = [line for line in lines if line[:1] in ("+", "~", "-")]
    assert [head.split()[-2] for head in heads] == ["segmind"] * 5
    assert [head.split()[-1] for head in heads][1:3] == ["pictures.size", "pictures.decodes"]


def test_a_provider_that_vanished_is_told_and_is_not_equal(tmp_path: Path) -> None:
    whole = example()
    found = compared(whole, replace(whole, runs=whole.runs[:1]), tmp_path)
    assert found == Drift(vanished=("imagepipeline",))
    assert exit_code(found) == 1
    assert "imagepipeline  was judged, and is no more" in shown(found)
    assert "No promise newly broken: 1 judged no more" in shown(found)


def test_a_provider_that_joined_is_no_failure(tmp_path: Path) -> None:
    whole = example()
    found = compared(replace(whole, runs=whole.runs[:1]), whole, tmp_path)
    assert found.vanished == ()


def test_a_clause_that_vanished_is_told_and_is_not_equal(tmp_path: Path) -> None:
    status, headers, *_ = segmind_run().verdicts
    found = compared(of(status, headers), of(status), tmp_path)
    assert found == Drift(vanished=(f"segmind:{headers.clause.id}",))
    assert exit_code(found) == 1


def test_a_provider_of_which_nothing_came_up_has_vanished(tmp_path: Path) -> None:
    """As where the target was out of reach: nothing was broken, for nothing was judged."""
    status, headers, *_ = segmind_run().verdicts
    idle = [replace(kept(each), outcome="not-exercised") for each in (status, headers)]
    assert compared(of(status, headers), of(*idle), tmp_path) == Drift(vanished=("segmind",))


def test_what_vanished_since_a_baseline_is_told(tmp_path: Path) -> None:
    whole = example()
    found = compared(whole, replace(whole, runs=whole.runs[1:]), tmp_path, "baseline")
    assert found.vanished == ("segmind",)


def test_what_a_baseline_cannot_tell_is_not_compared(tmp_path: Path) -> None:
    price = segmind_run().verdicts[5]
    assert compared(of(), of(price), tmp_path, "baseline") == Drift()
    assert len(compared(of(), of(price), tmp_path, "json").changes) == 1


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (None, "broken", 1),
        ("finding", "broken", 1),
        ("not-exercised", "broken", 1),
        ("broken", "broken", 0),
        ("broken", None, 0),
        (None, "finding", 0),
        ("broken", "finding", 0),
        (None, "not-exercised", 0),
    ],
)
def test_drift_fails_on_newly_broken_promises_alone(
    before: Weight | None, after: Weight | None, code: int
) -> None:
    old, new = (each and Deviation("p:c.d:", each, "s", "x") for each in (before, after))
    assert exit_code(Drift((Change(old or None, new or None),))) == code


def test_no_drift_is_said_so() -> None:
    assert shown(Drift()) == "Nothing changed.\n"


def test_another_file_is_refused_with_what_was_expected(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text('{"format": "zip"}')
    with pytest.raises(BaselineError, match=r"its format is 'zip'; a report .* or a baseline"):
        snapshot(path)
    path.write_text('{"format": "testcard-report", "version": 1, "providers": [{}]}')
    with pytest.raises(BaselineError, match="at providers/0/"):
        snapshot(path)
