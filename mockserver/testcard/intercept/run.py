"""One `testcard run`: who answers, the proxy, the child, and what came of it.

Knows how the parts of a run are put together. Must not know the command line, or print.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from testcard.common.message import Call, Trace
from testcard.doors.callbacks import callbacks_sent
from testcard.doors.http import application
from testcard.intercept import trust
from testcard.intercept.authority import Authority, fresh, of_user
from testcard.intercept.child import Setting, environment, run
from testcard.intercept.clientside import ClientVerdict, judged
from testcard.intercept.contexts import HostContexts
from testcard.intercept.guard import Guard
from testcard.intercept.hosts import Tape, VirtualHosts
from testcard.intercept.options import RunOptions, require_possible
from testcard.intercept.own_hosts import OwnHosts, own_hosts
from testcard.intercept.proxy import Gates, proxying
from testcard.intercept.recorder import OWN, Recorder
from testcard.intercept.replay import Replay
from testcard.intercept.show import Aside
from testcard.intercept.sources import key_names, keyed, recorder_of, sources_of
from testcard.mock.core import Mock
from testcard.record import har


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """What came of a run.

    Attributes:
        code: the child's exit code.
        verdict: on its calls.
        aside: what else there is to say.
        answered_by: for people.
        unmatched: how many calls a recording had no answer to.
        unrecorded: whether a recording was wanted, and there was nothing to keep.
    """

    code: int
    verdict: ClientVerdict
    aside: Aside
    answered_by: str
    unmatched: int = 0
    unrecorded: bool = False


def intercept(mock: Mock, options: RunOptions) -> RunOutcome:
    """Run the command with its calls answered; return what came of it.

    Raises:
        SpecError: the options say what cannot be.
        HarError: the file to answer from is none.
        OSError: a file, the authority or the proxy cannot be made.
    """
    require_possible(mock, options)
    recorder = recorder_of(mock, options) if options.record else None
    replay = Replay(mock.route, har.read(options.replay)) if options.replay else None
    sources = sources_of(mock, options, recorder, replay)
    own = own_hosts(mock)
    authorities = _authorities(own, sources.named)
    allowed = frozenset(each for each in options.allow if each[0] not in sources.named)
    hosts = VirtualHosts(
        mock,
        sources,
        authority=authorities[0].pem,
        prepare=keyed(mock, options.keys),
        allowed=allowed,
        tape=Tape(None) if options.record else Tape(),
    )
    try:
        contexts = HostContexts(authorities, own, sources.named)
        answering = mock if not (options.record or options.replay) else None
        code = _run(options, hosts, contexts, allowed, own, answering)
    finally:
        if options.record:
            _keep(hosts.tape.trace(), options.record, key_names(mock))
    return _outcome(mock, options, hosts, code, recorder, replay)


def _authorities(own: OwnHosts, named: Collection[str]) -> list[Authority]:
    """The user's own, for the providers' hosts; and one of this run alone, for others."""
    others = set(named) - own.names
    return [of_user(own.domains), *([fresh(others)] if others else [])]


def _run(
    options: RunOptions,
    hosts: VirtualHosts,
    contexts: HostContexts,
    allowed: Collection[tuple[str, int]],
    own: OwnHosts,
    teller: Mock | None,
) -> int:
    cors = not (options.record or options.replay)  # whose answers stay as they are
    guard = Guard(demanding=options.record is not None)
    gates = Gates(contexts, allowed, hosts.refuse, hosts.opened.add, guard)
    with (
        tempfile.TemporaryDirectory(prefix="testcard-run-") as folder,
        callbacks_sent(teller),
        proxying(application(hosts, cors=cors), gates, own.listened) as port,
    ):
        files = trust.write(Path(folder), (each.pem for each in contexts.authorities))
        setting = Setting(port, guard.token, files, Path(folder))
        return run(options.command, environment(setting, os.environ))


def _keep(trace: Trace, path: Path, secret: Collection[str]) -> None:
    """Write what real hosts answered; nothing where none did."""
    real = [each for each in trace if each.reply.header(OWN) is None]
    if real:
        har.write(real, path, secret)


def _outcome(
    mock: Mock,
    options: RunOptions,
    hosts: VirtualHosts,
    code: int,
    recorder: Recorder | None,
    replay: Replay | None,
) -> RunOutcome:
    readings = [dialect.documented for dialect in mock.dialects.values()]
    mocked = options.record is None
    verdict = judged(readings, hosts.tape.trace(), lambda call: _whose(mock, call), mocked=mocked)
    notes = [*_notes(options, recorder, replay)]
    if hosts.tape.forgotten:
        notes.append(f"the first {hosts.tape.forgotten} calls were too many to be judged")
    unrecorded = recorder is not None and not recorder.answered
    failed = f"Nothing was recorded: no real host answered. {_untouched(options)}" * unrecorded
    aside = Aside(dict(hosts.refused), tuple(hosts.silent), tuple(notes), failed)
    unmatched = len(replay.unmatched) if replay else 0
    return RunOutcome(code, verdict, aside, _answered_by(mock, options), unmatched, unrecorded)


def _untouched(options: RunOptions) -> str:
    there = options.record is not None and options.record.exists()
    return f"{options.record} {'is as it was' if there else 'was not written'}."


def _notes(options: RunOptions, recorder: Recorder | None, replay: Replay | None) -> Iterable[str]:
    if recorder is not None:
        if recorder.answered:
            yield (
                f"{recorder.answered} calls were sent to real hosts, for {recorder.spent} credits "
                f"at most; kept in {options.record}"
            )
        for why, times in recorder.unanswered.items():
            yield f"{times} {'call' if times == 1 else 'calls'} got no answer: {why}"
        if recorder.held_back:
            yield f"{recorder.held_back} calls were held back: a limit was reached"
    if replay is not None:
        for each in replay.unmatched:
            yield f"{options.replay} has no answer to {each.asks}: {each.nearest}"
        for asks, left in replay.unused():
            yield f"{options.replay} has {left} more answers to {asks}, which were not asked for"


def _answered_by(mock: Mock, options: RunOptions) -> str:
    if options.record:
        return "the real hosts"
    profiles = {dialect.reading.profile for dialect in mock.dialects.values()}
    mocked = f"the mock ({', '.join(sorted(profiles))} profile)"
    return f"{options.replay}" if options.replay else mocked


def _whose(mock: Mock, call: Call) -> str | None:
    return mock.route(call).provider
