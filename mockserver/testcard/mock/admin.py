"""What testcard itself answers, under /_testcard/: health, providers, journal, accounts, faults.

Routes, methods and what they take come from its spec (admin.yaml). Knows what a mock is made of.
Must not know how calls to providers are answered, sockets or frameworks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import groupby
from typing import Any

import orjson
import yaml

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.message import Call, Headers, Reply
from testcard.mock.access import Access
from testcard.mock.admin_docs import asset, page
from testcard.mock.admin_later import LATER
from testcard.mock.admin_spec import AdminOperation, Refused, admin_spec
from testcard.mock.administered import Administered, Said, served
from testcard.mock.fault import Fault, aimed
from testcard.mock.routing import normal_path
from testcard.mock.summary import entry_summary
from testcard.mock.world import Account, AccountId, JobPolicy

_DIGEST_SHOWN = 12  # characters of a key's digest: enough to tell keys apart
_LONG = (
    "journal",
    "deliveries",
    "jobs",
    "accounts",
    "faults",
    "reset",
)  # go through all that is kept
_JSON = "application/json"


class Admin:
    """Answers calls under /_testcard/, and those to the root of a server."""

    def __init__(self, parts: Administered, access: Access) -> None:
        """Answer about `parts` whoever has `access`; a provider's own host is a name of it too."""
        places = (each.reading.places for each in parts.dialects.values())
        hosts = {server.host for each in places for server in each.servers}
        self._parts = parts
        self._access = replace(access, hosts=access.hosts | hosts)

    def answer(self, call: Call) -> Reply | Callable[[], Reply]:
        """Answer a call whose path begins with ADMIN_PREFIX; as work where that may take long."""
        path = normal_path(call.parts.path).removeprefix(ADMIN_PREFIX)
        part_of_page = asset(path) if call.method in ("GET", "HEAD") else None
        if part_of_page is not None:
            return part_of_page
        there = admin_spec().at(path.rstrip("/"))
        if not there:
            seen = f"nothing is at {ADMIN_PREFIX}{path}"
            return _error(404, seen, there_are=list(admin_spec().places))
        operation = there.get(call.method)
        if operation is None:
            seen, allow = f"{call.method} is not allowed at {ADMIN_PREFIX}{path}", ", ".join(there)
            return _error(405, f"{seen}; it takes {allow}", (("allow", allow),))
        answer = partial(self._answered, call, operation)
        return answer if operation.id in _LONG else answer()

    def root(self) -> Reply:
        """Say where the providers are, and where this is: what stands at `/`."""
        return _json(
            200,
            {
                "title": "testcard, a stand-in for hosted image-generation APIs",
                "providers": {name: f"/{name}" for name in self._parts.dialects},
                "docs": {name: f"/{name}/docs" for name in self._parts.dialects},
                "admin": ADMIN_PREFIX,
            },
        )

    def _refused(self, call: Call, operation: AdminOperation) -> Reply | None:
        refusal = None if operation.open else self._access.refusal(call)
        if refusal is not None:
            return _error(refusal.status, refusal.message, refusal.headers)
        wants_json = operation.body is not None or (call.body and operation.method != "GET")
        if wants_json and call.media_type != _JSON:
            seen = f"Content-Type is {call.media_type or 'missing'}"
            return _error(415, f"{seen}; {_JSON} was expected")
        return None

    def _answered(self, call: Call, operation: AdminOperation) -> Reply:
        if refused := self._refused(call, operation):
            return refused
        try:
            said = {**operation.query(call), **operation.json(call)}
            answer = _ANSWERS[operation.id](self._parts, call, said)
        except Refused as error:
            return _error(400, str(error))
        return answer if isinstance(answer, Reply) else _json(200, answer)


# About


def _index(_: Administered, __: Call, ___: Said) -> dict[str, Any]:
    return {
        "title": admin_spec().document["info"]["title"],
        "docs": f"{ADMIN_PREFIX}docs",
        "openapi": f"{ADMIN_PREFIX}openapi.yaml",
        "operations": [
            {"method": each.method, "path": ADMIN_PREFIX + each.path, "summary": each.summary}
            for each in admin_spec().operations
        ],
    }


def _health(parts: Administered, _: Call, __: Said) -> dict[str, Any]:
    return {
        "status": "ok",
        "providers": list(parts.dialects),
        "engine": parts.studio.describe(),
    }


