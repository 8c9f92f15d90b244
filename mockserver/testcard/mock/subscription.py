"""Who is to be told of a job, and where: what a call said about its callbacks.

A call is kept as far as what is sent later has to say of it: its fields, without pictures where
nothing repeats them, and without its body and its key. Knows calls and callbacks of specs. Must
not know HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from testcard.common.body import FilePart
from testcard.common.callbacks import Callback
from testcard.common.message import Call
from testcard.common.runtime_expression import RuntimeExpression, filled_in
from testcard.common.schema import nodes
from testcard.common.spec import words
from testcard.common.spread import spread
from testcard.common.states import Phase
from testcard.mock.errand import Errand
from testcard.mock.job import Origin, Subscription

_KEPT_HEADERS: Final = ("content-type", "host")


def origin_of(errand: Errand) -> Origin | None:
    """Return who is to be told of what comes of a call; None where it names nobody."""
    callbacks = errand.operation.callbacks
    if not callbacks:
        return None
    visit, body = errand.visit, errand.body
    document = spread(body.fields, body.root, visit.fields).document
    told = (visit.call, document, visit.match.params)
    subscribed = [
        Subscription(each.name, each.address, url, _phases(each, *told), _secret(each, *told))
        for each in callbacks
        if (url := filled_in(each.address, *told))
    ]
    if not subscribed:
        return None
    headers = tuple(each for each in visit.call.headers if each[0].lower() in _KEPT_HEADERS)
    call = Call(visit.call.method, visit.call.url, headers, root=visit.call.root)
    return Origin(call, _kept(errand), tuple(subscribed))


def _phases(
    callback: Callback, call: Call, document: Any, params: Mapping[str, str]
) -> frozenset[Phase]:
    """The states in which a client wants to be told, by its own words where it says any."""
    if callback.filter is None:
        return callback.when
    said = RuntimeExpression.parse(callback.filter.by).value(call, document, params)
    chosen = said if isinstance(said, list) else [said] if said else []
    if not chosen:
        return callback.when
    asked = (callback.filter.events.get(str(each), frozenset()) for each in chosen)
    return frozenset().union(*asked)


def _secret(callback: Callback, call: Call, document: Any, params: Mapping[str, str]) -> str:
    if callback.signing is None or not callback.signing.secret:
        return ""
    said = RuntimeExpression.parse(callback.signing.secret).value(call, document, params)
    return said if isinstance(said, str) else ""


def _kept(errand: Errand) -> Mapping[str, Any]:
    """The fields that what is sent later may repeat: all but pictures, unless it echoes them."""
    schemas = (node for each in errand.operation.callbacks for _, node in nodes(each.schema))
    echoed = any(words(node).get("role") == "echo" for node in schemas)
    pictures = frozenset[str]() if echoed else {each.name for each in errand.body.pictures}
    return {
        name: value
        for name, value in errand.visit.fields.items()
        if name not in pictures and not isinstance(value, FilePart)
    }
