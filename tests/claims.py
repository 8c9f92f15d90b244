"""What modules say that they know and must not know, held against what they do.

Knows the words of docstrings and what each forbids. Must not know which rooms there are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from tests.house import Module

from testcard.common.spec import bundled, load, words

_NETWORK = ("socket", "asyncio", "ssl", "select", "anyio")
_WEB = ("fastapi", "starlette", "uvicorn", "http.client", "httpx", "httpx2", "requests", "aiohttp")
_LEARNING = ("torch", "diffusers", "transformers")

CLAIMS: Mapping[str, tuple[str, ...]] = {
    "HTTP": _WEB,
    "framework": _WEB,
    "client library": _WEB,
    "socket": _NETWORK,
    "TLS": ("ssl",),
    "thread": ("threading.Thread", "concurrent.futures.ThreadPoolExecutor"),
    "file": ("pathlib", "open()", "os.open", "tempfile"),
    "terminal": ("rich", "click", "typer"),
    "command line": ("typer", "click", "testcard.cli"),
    "print": ("print()", "rich"),
    "time": ("time", "datetime"),
    "base64": ("base64", "pybase64"),
    "pytest": ("pytest",),
    "pipeline": ("diffusers",),
    "diffusers": ("diffusers",),
    "model": ("diffusers", "transformers"),
    "provider": ("testcard.providers", "a vendor's name"),
    "vendor": ("testcard.providers", "a vendor's name"),
    "mock": ("testcard.mock", "testcard.doors"),
    "door": ("testcard.doors",),
    "client": ("testcard.doors", "testcard.fixtures"),
    "clause": ("testcard.clauses",),
    "driver": ("testcard.drivers",),
    "verdict": ("testcard.contract.verdict",),
    "run is made": ("testcard.contract.check", "testcard.contract.session", "testcard.drivers"),
    "report": ("testcard.report",),
    "record": ("testcard.record",),
    "job": ("testcard.common.job",),
    "money": ("decimal",),
    "I/O": ("open()", *_NETWORK, *_WEB),
    "who answer": ("testcard.mock", "testcard.doors", "testcard.contract.targets"),
    "who ask": ("testcard.doors", "testcard.fixtures", "testcard.drivers"),
    "who sen": ("testcard.doors", "testcard.drivers"),
    "where pictures are kept": ("testcard.mock", "pathlib"),
    "anything is checked": ("testcard.clauses", "testcard.contract.targets"),
    "anything is done": ("fastapi", "uvicorn", "socket"),
    "any one command": ("testcard.cli.main", "testcard.cli.run", "testcard.cli.check"),
    "who needs one": ("testcard.drivers", "testcard.assembly", "testcard.doors"),
    "accounts": ("testcard.mock",),
    "judged or written": ("testcard.clauses", "testcard.report"),
    "what is asked for": ("testcard.common.reading", "testcard.common.body"),
    "why it may": ("testcard.intercept.guard",),
    "how it came about": ("testcard.intercept.run", "testcard.intercept.proxy"),
    "whose authorities": ("testcard.intercept.authority",),
    "who allowed it": ("testcard.intercept.guard", "testcard.intercept.proxy"),
    "a child or a proxy is made": ("subprocess", "testcard.intercept.proxy"),
    "the child is started": ("subprocess", "testcard.intercept.child"),
    "FastAPI itself": ("fastapi",),
    "who may ask": ("testcard.mock.access",),
    "who orders a fault": ("testcard.mock.admin", "testcard.fixtures"),
    "the choices are for": ("testcard.common.job", "testcard.mock.world"),
    "what is kept": ("testcard.mock.journal", "testcard.mock.world", "testcard.mock.jobs"),
    "what is done with them": ("testcard.mock.turn", "testcard.mock.core"),
    "rest of HAR": ("testcard.record.har",),
    "changes are found": ("testcard.record.baseline", "testcard.contract"),
    "what a body is for": ("testcard.common.reading", "testcard.common.body"),
    "who reads it": ("testcard.cli",),
    "what a page says": ("testcard.contract.verdict", "testcard.common.reading"),
    "calls are sent": ("testcard.contract.targets", *_NETWORK, *_WEB),
}
"""What a docstring may say a module must not know -> what it then may not import, call or say."""

KNOWN: Mapping[str, tuple[str, ...]] = {
    "FastAPI": ("fastapi",),
    "Pillow": ("PIL",),
    "Readings": ("testcard.common.reading",),
    "TLS": ("ssl",),
    "hypothesis": ("hypothesis",),
    "processes": ("subprocess", "multiprocessing"),
    "pytest": ("pytest",),
    "requests and urllib3": ("requests",),
    "respx": ("respx",),
    "rich": ("rich",),
    "schemathesis": ("schemathesis",),
    "threads": ("threading", "concurrent.futures"),
    "typer": ("typer",),
    "uvicorn": ("uvicorn",),
}
"""What a docstring may say a module knows -> what it then imports, one of them at least."""


def claims_broken(module: Module) -> Iterator[str]:
    """Yield a line for each claim that is not kept, or that nothing here can hold it to."""
    for said in re.findall(r"Must not (?:know|import|do) ([^.]*)\.", module.docstring):
        meant = [forbidden for word, forbidden in CLAIMS.items() if word.lower() in said.lower()]
        if not meant:
            yield f"{module.name} must not know {said!r}: what that forbids stands in no table"
        for name in {name for forbidden in meant for name in forbidden}:
            if _has(module, name) and name != f"testcard.{module.room}":
                yield f"{module.name} must not know {said!r}, and has {name}"
    for said in re.findall(r"Knows ([^.]*)\.", module.docstring):
        for word, names in KNOWN.items():
            if re.search(rf"\b{word}\b", said) and not any(_has(module, each) for each in names):
                yield f"{module.name} knows {said!r}, and imports none of {', '.join(names)}"


def _has(module: Module, name: str) -> bool:
    if name == "a vendor's name":
        return any(vendor in word.lower() for vendor in vendors() for word in module.words)
    if name.endswith("()"):
        return name[:-2] in module.calls
    return any(each == name or each.startswith(f"{name}.") for each in module.imports)


@cache
def vendors() -> frozenset[str]:
    """Return the names by which the bundled specs call their vendors, in small letters."""
    specs = [load(path) for path in bundled()]
    said = {words(spec.document)["vendor"] for spec in specs}
    ids = {part for spec in specs for part in (spec.id, spec.id.partition("-")[0])}
    return frozenset(name.lower() for name in said | ids)
