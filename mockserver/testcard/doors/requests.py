"""The requests door: a transport adapter that asks the mock, and a way to put it everywhere.

A door converts and waits; it decides nothing. Knows requests and urllib3.
Must not know a provider, a profile or what an answer says.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import responses
from io import BytesIO
from typing import Any
from unittest import mock

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout, RetryError
from urllib3 import HTTPHeaderDict, HTTPResponse, Timeout
from urllib3.exceptions import MaxRetryError

from testcard.common.message import Call, Reply
from testcard.doors.inprocess import Inside, OtherHost, patience
from testcard.doors.wire import reply_body, reply_headers

Limit = float | tuple[float, float] | tuple[float, None] | None


class Adapter(HTTPAdapter):
    """A transport adapter that the mock answers through.

    `max_retries` is kept as requests keeps it, for answers; a timeout is not retried.
    """

    def __init__(self, inside: Inside, **options: Any) -> None:
        """Ask the mock of `inside`; `options` are those of `HTTPAdapter`."""
        super().__init__(**options)
        self._inside = inside

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Limit = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Answer one request.

        Raises:
            OtherHost: the call is for a host that is neither served nor allowed.
            requests.ReadTimeout: the answer's delay is longer than `timeout`.
            requests.RetryError: `max_retries` are used up.
        """
        if self._inside.allows(request.url or ""):
            return super().send(request, stream, timeout, verify, cert, proxies)
        return _sent(self._inside, self, request, timeout)


def mount(inside: Inside, session: Session) -> None:
    """Put the mock's adapter into one session, for every URL."""
    for scheme in ("https://", "http://"):
        session.mount(scheme, Adapter(inside))


@contextmanager
def intercepting(inside: Inside) -> Iterator[None]:
    """Send what every requests client of this process asks to the mock of `inside`."""
    original = HTTPAdapter.send

    def send(
        adapter: HTTPAdapter,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Limit = None,
        **options: Any,
    ) -> Response:
        if inside.allows(request.url or ""):
            return original(adapter, request, stream, timeout, **options)
        return _sent(inside, adapter, request, timeout)

    with mock.patch.object(HTTPAdapter, "send", send):
        yield


def _sent(
    inside: Inside, adapter: HTTPAdapter, request: PreparedRequest, timeout: Limit
) -> Response:
    url, method = request.url or "", request.method or "GET"
    if not inside.takes(url):
        raise OtherHost(inside.refusal(method, url))
    retries = adapter.max_retries
    body = _body(request.body)
    while True:
        reply = inside.answer(Call(method, url, tuple(_headers(request)), body))
        _wait(reply, request, timeout)
        raw = _raw(reply, method)
        response = adapter.build_response(request, raw)
        if not retries.is_retry(method, raw.status, "Retry-After" in raw.headers):
            return response
        try:
            retries = retries.increment(method, url, response=raw)
        except MaxRetryError as error:
            if retries.raise_on_status:
                raise RetryError(error, request=request) from error
            return response
        retries.sleep(raw)


def _headers(request: PreparedRequest) -> Iterator[tuple[str, str]]:
    for name, value in request.headers.items():
        yield _text(name), _text(value)


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(body: Any) -> bytes:
    if body is None:
        return b""
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode()
    return bytes(body) if isinstance(body, bytes | bytearray) else b"".join(body)


def _wait(reply: Reply, request: PreparedRequest, timeout: Limit) -> None:
    seconds, given_up = patience(reply.delay, _read_limit(timeout))
    time.sleep(seconds)
    if given_up:
        raise ReadTimeout("the answer came later than the client waits", request=request)


def _read_limit(timeout: object) -> float | None:
    read = timeout.read_timeout if isinstance(timeout, Timeout) else timeout
    limit = read[1] if isinstance(read, tuple) else read
    return limit if isinstance(limit, int | float) else None


def _raw(reply: Reply, method: str) -> HTTPResponse:
    headers = [(_text(name), _text(value)) for name, value in reply_headers(reply)]
    return HTTPResponse(
        BytesIO(reply_body(reply, method)),
        headers=HTTPHeaderDict(headers),
        status=reply.status,
        reason=responses.get(reply.status),
        preload_content=False,
        request_method=method,
    )
