"""What testcard itself answers, under /_testcard/: health, providers, journal, jobs, reset.

Also the pictures that jobs lead to. Knows the Mock. Must not know sockets or frameworks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.message import Call, Reply
from testcard.common.schema import Schema, Validator
from testcard.common.trouble import KINDS
from testcard.mock.fault import Fault
from testcard.mock.intake import job_of
from testcard.mock.summary import entry_summary
from testcard.mock.turn import Work
from testcard.mock.world import Account, AccountId, JobPolicy

if TYPE_CHECKING:
    from testcard.mock.core import Mock

_PICTURE = re.compile(r"pictures/(?P<job>[\w-]+)/(?P<index>\d{1,3})\.png")
_COUNT = re.compile(r"[0-9]{1,9}")
_DIGEST_SHOWN = 12  # characters of a key's digest: enough to tell keys apart
_FAULT: Schema = {
    "type": "object",
    "required": ["provider"],
    "additionalProperties": False,
    "properties": {
        "provider": {"type": "string"},
        "kind": {"enum": [*KINDS, None]},
        "delay": {"type": "number", "minimum": 0, "maximum": 3600},
        "times": {"type": "integer", "minimum": 1, "maximum": 1000},
    },
}
_ACCOUNT: Schema = {
    "type": "object",
    "required": ["provider", "key", "balance"],
    "additionalProperties": False,
    "properties": {
        "provider": {"type": "string"},
        "key": {"type": "string", "minLength": 1},
        "balance": {"type": "number", "minimum": 0},
    },
}
_POLICY: Schema = {
    "type": "object",
    "required": ["policy"],
    "additionalProperties": False,
    "properties": {"policy": {"type": "string"}},
}


class _Refused(ValueError):  # noqa: N818 (an answer)
    """An admin call asks for what cannot be done."""


def administer(mock: Mock, call: Call) -> Reply | Work:
    """Answer a call under /_testcard/, at once or, for a picture, as work to be done."""
    name = call.parts.path.removeprefix(ADMIN_PREFIX).strip("/")
    picture = _PICTURE.fullmatch(name)
    if picture:
        return _picture(mock, picture["job"], int(picture["index"]))
    answers = {method: answer for (method, at), answer in _ANSWERS.items() if at == name}
    if not answers:
        there = sorted({f"{ADMIN_PREFIX}{at}" for _, at in _ANSWERS})
        return _json(404, {"error": f"nothing is at {ADMIN_PREFIX}{name}", "there_are": there})
    method = "GET" if call.method == "HEAD" else call.method
    if method not in answers:
        return _json(405, {"error": f"{ADMIN_PREFIX}{name} takes {' or '.join(answers)}"})
    try:
        return _json(200, answers[method](mock, call))
    except _Refused as refused:
        return _json(400, {"error": str(refused)})


def _health(mock: Mock, _: Call) -> dict[str, Any]:
    engine = mock.house.studio.describe()
    return {"status": "ok", "providers": list(mock.dialects), "engine": engine}


def _providers(mock: Mock, call: Call) -> list[dict[str, Any]]:
    base = f"{call.parts.scheme}://{call.parts.netloc}"
    return [
        {
            "id": name,
            "title": dialect.reading.spec.title,
            "profile": dialect.reading.profile,
            "base_url": f"{base}/{name}",
            "stands_for": dialect.reading.spec.server,
            "settings": dict(dialect.reading.settings),
            "operations": [
                {"id": each.id, "method": each.method, "path": each.path}
                for each in dialect.reading.operations
            ],
        }
        for name, dialect in mock.dialects.items()
    ]


def _journal(mock: Mock, call: Call) -> dict[str, Any]:
    asked = parse_qs(call.parts.query)
    provider = asked.get("provider", [None])[0]
    limit = asked.get("limit", ["100"])[0]
    if not _COUNT.fullmatch(limit):
        raise _Refused(f"limit is {limit!r}; a whole number was expected")
    entries = mock.journal.entries(provider)
    shown = entries[max(0, len(entries) - int(limit)) :]
    return {
        "forgotten": mock.journal.forgotten,
        "entries": [entry_summary(entry) for entry in shown],
    }


def _reset(mock: Mock, _: Call) -> dict[str, Any]:
    mock.reset()
    return {"status": "reset"}


def _accounts(mock: Mock, _: Call) -> list[dict[str, Any]]:
    return [
        {
            "provider": account.id.provider,
            "key_sha256": account.id.key_sha256[:_DIGEST_SHOWN],
            **_credits(account),
        }
        for account in mock.world.accounts()
    ]


def _credits(account: Account) -> dict[str, float]:
    return {"balance": float(account.balance), "held": float(account.held)}


def _set_account(mock: Mock, call: Call) -> dict[str, Any]:
    said = _said(call, _ACCOUNT)
    _require_provider(mock, said["provider"])
    who = AccountId.of(said["provider"], said["key"])
    account = mock.world.set_balance(who, Decimal(str(said["balance"])))
    return {"status": "set", **_credits(account)}


def _jobs(mock: Mock, _: Call) -> list[dict[str, Any]]:
    return [
        {"id": job.id, "provider": job.provider, "state": job.state, "polls": job.polls}
        for job in mock.world.jobs()
    ]


def _set_policy(mock: Mock, call: Call) -> dict[str, Any]:
    try:
        mock.world.set_policy(JobPolicy.parse(_said(call, _POLICY)["policy"]))
    except ValueError as error:
        raise _Refused(str(error)) from error
    return {"status": "set", "for": "jobs to come"}


def _lay_fault(mock: Mock, call: Call) -> dict[str, Any]:
    said = _said(call, _FAULT)
    _require_provider(mock, said["provider"])
    fault = Fault(said.get("kind"), float(said.get("delay", 0)))
    mock.world.fail_next(said["provider"], fault, said.get("times", 1))
    return {"status": "laid"}


def _said(call: Call, schema: Schema) -> dict[str, Any]:
    try:
        said = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise _Refused(f"the body is no JSON: {error}") from error
    breaches = Validator(schema).breaches(said)
    if breaches:
        raise _Refused("; ".join(breach.message for breach in breaches))
    return dict(said)


def _require_provider(mock: Mock, provider: str) -> None:
    if provider not in mock.dialects:
        known = ", ".join(mock.dialects)
        raise _Refused(f"{provider!r} is not served; served: {known}")


def _picture(mock: Mock, job_id: str, index: int) -> Reply | Work:
    job = mock.world.find_job(job_id)
    if job is None or job.state != "SUCCESS" or index >= job.order.work.samples:
        return _json(404, {"error": "no picture is here; its job is unknown or has not ended"})
    order, inputs = job.order, mock.house.inputs
    known = job_of(order, inputs.peek)

    def paint() -> Reply:
        work = known or job_of(order, inputs.read)
        if work is None:  # `read` has every picture
            raise AssertionError(f"the pictures of job {job_id} are gone")
        try:
            data = mock.house.studio.pictures(work, "png", work.samples)[index]
        except TimeoutError as busy:
            busy_for = (("retry-after", str(getattr(busy, "retry_after", 1))),)
            told = _json(503, {"error": str(busy)})
            return Reply(503, (*told.headers, *busy_for), told.body)
        except CancelledError:
            return _json(503, {"error": "the client left before its picture was painted"})
        return Reply(200, (("content-type", "image/png"),), data)

    if known is not None and mock.house.studio.known(known, "png", known.samples):
        return paint()
    return paint


def _json(status: int, value: Any) -> Reply:
    body = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    return Reply(status, (("content-type", "application/json"),), body)


_ANSWERS: Mapping[tuple[str, str], Callable[[Mock, Call], Any]] = {
    ("GET", "health"): _health,
    ("GET", "providers"): _providers,
    ("GET", "journal"): _journal,
    ("POST", "reset"): _reset,
    ("GET", "accounts"): _accounts,
    ("PUT", "accounts"): _set_account,
    ("GET", "jobs"): _jobs,
    ("PUT", "jobs"): _set_policy,
    ("POST", "faults"): _lay_fault,
}
