"""The pictures that an answer lists are fetched.

Must not know who answers, or any one provider.
"""

from __future__ import annotations

from testcard.common.message import Call
from testcard.contract.session import Session
from testcard.contract.trace import ReadExchange


def fetch(session: Session, told: ReadExchange) -> None:
    """Send a call for each URL that an answer tells of, once.

    Raises:
        Stop: the session can send nothing more.
    """
    for url in dict.fromkeys(told.urls):
        if url.startswith(("http://", "https://")):
            session.send(Call("GET", url, session.agent))
