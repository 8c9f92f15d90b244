"""One `testcard run`: who answers, the proxy, the child, and what came of it.

Knows how the parts of a run are put together. Must not know the command line, or print.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from testcard.common.message import Call, Reply, Trace
from testcard.common.picture import encode, media_type
from testcard.common.spec import SpecError
from testcard.contract.targets import Http, Target
from testcard.doors.http import application
from testcard.intercept import trust
from testcard.intercept.authority import Authority, fresh, of_user
from testcard.intercept.child import Setting, environment, run
from testcard.intercept.clientside import ClientVerdict, judged
from testcard.intercept.hosts import Source, Stage, Tape
from testcard.intercept.proxy import Gates, proxying
from testcard.intercept.recorder import OWN, Limits, Recorder
from testcard.intercept.replay import Replay
from testcard.intercept.show import Aside
from testcard.mock.core import Mock
from testcard.mock.turn import Work
from testcard.record import har

_PREFER: Final = re.compile(r"code=(\d{3})|example=([\w.-]+)")


@dataclass(frozen=True)
class Plan:
    """What one run was told.

    Attributes:
        command: what to run.
        allow: hosts that the child may reach.
        pictures_from: hosts whose URLs are answered with painted pictures.
        prefer: documented answer to every call that has it, as `code=406`; empty for none.
        record: file to keep real traffic in.
        replay: file to answer from.
        limits: of a recording.
        keys: provider -> key that takes the place of the client's, in a recording.
        against: provider -> URL that stands in place of its server, in a recording.
    """

    command: tuple[str, ...]
    allow: frozenset[str] = frozenset()
    pictures_from: frozenset[str] = frozenset()
    prefer: str = ""
    record: Path | None = None
    replay: Path | None = None
    limits: Limits | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    against: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        code: the child's exit code.
        verdict: on its calls.
        aside: what else there is to say.
        answered_by: for people.
        unmatched: how many calls a recording had no answer to.
    """

    code: int
    verdict: ClientVerdict
    aside: Aside
    answered_by: str
    unmatched: int = 0


def intercept(mock: Mock, plan: Plan) -> Outcome:
    """Run the command with its calls answered; return what came of it.

    Raises:
        SpecError: the plan says what cannot be.
        HarError: the file to answer from is none.
        OSError: a file, the authority or the proxy cannot be made.
    """
    _check(mock, plan)
    recorder = _recorder(mock, plan) if plan.record else None
    replay = Replay(mock.route, har.read(plan.replay)) if plan.replay else None
    sources = _sources(mock, plan, recorder, replay)
    authorities = _authorities(mock, sources)
    stage = Stage(
        mock,
        sources,
        authority=authorities[0].pem,
        prepare=_keyed(mock, plan.keys),
        tape=Tape(None) if plan.record else Tape(),
    )
    try:
        code = _run(plan, stage, authorities, plan.allow - sources.keys())
    finally:
        if plan.record:
            _keep(stage.tape.trace(), plan.record, _key_headers(mock))
    return _outcome(mock, plan, stage, code, recorder, replay)


def _authorities(mock: Mock, sources: Collection[str]) -> list[Authority]:
    """The user's own, for the providers' hosts; and one of this run alone, for others."""
    providers = _hosts(mock)
    others = set(sources) - providers
    return [of_user(providers), *([fresh(others)] if others else [])]


def _run(
    plan: Plan, stage: Stage, authorities: Sequence[Authority], allowed: frozenset[str]
) -> int:
    contexts = {host: made for each in authorities for host, made in each.contexts().items()}
    gates = Gates(contexts, allowed, stage.refuse, stage.opened.add)
    with (
        tempfile.TemporaryDirectory(prefix="testcard-run-") as folder,
        proxying(application(stage), gates) as port,
    ):
        files = trust.write(Path(folder), (each.pem for each in authorities))
        setting = Setting(port, files, Path(folder))
        return run(plan.command, environment(setting, os.environ))


def _keep(trace: Trace, path: Path, key_headers: Collection[str]) -> None:
    """Write what real hosts answered; nothing where none did."""
    real = [each for each in trace if each.reply.header(OWN) is None]
    if real:
        har.write(real, path, key_headers)


def _outcome(
    mock: Mock,
    plan: Plan,
    stage: Stage,
    code: int,
    recorder: Recorder | None,
    replay: Replay | None,
) -> Outcome:
    readings = [dialect.documented for dialect in mock.dialects.values()]
    verdict = judged(readings, stage.tape.trace(), lambda call: _whose(mock, call))
    notes = [*_notes(plan, recorder, replay)]
    if stage.tape.forgotten:
        notes.append(f"the first {stage.tape.forgotten} calls were too many to be judged")
    aside = Aside(dict(stage.refused), tuple(stage.silent), tuple(notes))
    unmatched = len(replay.unmatched) if replay else 0
    return Outcome(code, verdict, aside, _answered_by(mock, plan), unmatched)


def _notes(plan: Plan, recorder: Recorder | None, replay: Replay | None) -> Iterable[str]:
    if recorder is not None:
        yield (
            f"{recorder.sent} calls were sent to real hosts, for {recorder.spent} credits at most; "
            f"kept in {plan.record}"
        )
        if recorder.held_back:
            yield f"{recorder.held_back} calls were held back: a limit was reached"
    if replay is not None:
        for each in replay.unmatched:
            yield f"{plan.replay} has no answer to {each.asks}: {each.nearest}"
        for asks, left in replay.unused():
            yield f"{plan.replay} has {left} more answers to {asks}, which were not asked for"