def _providers(parts: Administered, call: Call, _: Said) -> list[dict[str, Any]]:
    base = f"{call.parts.scheme}://{call.parts.netloc}{call.root}"
    return [
        {
            "id": name,
            "title": dialect.reading.spec.title,
            "profile": dialect.reading.profile,
            "base_url": f"{base}/{name}",
            "stands_for": dialect.reading.places.servers[0].url,
            "servers": [each.url for each in dialect.reading.places.servers],
            "settings": dict(dialect.reading.settings),
            "operations": [
                {"id": each.id, "method": each.method, "path": each.path}
                for each in dialect.reading.operations
            ],
        }
        for name, dialect in parts.dialects.items()
    ]


def _openapi_yaml(_: Administered, __: Call, ___: Said) -> Reply:
    text = yaml.dump(admin_spec().document, Dumper=yaml.CSafeDumper, sort_keys=False, width=100)
    return Reply(200, (("content-type", "application/yaml"),), text.encode())


def _openapi_json(_: Administered, __: Call, ___: Said) -> dict[str, Any]:
    return dict(admin_spec().document)


def _docs(_: Administered, __: Call, ___: Said) -> Reply:
    return page(admin_spec().document["info"]["title"])


# Journal and state


def _journal(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    provider = served(parts, said.get("provider"))
    entries = parts.journal.entries(provider)
    shown = entries[max(0, len(entries) - said.get("limit", 100)) :]
    return {
        "forgotten": parts.journal.forgotten,
        "entries": [entry_summary(entry) for entry in shown],
    }


def _reset(parts: Administered, _: Call, __: Said) -> dict[str, Any]:
    parts.reset()
    return {"status": "reset"}


def _accounts(parts: Administered, _: Call, __: Said) -> list[dict[str, Any]]:
    return [
        {
            "provider": account.id.provider,
            "key_sha256": account.id.key_sha256[:_DIGEST_SHOWN],
            **_credits(account),
        }
        for account in parts.world.accounts()
    ]


def _set_account(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    served(parts, said["provider"])
    who = AccountId.of(said["provider"], said["key"])
    account = parts.world.set_balance(who, Decimal(str(said["balance"])))
    return {"status": "set", **_credits(account)}


def _jobs(parts: Administered, _: Call, __: Said) -> list[dict[str, Any]]:
    told = ("id", "provider", "state", "phase", "polls")
    return [{name: getattr(job, name) for name in told} for job in parts.world.jobs()]


def _set_policy(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    try:
        parts.world.set_policy(JobPolicy.parse(said["policy"]))
    except ValueError as error:
        raise Refused(str(error)) from error
    return {"status": "set", "for": "jobs to come"}


# Faults


def _faults(parts: Administered, _: Call, __: Said) -> list[dict[str, Any]]:
    return [
        {**_shown(name, fault), "times": len(list(alike))}
        for name, waiting in parts.world.faults().items()
        for fault, alike in groupby(waiting)
    ]


def _shown(provider: str, fault: Fault) -> dict[str, Any]:
    key = None if fault.key_sha256 is None else fault.key_sha256[:_DIGEST_SHOWN]
    return {
        "provider": provider,
        "kind": fault.kind,
        "delay": fault.delay,
        "operation": fault.operation,
        "key_sha256": key,
        "amid": fault.amid,
    }


def _lay_fault(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    served(parts, said["provider"])
    try:
        reading, delay = parts.dialects[said["provider"]].reading, float(said.get("delay", 0))
        fault = aimed(
            reading,
            said.get("kind"),
            delay,
            said.get("operation"),
            said.get("key"),
            amid=said.get("amid", False),
        )
        parts.world.fail_next(said["provider"], fault, int(said.get("times", 1)))
    except ValueError as error:
        raise Refused(str(error)) from error
    return {"status": "laid"}


def _forget_faults(parts: Administered, _: Call, said: Said) -> dict[str, Any]:
    forgotten = parts.world.forget_faults(served(parts, said.get("provider")))
    return {"status": "forgotten", "faults": forgotten}


def _credits(account: Account) -> dict[str, float]:
    return {"balance": float(account.balance), "held": float(account.held)}


def _json(status: int, value: Any, headers: Headers = ()) -> Reply:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    return Reply(status, (("content-type", _JSON), *headers), body)


def _error(status: int, message: str, headers: Headers = (), **more: Any) -> Reply:
    return _json(status, {"error": message, **more}, headers)


_ANSWERS: Mapping[str, Callable[[Administered, Call, Said], Any]] = {
    "index": _index,
    "health": _health,
    "providers": _providers,
    "openapiYaml": _openapi_yaml,
    "openapiJson": _openapi_json,
    "docs": _docs,
    "journal": _journal,
    "reset": _reset,
    "accounts": _accounts,
    "setAccount": _set_account,
    "jobs": _jobs,
    "setJobPolicy": _set_policy,
    "faults": _faults,
    "layFault": _lay_fault,
    "forgetFaults": _forget_faults,
    **LATER,
}
