"""Clients of the small specs in tests/specs: over HTTP, in process, and as a check calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from tests.servers import door

from testcard.assembly import Options, build
from testcard.common.message import Call
from testcard.common.reading import Profile
from testcard.common.spec import SpecError, load
from testcard.contract.session import Session
from testcard.contract.targets import InProcess
from testcard.contract.verdict import ProviderRun
from testcard.drivers.check import check
from testcard.drivers.plan import plan
from testcard.mock.core import Mock

SPECS = Path(__file__).parent / "specs"
KEY = {"X-Key": "k"}


def mock_of_spec(name: str, profile: Profile = "documented", **options: Any) -> Mock:
    """Return a mock of one of the small specs."""
    return build(Options(providers=(str(SPECS / f"{name}.yaml"),), profile=profile, **options))


def in_process(mock: Mock, base: str, headers: Mapping[str, str] = KEY) -> httpx.Client:
    """Return a client whose calls a mock answers without a socket."""

    def answered(request: httpx.Request) -> httpx.Response:
        call = Call(
            request.method, str(request.url), tuple(request.headers.items()), request.read()
        )
        reply = mock.answer(call)
        return httpx.Response(reply.status, headers=list(reply.headers), content=reply.body)

    return httpx.Client(base_url=base, headers=headers, transport=httpx.MockTransport(answered))


@contextmanager
def client_at(mock: Mock, way: str, host: str = "") -> Iterator[httpx.Client]:
    """Give a client `in process`, as at the vendor's own host, or over `http`."""
    (name,) = mock.dialects
    if way == "http":
        with (
            door(mock) as base,
            httpx.Client(
                base_url=f"{base}/{name}", headers=KEY, timeout=60, trust_env=False
            ) as client,
        ):
            yield client
        return
    base = host if way == "host" else f"http://127.0.0.1:1/{name}"
    with in_process(mock, base) as client:
        yield client


def planned_run(mock: Mock, *, thorough: bool = False) -> ProviderRun:
    """Return what a check finds that sends its plan alone."""
    (dialect,) = mock.dialects.values()
    ready = Session(dialect.reading, InProcess(mock.answer), thorough=thorough)
    return check(ready, [plan])


def told(run: ProviderRun) -> dict[str, str]:
    """Return clause -> how it ended."""
    return {each.clause.id: each.outcome for each in run.verdicts}


def broken(run: ProviderRun) -> list[str]:
    """Return what a check found wrong."""
    return [f"{v.clause.id}: {r.detail}: {r.seen}" for v in run.verdicts for r in v.rulings]


class Plain(yaml.SafeDumper):
    """Writes what stands at several places at each of them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (yaml's own signature)
        """Have every one written out."""
        return True


def changed_spec(name: str, folder: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    """Write a spec that differs in one thing from a small one."""
    whole = yaml.safe_load((SPECS / f"{name}.yaml").read_text(encoding="utf-8"))
    document = yaml.safe_load(yaml.dump(whole, Dumper=Plain))
    change(document)
    path = folder / f"{name}.yaml"
    path.write_text(yaml.dump(document, Dumper=Plain, sort_keys=False), encoding="utf-8")
    return path


def refusal(name: str, folder: Path, change: Callable[[dict[str, Any]], Any]) -> str:
    """Return what is said of a small spec that differs in one thing, and is refused for it."""
    with pytest.raises(SpecError) as error:
        load(changed_spec(name, folder, change))
    return str(error.value)
