"""A check: Reading x Target x drivers -> ProviderRun. Prints nothing.

Drivers decide which calls are sent, the session sends and records them, clauses judge what was
seen. Knows these three. Must not know reports, command lines, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from testcard.clauses.judging import judge
from testcard.common.redaction import redacted
from testcard.contract.session import Session, Stop
from testcard.contract.verdict import ProviderRun
from testcard.drivers.interrupts import Interrupts
from testcard.drivers.uploading import with_uploads

Driver = Callable[[Session], None]
"""Sends calls by a session."""

INTERRUPTED: Final = "stopped by Ctrl-C"
"""Why a run ended early."""


def check(
    session: Session, drivers: Sequence[Driver], interrupts: Interrupts | None = None
) -> ProviderRun:
    """Run the drivers one after the other, and judge what was seen.

    A limit that is reached, a target that goes out of reach, and Ctrl-C end the run; what was
    seen until then is judged all the same. Where the target never answered as an API does,
    no clause counts as exercised.

    Args:
        session: what sends; it says by what calls are judged.
        drivers: what to send.
        interrupts: in charge of Ctrl-C; where there was one already, nothing is sent. Without
            it, one that comes while the run is judged is not caught.
    """
    stopped, reached = "", True
    try:
        with (interrupts or Interrupts()).sending():
            with_uploads(session)
            for driver in drivers:
                driver(session)
    except Stop as stop:
        stopped, reached = str(stop), not stop.unreachable
    except KeyboardInterrupt:
        stopped = INTERRUPTED
    trace = redacted(session.exchanges, session.reading.key_names)
    verdicts = judge(session.reading, trace if reached else (), session.kind, stopped=stopped)
    return ProviderRun(
        session.reading,
        trace,
        verdicts,
        session.spent,
        stopped,
        tuple(session.notes),
        base=session.target.base,
        serving=session.target.serving,
    )
