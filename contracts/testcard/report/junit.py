"""A report as JUnit XML, which every CI service reads.

A provider is a suite, a clause a case: broken is a failure, not exercised is skipped, and
findings and what a baseline accepts stand in the case's output.

Knows JUnit's elements. Must not know how calls are sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from testcard.common.redaction import visible
from testcard.contract.verdict import ProviderRun, Report, Ruling, Verdict
from testcard.report.curl import curl_to
from testcard.report.summary import count, place_of, plural, shown_subject, standing


def render(report: Report) -> bytes:
    """Return the report, which must be `redaction.safe`, as an XML document in UTF-8."""
    root = Element("testsuites", name=f"testcard: {report.target}")
    for run in report.runs:
        root.append(_suite(report, run))
    _count_cases(root, [verdict for run in report.runs for verdict in run.verdicts])
    root.set("time", f"{report.elapsed:.3f}")
    indent(root)
    return b"%s\n" % tostring(root, encoding="utf-8", xml_declaration=True)


def _suite(report: Report, run: ProviderRun) -> Element:
    suite = Element("testsuite", name=run.reading.spec.id)
    _count_cases(suite, run.verdicts)
    suite.set("time", f"{sum(each.elapsed for each in run.trace):.3f}")
    suite.set(
        "timestamp", datetime.fromtimestamp(report.started, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    )
    facts = {
        "target": report.target,
        "profile": run.reading.profile,
        "calls": str(len(run.trace)),
        "credits": f"{run.spent:f}",
    }
    properties = SubElement(suite, "properties")
    for name, value in facts.items():
        SubElement(properties, "property", name=name, value=value)
    for verdict in run.verdicts:
        suite.append(_case(run, verdict))
    if run.stopped:
        SubElement(suite, "system-err").text = f"the run ended early: {run.stopped}"
    return suite


def _count_cases(element: Element, verdicts: Iterable[Verdict]) -> None:
    found = count(verdicts)
    element.set("tests", str(found.total()))
    element.set("failures", str(found["broken"]))
    element.set("errors", "0")
    element.set("skipped", str(found["not-exercised"]))


def _case(run: ProviderRun, verdict: Verdict) -> Element:
    clause = verdict.clause
    case = Element(
        "testcase", name=clause.id, classname=f"{verdict.provider}.{clause.group}", time="0"
    )
    stands = standing(verdict)
    if stands == "not-exercised":
        SubElement(case, "skipped", message=verdict.reason or f"it wants {clause.wants}")
    if stands == "broken":
        message = "; ".join(f"{each.seen}, expected {each.expected}" for each in verdict.rulings)
        failure = SubElement(case, "failure", message=message, type=clause.id)
        failure.text = _told(run, verdict, verdict.rulings)
    said = [*(verdict.rulings if stands == "finding" else ()), *verdict.accepted]
    if said:
        what = "a finding" if stands == "finding" else "accepted by the baseline"
        SubElement(case, "system-out").text = f"{what}:\n{_told(run, verdict, said)}"
    return case


def _told(run: ProviderRun, verdict: Verdict, rulings: Iterable[Ruling]) -> str:
    pieces = (_ruling(run, ruling) for ruling in rulings)
    return visible("\n\n".join([verdict.clause.sentence, *pieces]))


def _ruling(run: ProviderRun, ruling: Ruling) -> str:
    shown = shown_subject(ruling, run.trace, 2)
    calls = [f"sent:     {curl_to(run, run.trace[index].call)}" for index in shown]
    left = len(set(ruling.subject)) - len(shown)
    said = ruling.evidence
    return "\n".join(
        (
            *([f"about:    {ruling.detail}"] if ruling.detail else []),
            f"seen:     {ruling.seen}",
            f"expected: {ruling.expected}",
            f"source:   {said.source} ({said.grade})",
            f"spec:     {place_of(run, ruling)}",
            *calls,
            *([f"          … with {plural(left, 'call')} between"] if left > 0 else []),
        )
    )
