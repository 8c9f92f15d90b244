"""Why a method and a path are for no operation, or for one by a path that its page has not.

Knows Routes. Must not know bodies, keys, replies, or any one provider.
"""

from __future__ import annotations

from typing import Final

from testcard.common.document import Evidence
from testcard.common.flaw import Flaw
from testcard.common.operation import Operation
from testcard.common.routes import Routes

_HTTP: Final = Evidence("assumed", "HTTP: what is not there is not found")


def route_flaw(routes: Routes, method: str, path: str) -> Flaw:
    """Return why `method` at `path`, without any prefix, is for no operation."""
    for operation, _ in routes.entries:
        patterns = operation.alias_patterns if operation.method == method else ()
        if any(pattern.fullmatch(path) for pattern in patterns):
            return alias_flaw(operation, path)
    methods = routes.methods(path)
    if methods:
        message = f"{method} is not allowed here; {' or '.join(methods)} is"
        return Flaw("method-not-allowed", "route", (), "method", message, _HTTP)
    return Flaw("not-found", "route", (), "path", f"there is nothing at {path}", _HTTP)


def alias_flaw(operation: Operation, path: str) -> Flaw:
    """Return what is wrong with a path that only the lenient profile takes."""
    message = f"{path} is not the page's {operation.path}"
    return Flaw("not-found", "route", ("path",), "alias", message, operation.evidence)
