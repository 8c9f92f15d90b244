"""Who answers: something that takes a Call and gives an Exchange.

Calls name the provider's documented server; a target knows what stands in its place.
Knows HTTP clients. Must not know clauses, money, or any one provider.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from testcard.common.hosts import OWN_NAMES
from testcard.common.message import Call, Exchange, Headers, Reply
from testcard.contract.stand_in import Lists, StandIn
from testcard.contract.verdict import TargetKind

if TYPE_CHECKING:
    import httpx2

MOST_BYTES: Final = 64 << 20
"""Bytes of one answer that are read."""

_UNDONE: Final = ("content-encoding", "content-length", "transfer-encoding", "connection")


class Unreachable(Exception):  # noqa: N818 (it is the target's state, not an error of testcard's)
    """Nothing came back.

    Attributes:
        late: whether the target was reached, and only its answer did not come in time.
    """

    def __init__(self, message: str, *, late: bool = False) -> None:
        """Keep what was seen, and what to do."""
        super().__init__(message)
        self.late = late


class Target(Protocol):
    """Takes calls.

    Attributes:
        kind: which strengths of clauses bind it.
        name: for people; never holds a secret.
        base: URL that stands in place of the provider's server; empty where there is none.
        serving: command that makes something answer at `base`; empty where something does.
    """

    kind: TargetKind
    name: str
    base: str
    serving: str

    def send(self, call: Call, timeout: float) -> Exchange:
        """Send one call and return it with its answer.

        Args:
            call: its URL is the provider's documented one, or any absolute one.
            timeout: seconds for the whole of it.

        Raises:
            Unreachable: nothing came back, or not in time.
        """
        ...


class InProcess:
    """A mock in this process: any function from Call to Reply."""

    def __init__(
        self,
        answer: Callable[[Call], Reply],
        *,
        kind: TargetKind = "mock",
        name: str = "mock",
        base: str = "",
        serving: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Ask `answer`.

        Args:
            answer: from Call to Reply.
            kind: which strengths of clauses bind it.
            name: for people.
            base: URL at which the same would answer if it were served.
            serving: command that serves it there.
            clock: gives the times of exchanges, in seconds.
        """
        self.kind: TargetKind = kind
        self.name = name
        self.base = base
        self.serving = serving
        self._answer = answer
        self._clock = clock

    def send(self, call: Call, timeout: float) -> Exchange:
        """Answer at once; a reply that would be delayed beyond `timeout` counts as none."""
        started, began = self._clock(), time.perf_counter()
        try:
            reply = self._answer(call)
        except Exception as error:
            raise Unreachable(f"the mock broke down: {error!r}", late=True) from error
        if reply.delay >= timeout:
            raise Unreachable(f"no answer in {timeout:g} s", late=True)
        return Exchange(call, reply, started, time.perf_counter() - began)


class Http:
    """A server that stands in the place of a provider's documented one."""

    kind: TargetKind
    serving = ""

    def __init__(
        self,
        base: str | None,
        servers: str | Lists,
        *,
        secret: Collection[str] = (),
        kind: TargetKind = "live",
    ) -> None:
        """Send what is meant for `servers` to `base`.

        Args:
            base: absolute URL, with a path where there is a prefix, see `StandIn`; None for the
                servers themselves.
            servers: the provider's documented ones, or the URL of one.
            secret: headers, in small letters, that only `base` may see, or where that is none or
                one of `servers`, these.
            kind: which strengths bind it.

        Raises:
            ValueError: `base` is no http or https URL.
        """
        self._stand_in = StandIn(base, servers)
        import httpx2

        self.kind = kind
        self._secret = frozenset(secret)
        self.base = self._stand_in.base
        self.name = self.base or self._stand_in.documented
        near = urlsplit(self.name).hostname in OWN_NAMES
        self._client = httpx2.Client(follow_redirects=False, trust_env=not near)
        self._errors = httpx2

    def send(self, call: Call, timeout: float) -> Exchange:
        """Send one call over HTTP. Redirects are answers like any other."""
        url = self._stand_in.at(call.url)
        headers = [pair for pair in call.headers if pair[0].lower() != "host"]
        if not self._stand_in.trusts(url):
            headers = [pair for pair in headers if pair[0].lower() not in self._secret]
        started, began = time.time(), time.perf_counter()
        try:
            reply = self._fetch(Call(call.method, url, tuple(headers), call.body), timeout, began)
        except self._errors.TimeoutException as error:
            late = not isinstance(error, self._errors.ConnectTimeout)
            raise Unreachable(f"{self._at(url)} did not answer in {timeout:g} s", late=late) from (
                error
            )
        except (self._errors.RequestError, self._errors.InvalidURL) as error:
            late = not isinstance(error, self._errors.ConnectError | self._errors.InvalidURL)
            message = f"{self._at(url)} cannot be reached: {error or type(error).__name__}"
            raise Unreachable(message, late=late) from error
        return Exchange(call, reply, started, time.perf_counter() - began)

    def _fetch(self, call: Call, timeout: float, began: float) -> Reply:
        chunks: list[bytes] = []
        size = 0
        with self._client.stream(
            call.method, call.url, headers=list(call.headers), content=call.body, timeout=timeout
        ) as response:
            for chunk in response.iter_bytes():
                chunks.append(chunk)
                size += len(chunk)
                if time.perf_counter() - began > timeout:
                    raise self._errors.ReadTimeout("the answer drips")
                if size > MOST_BYTES:
                    message = f"{self._at(call.url)} answered more than {MOST_BYTES >> 20} MiB"
                    raise Unreachable(message, late=True)
            return Reply(response.status_code, _headers(response), b"".join(chunks))

    def _at(self, url: str) -> str:
        parts = urlsplit(url)
        own = self.base and url.startswith(self._stand_in.origin)
        return self.name if own else f"{parts.scheme}://{parts.hostname}"

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def _headers(response: httpx2.Response) -> Headers:
    """Without those that speak of how the body travelled, which has been undone."""
    return tuple(
        (name, value) for name, value in response.headers.multi_items() if name not in _UNDONE
    )


class Recording:
    """Traffic that was recorded: it can be judged, and sends nothing."""

    def __init__(self, name: str, kind: TargetKind = "live") -> None:
        """Stand for the file `name`."""
        self.kind: TargetKind = kind
        self.name = name
        self.base = self.serving = ""

    def send(self, call: Call, timeout: float) -> Exchange:
        """Refuse: a recording answers nothing that was not asked then."""
        raise Unreachable(
            f"{self.name} is a recording: {call.method} {call.parts.path} cannot be sent to it "
            f"(within {timeout:g} s or ever)"
        )
