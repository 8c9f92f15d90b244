"""The requests door: sessions, retries, timeouts and uploads as outside, and no network."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from tests.fixture_clients import CACHE, FOLDER, call_of
from tests.support import SEGMIND, photo
from urllib3 import Retry, Timeout

from testcard.doors.inprocess import OtherHost
from testcard.fixtures.fixtures import Testcard
from testcard.fixtures.options import FixtureOptions

CALL = call_of(SEGMIND)
HEADERS = dict(CALL.headers)


@pytest.fixture
def session(testcard: Testcard) -> Iterator[requests.Session]:
    """A session as a client makes it."""
    assert testcard.providers
    with requests.Session() as session:
        session.headers.update(HEADERS)
        yield session


def test_a_session_is_answered(testcard: Testcard, session: requests.Session) -> None:
    got = session.post(CALL.url, data=CALL.body)
    assert got.headers["content-type"] == "image/jpeg"
    assert got.reason == "OK"
    assert got.request.url == CALL.url
    testcard.assert_called("segmind", "sd15Img2Img", prompt="a red fox", times=1)


def test_a_body_may_be_text_a_file_or_a_generator(
    testcard: Testcard, session: requests.Session
) -> None:
    for body in (CALL.body.decode(), io.BytesIO(CALL.body), iter([CALL.body[:9], CALL.body[9:]])):
        assert session.post(CALL.url, data=body).status_code == 200
    testcard.assert_called("segmind", prompt="a red fox", times=3)


def test_a_real_file_upload_is_read(testcard: Testcard) -> None:
    got = requests.post(
        f"{testcard.url('aithriving')}/api/generate/basic/imageToImage",
        headers={"Authentication": "a-key"},
        data={"prompt": "a red fox", "width": 320, "height": 320},
        files={"init_image": ("in.png", photo(), "image/png")},
        timeout=60,
    )
    assert got.json()["code"] == 0
    testcard.assert_called("aithriving", width=320, height=320)


def test_a_picture_comes_in_pieces(session: requests.Session) -> None:
    with session.post(CALL.url, data=CALL.body, stream=True) as got:
        pieces = list(got.iter_content(256))
    assert len(pieces) > 1
    assert pieces[0].startswith(b"\xff\xd8")


def test_a_mounted_retry_is_kept(testcard: Testcard, session: requests.Session) -> None:
    """A client that retries on 429 is seen to do so, Retry-After and all."""
    retry = Retry(total=2, status_forcelist=[500], allowed_methods=None)
    session.mount("https://", HTTPAdapter(max_retries=retry))
    testcard.fail_next("segmind", "failed", times=2)
    assert session.post(CALL.url, data=CALL.body).status_code == 200
    assert [each.verdict for each in testcard.calls("segmind")] == ["failed", "failed", "ok"]


def test_a_retry_gives_up_as_outside(testcard: Testcard, session: requests.Session) -> None:
    retry = Retry(total=1, status_forcelist=[500], allowed_methods=None)
    session.mount("https://", HTTPAdapter(max_retries=retry))
    testcard.fail_next("segmind", "failed", times=9)
    with pytest.raises(requests.exceptions.RetryError):
        session.post(CALL.url, data=CALL.body)
    mild = retry.new(raise_on_status=False)
    session.mount("https://", HTTPAdapter(max_retries=mild))
    assert session.post(CALL.url, data=CALL.body).status_code == 500
    testcard.assert_called("segmind", times=4)


@pytest.mark.parametrize("timeout", [0.05, (5, 0.05), Timeout(read=0.05)])
def test_a_client_gives_up_as_it_would_outside(
    testcard: Testcard, session: requests.Session, timeout: Any
) -> None:
    testcard.fail_next("segmind", delay=60)
    with pytest.raises(requests.ReadTimeout):
        session.post(CALL.url, data=CALL.body, timeout=timeout)


@pytest.mark.parametrize("timeout", [None, 5, (5, None), Timeout()])
def test_a_delay_shorter_than_the_patience_is_waited_for(
    testcard: Testcard, session: requests.Session, timeout: Any
) -> None:
    testcard.fail_next("segmind", delay=0.1)
    began = time.perf_counter()
    assert session.post(CALL.url, data=CALL.body, timeout=timeout).status_code == 200
    assert time.perf_counter() - began >= 0.1


@pytest.mark.testcard(provider="segmind")
def test_another_host_is_refused_by_name(testcard: Testcard, session: requests.Session) -> None:
    with pytest.raises(OtherHost, match=r"(?s)api\.openai\.com is not served.*\(segmind\)"):
        session.get("https://api.openai.com/v1/models")
    assert testcard.calls() == ()


def test_an_adapter_can_be_mounted_by_hand() -> None:
    """Where nothing is intercepted: one session alone asks the mock."""
    card = Testcard(FixtureOptions(), FOLDER, CACHE)
    with requests.Session() as session:
        card.mount(session)
        assert isinstance(session.get_adapter(CALL.url), BaseAdapter)
        assert session.post(CALL.url, data=CALL.body, headers=HEADERS).status_code == 200
        with pytest.raises(OtherHost):
            session.get("https://api.openai.com/v1/models")
    card.assert_called("segmind", times=1)


def test_requests_is_as_before_when_the_test_is_over() -> None:
    before = HTTPAdapter.send
    with Testcard(FixtureOptions(), FOLDER, CACHE).intercepting():
        assert HTTPAdapter.send is not before
    assert HTTPAdapter.send is before
