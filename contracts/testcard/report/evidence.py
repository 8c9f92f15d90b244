"""What a ruling was judged by, as HTML: pictures side by side, and whole exchanges to unfold.

Knows exchanges, and what answered in a run. Must not know clauses, or the rest of the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final
from xml.etree.ElementTree import Element

from testcard.common.message import Exchange, Headers, Trace
from testcard.contract.verdict import ProviderRun
from testcard.report.curl import curl_to
from testcard.report.excerpt import shortened, text_of
from testcard.report.markup import element
from testcard.report.pictures import Preview, difference, preview, received, sent
from testcard.report.summary import called

_MOST_PICTURES: Final = 8

e = element


def picture_strip(trace: Trace, indices: Sequence[int]) -> Element | None:
    """Return the pictures of some exchanges side by side, each once; None where there are none.

    Where at least two were received, or one was sent and one received, what differs between
    the last two is shown too.
    """
    sightings = _sightings(trace, indices)
    if not sightings:
        return None
    figures = [
        _figure(preview(data), _label(seen))
        for data, seen in islice(sightings.items(), _MOST_PICTURES)
    ]
    return e("div", figures, _difference(trace, indices), class_="strip")


def _sightings(trace: Trace, indices: Sequence[int]) -> dict[bytes, list[tuple[str, str, int]]]:
    """File -> (sent or received, where, index) of each time; what was sent comes first."""
    there = [("sent", index, found) for index in indices for found in sent(trace[index].call)]
    back = [
        ("received", index, found) for index in indices for found in received(trace[index].reply)
    ]
    sightings: dict[bytes, list[tuple[str, str, int]]] = {}
    for verb, index, found in (*there, *back):
        sightings.setdefault(found.data, []).append((verb, found.where, index))
    return sightings


def _label(seen: Iterable[tuple[str, str, int]]) -> str:
    """For example `sent in 1 and 2: image`."""
    calls: dict[tuple[str, str], list[str]] = {}
    for verb, where, index in seen:
        calls.setdefault((verb, where), []).append(str(index + 1))
    return ", ".join(
        f"{verb} in {' and '.join(indices)}{': ' if where else ''}{where}"
        for (verb, where), indices in calls.items()
    )


def _figure(shown: Preview, label: str) -> Element:
    caption = e("figcaption", e("b", label), e("span", shown.facts))
    if not shown.uri:
        return e("figure", e("div", "does not decode", class_="missing"), caption)
    image = e("img", src=shown.uri, alt=label, class_="tiny" if shown.tiny else "")
    return e("figure", image, caption)


def _difference(trace: Trace, indices: Iterable[int]) -> Element | None:
    exchanges = [trace[index] for index in indices]
    back = [found.data for each in exchanges for found in received(each.reply)]
    there = [found.data for each in exchanges for found in sent(each.call)]
    pair = back[-2:] if len(back) > 1 else [*there[:1], *back]
    if len(pair) != 2:
        return None
    shown = difference(*pair)
    what = "between the two received" if len(back) > 1 else "from sent to received"
    return _figure(shown, f"difference {what}, ×4") if shown else None


def exchange_details(run: ProviderRun, index: int) -> Element:
    """Return one exchange, folded: the call as a curl command, and the answer."""
    exchange = run.trace[index]
    took = f"{exchange.elapsed:.3f} s"
    return e(
        "details",
        e("summary", e("b", f"call {index + 1}"), f" {called(exchange)}", e("small", took)),
        e("pre", curl_to(run, exchange.call, multiline=True)),
        e("p", e("a", "the whole command", href=f"#{_anchor(run, index)}")),
        e("pre", "\n".join(_answer(exchange))),
        class_="exchange",
    )


def whole_command(run: ProviderRun, index: int) -> Element:
    """Return the command that sends a call as it was sent, byte for byte, folded."""
    call = run.trace[index].call
    return e(
        "details",
        e("summary", e("b", f"{run.reading.spec.id}, call {index + 1}"), f" {call.method}"),
        e("pre", curl_to(run, call, multiline=True, whole=True)),
        class_="exchange",
        id=_anchor(run, index),
    )


def _anchor(run: ProviderRun, index: int) -> str:
    return f"{run.reading.spec.id}-{index + 1}"


def _answer(exchange: Exchange) -> Iterator[str]:
    reply = exchange.reply
    yield f"{reply.status or 'no answer'}"
    yield from _lines(reply.headers)
    if reply.body:
        text = text_of(reply.body)
        yield ""
        yield f"({len(reply.body)} bytes)" if text is None else shortened(text, pretty=True)


def _lines(headers: Headers) -> Iterator[str]:
    for name, value in headers:
        yield f"{name}: {value}"
