"""A report as one HTML page that loads nothing: verdicts, pictures side by side, exchanges.

Knows the page's layout; its looks are in page.css. Must not know how calls are sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from typing import Final
from xml.etree.ElementTree import Element

from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict, severity
from testcard.report.evidence import exchange_details, picture_strip, whole_command
from testcard.report.markup import Child, element, page
from testcard.report.summary import (
    GROUPS,
    STANDINGS,
    Standing,
    count,
    headline,
    named,
    of_standing,
    place_of,
    plural,
    shown_subject,
    why_idle,
)

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_ON_PICTURES: Final = ("pictures", "jobs")
_MOST_RULINGS: Final = 20
_MOST_CALLS: Final = 4
_MOST_OPEN: Final = 12  # lines of a list that is unfolded from the start

e = element


def render(report: Report) -> bytes:
    """Return the report, which must be `redaction.safe`, as a page in UTF-8."""
    style = (files("testcard.report") / "page.css").read_text(encoding="utf-8")
    head = e(
        "head",
        e("meta", charset="utf-8"),
        e("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        e("meta", name="viewport", content="width=device-width, initial-scale=1"),
        e("meta", name="color-scheme", content="light dark"),
        e("title", f"testcard: {headline(report)}, {report.target}"),
        e("style", style),
    )
    sections = (
        _verdicts(report, "broken", "Broken promises"),
        _verdicts(report, "finding", "Findings"),
        _verdicts(report, "accepted", "Accepted by the baseline"),
        _stale(report),
        _not_exercised(report),
        _kept(report),
        _commands(report),
    )
    main = e("main", _masthead(report), _stopped(report), _matrix(report), sections)
    return page(e("html", head, e("body", main), lang="en"))


def _masthead(report: Report) -> Element:
    found = count(report.verdicts)
    mood = "broken" if found["broken"] else "kept" if found["kept"] else "finding"
    begun = datetime.fromtimestamp(report.started, UTC)
    facts = {
        "Target": report.target,
        "Begun": begun.strftime("%Y-%m-%d %H:%M:%S UTC"),
        "Took": f"{report.elapsed:.1f} s",
        "Sent": plural(sum(len(run.trace) for run in report.runs), "call"),
        "Spent": f"{sum((run.spent for run in report.runs), Decimal(0)).normalize():f} credits",
        "testcard": report.version,
    }
    return e(
        "header",
        e("div", *(e("i") for _ in range(7)), class_="bars", aria_hidden="true"),
        e("h1", headline(report).capitalize(), class_=mood),
        e("p", [_pill(each, found[each]) for each in STANDINGS], class_="pills"),
        e("dl", [e("div", e("dt", name), e("dd", value)) for name, value in facts.items()]),
    )


def _pill(each: Standing, number: int) -> Element | None:
    if not number:
        return None
    return e("span", f"{number} {each.replace('-', ' ')}", class_=f"pill {each}")


def _stopped(report: Report) -> list[Element]:
    return [
        e("p", e("b", run.reading.spec.id), f" stopped early: {run.stopped}", class_="notice")
        for run in report.runs
        if run.stopped
    ]


def _matrix(report: Report) -> Element:
    heads = ("provider", *GROUPS, "calls", "credits")
    rows = [
        e(
            "tr",
            e("th", run.reading.spec.id, scope="row"),
            [e("td", _cell(run, group)) for group in GROUPS],
            e("td", str(len(run.trace)), class_="number"),
            e("td", f"{run.spent.normalize():f}", class_="number"),
        )
        for run in report.runs
    ]
    table = e(
        "table",
        e("thead", e("tr", [e("th", name, scope="col") for name in heads])),
        e("tbody", rows),
        class_="matrix",
    )
    return e("div", table, class_="wide")


def _cell(run: ProviderRun, group: str) -> list[Child]:
    found = count(each for each in run.verdicts if each.clause.group == group)
    pills = [_pill(each, found[each]) for each in STANDINGS]
    return [*pills] if any(pill is not None for pill in pills) else ["–"]


def _verdicts(report: Report, wanted: Standing, title: str) -> Element | None:
    cards = [
        _card(run, verdict, wanted) for run in report.runs for verdict in of_standing(run, wanted)
    ]
    return e("section", e("h2", title), cards) if cards else None


def _card(run: ProviderRun, verdict: Verdict, stands: Standing) -> Element:
    rulings = verdict.rulings or verdict.accepted
    head = (
        e("span", verdict.provider, class_="provider"),
        e("code", verdict.clause.id),
        e("span", verdict.clause.sentence, class_="sentence"),
    )
    more = len(rulings) - _MOST_RULINGS
    return e(
        "details",
        e("summary", head),
        [_ruling(run, verdict, ruling) for ruling in rulings[:_MOST_RULINGS]],
        e("p", f"… and {more} more like it; the JSON report has all") if more > 0 else None,
        _accepted_too(verdict),
        class_=f"card {stands}",
        open_="open" if stands == "broken" else "",
    )


def _accepted_too(verdict: Verdict) -> Element | None:
    if not (verdict.rulings and verdict.accepted):
        return None
    seen = "; ".join(ruling.seen for ruling in verdict.accepted)
    return e("p", f"Accepted by the baseline beside this: {seen}", class_="remark")


def _ruling(run: ProviderRun, verdict: Verdict, ruling: Ruling) -> Element:
    shown = shown_subject(ruling, run.trace, _MOST_CALLS)
    left = len(set(ruling.subject)) - len(shown)
    looked_at = verdict.clause.group in _ON_PICTURES
    return e(
        "div",
        e("dl", list(_facts(run, ruling))),
        picture_strip(run.trace, shown) if looked_at else None,
        [exchange_details(run, index) for index in shown],
        e("p", f"… and {plural(left, 'call')} between", class_="remark") if left > 0 else None,
        class_=f"ruling {severity(verdict, ruling)}",
    )


def _facts(run: ProviderRun, ruling: Ruling) -> Iterator[Element]:
    said = ruling.evidence
    grade = e("span", said.grade, class_=f"grade {said.grade}")
    source: list[Child] = [grade, " ", said.source, " · ", e("code", str(place_of(run, ruling)))]
    rows: tuple[tuple[str, Iterable[Child]], ...] = (
        ("about", [ruling.detail]),
        ("seen", [ruling.seen]),
        ("expected", [ruling.expected]),
        ("source", source),
    )
    for name, value in rows:
        if any(value):
            yield e("div", e("dt", name), e("dd", value), class_=name)


def _not_exercised(report: Report) -> Element | None:
    rows = [
        (verdict.provider, verdict.clause.id, why_idle(run, verdict))
        for run in report.runs
        for verdict in of_standing(run, "not-exercised")
    ]
    return _listed("Not exercised", rows)


def _commands(report: Report) -> Element | None:
    """Every call that is shown, once, as it was sent."""
    found = [
        whole_command(run, index) for run in report.runs for index in sorted(set(_calls_shown(run)))
    ]
    return e("section", e("h2", "Commands, whole"), found) if found else None


def _calls_shown(run: ProviderRun) -> Iterator[int]:
    for verdict in run.verdicts:
        for ruling in (verdict.rulings or verdict.accepted)[:_MOST_RULINGS]:
            yield from shown_subject(ruling, run.trace, _MOST_CALLS)


def _stale(report: Report) -> Element | None:
    title = "In the baseline, but seen no more: remove"
    return _listed(title, [named(entry) for entry in report.stale])


def _kept(report: Report) -> Element | None:
    rows = [
        (verdict.provider, verdict.clause.id, f"{verdict.clause.sentence} ({verdict.exercised}×)")
        for run in report.runs
        for verdict in of_standing(run, "kept")
    ]
    return _listed("Kept", rows)


def _listed(title: str, rows: Iterable[tuple[str, ...]]) -> Element | None:
    lines = [
        e("tr", e("td", provider), e("td", e("code", clause)), e("td", text))
        for provider, clause, text in rows
    ]
    if not lines:
        return None
    summary = e("summary", e("h2", f"{title} ({len(lines)})"))
    table = e("div", e("table", e("tbody", lines)), class_="wide")
    few = "open" if len(lines) <= _MOST_OPEN else ""
    return e("details", summary, table, class_="list", open_=few)