def _answered_by(mock: Mock, plan: Plan) -> str:
    if plan.record:
        return "the real hosts"
    profiles = {dialect.reading.profile for dialect in mock.dialects.values()}
    return f"{plan.replay}" if plan.replay else f"the mock ({', '.join(sorted(profiles))} profile)"


def _hosts(mock: Mock) -> frozenset[str]:
    return frozenset(
        Call("GET", dialect.reading.spec.server).parts.hostname or ""
        for dialect in mock.dialects.values()
    )


def _whose(mock: Mock, call: Call) -> str | None:
    dialect = mock.route(call)[0]
    return dialect.reading.spec.id if dialect else None


def _key_headers(mock: Mock) -> Collection[str]:
    return {name for each in mock.dialects.values() for name in each.reading.key_headers}


def _check(mock: Mock, plan: Plan) -> None:
    for host in (plan.allow | plan.pictures_from) & _hosts(mock):
        raise SpecError(
            f"{host} is a provider's own host, for which the mock answers; "
            "--record FILE lets its calls through"
        )
    for name in (plan.keys.keys() | plan.against.keys()) - mock.dialects.keys():
        raise SpecError(f"{name!r} is no provider; there are: {', '.join(mock.dialects)}")
    if plan.record and not os.access(plan.record.absolute().parent, os.W_OK):
        raise SpecError(f"{plan.record} cannot be written: its folder is not there, or not yours")
    if plan.prefer:
        _check_prefer(mock, plan.prefer)


def _check_prefer(mock: Mock, prefer: str) -> None:
    found = _PREFER.fullmatch(prefer)
    if found is None:
        raise SpecError(f"--prefer is {prefer!r}; code=406 or example=NAME was expected")
    codes = {
        status
        for dialect in mock.dialects.values()
        for operation in dialect.reading.operations
        for status in operation.responses
    }
    if found[1] and int(found[1]) not in codes:
        known = ", ".join(str(code) for code in sorted(codes))
        raise SpecError(f"--prefer code={found[1]}: no page documents it; documented: {known}")


def _sources(
    mock: Mock, plan: Plan, recorder: Recorder | None, replay: Replay | None
) -> dict[str, Source]:
    source: Source = recorder or replay or _preferring(mock, plan.prefer)
    found: dict[str, Source] = {host: _painting(mock) for host in plan.pictures_from}
    more = plan.allow if recorder else replay.hosts if replay else frozenset()
    return found | {host: source for host in (*_hosts(mock), *more) if host}


def _recorder(mock: Mock, plan: Plan) -> Recorder:
    if find_spec("httpx2") is None:
        raise SpecError("--record needs httpx2: pip install 'testcard[contracts]'")
    secret = _key_headers(mock)
    targets: dict[str, Target] = {
        host: Http(f"https://{host}", f"https://{host}", secret=secret) for host in plan.allow
    }
    for name, dialect in mock.dialects.items():
        server = dialect.reading.spec.server
        targets[name] = Http(plan.against.get(name, server), server, secret=secret)
    assert plan.limits is not None  # noqa: S101 (the command line asks for them)
    return Recorder(mock.route, targets, plan.limits)


def _preferring(mock: Mock, prefer: str) -> Source:
    """The mock itself, asked for one documented answer wherever an operation has it."""
    code = prefer.removeprefix("code=") if prefer.startswith("code=") else ""

    def answer(call: Call) -> Reply | Work:
        operation = mock.route(call)[1]
        has = operation is not None and (not code or int(code) in operation.responses)
        if prefer and has and call.header("prefer") is None:
            call = replace(call, headers=(*call.headers, ("Prefer", prefer)))
        return mock.begin(call)

    return answer


def _painting(mock: Mock) -> Source:
    """What stands at a URL: a file of the folder of pictures, or a scene painted from it."""

    def answer(call: Call) -> Work:
        def paint() -> Reply:
            ending = call.parts.path.rpartition(".")[2].lower()
            format_: Any = {"jpg": "jpeg", "jpeg": "jpeg", "webp": "webp"}.get(ending, "png")
            data = encode(mock.house.inputs.read(call.url, ("url",)).array, format_)
            return Reply(200, (("content-type", media_type(format_)),), data)

        return paint

    return answer


def _keyed(mock: Mock, keys: Mapping[str, str]) -> Callable[[Call], Call]:
    """Put the keys given in the place of the client's own."""

    def prepare(call: Call) -> Call:
        dialect, operation, _, _ = mock.route(call)
        key = keys.get(dialect.reading.spec.id) if dialect else None
        if key is None or operation is None or not operation.key_headers:
            return call
        names = {name.lower() for name in (*operation.key_headers, *operation.key_aliases)}
        kept = tuple(pair for pair in call.headers if pair[0].lower() not in names)
        return replace(call, headers=(*kept, (operation.key_headers[0], key)))

    return prepare


def command_line(words: Sequence[str]) -> tuple[str, ...]:
    """Return the command without the `--` that may stand before it."""
    return tuple(words[1:] if words[:1] == ["--"] else words)
