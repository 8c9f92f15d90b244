"""What a test can say and ask: setting up, looking, expecting, and messages that list."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from tests.fixture_clients import by_httpx, call_of
from tests.support import AITHRIVING, APIS, EVERY_API, IMAGEPIPELINE, IMG2IMG, SEGMIND, Api, photo

from testcard.common.message import BLANKED
from testcard.common.trouble import KINDS
from testcard.fixtures.fixtures import Testcard

KEY = "a-key"


# Looking


@EVERY_API
def test_a_call_reads_well(testcard: Testcard, api: Api) -> None:
    by_httpx(call_of(api))
    (received,) = testcard.calls(api.provider)
    shown = repr(received)
    assert shown.startswith(f"<1 {api.provider} {received.operation}(")
    assert "prompt='a red fox'" in shown
    assert f"POST {api.path} -> {received.status} ok>" in shown
    assert len(shown) < 400, "pictures are told by their size"


def test_a_call_has_what_was_sent_and_answered(testcard: Testcard) -> None:
    call = call_of(SEGMIND)
    reply = by_httpx(call)
    (received,) = testcard.calls("segmind", "sd15Img2Img")
    assert (received.number, received.provider, received.operation) == (
        1,
        "segmind",
        "sd15Img2Img",
    )
    assert received.call.body == call.body
    assert received.call.header("x-api-key") == BLANKED
    assert received.reply.body == reply.body
    assert (received.status, received.verdict, received.findings) == (200, "ok", ())


def test_calls_are_chosen_by_provider_and_operation(testcard: Testcard) -> None:
    for api in APIS:
        by_httpx(call_of(api))
    assert len(testcard.calls()) == len(APIS)
    assert [each.operation for each in testcard.calls("appypie-inpainting")] == [
        "getImage",
        "getImageStream",
    ]
    assert len(testcard.calls("appypie-inpainting", "getImage")) == 1


def test_assert_called_returns_the_last(testcard: Testcard) -> None:
    for prompt in ("one", "two"):
        by_httpx(call_of(SEGMIND, prompt=prompt))
    assert testcard.assert_called("segmind", times=2).fields["prompt"] == "two"
    assert testcard.assert_called("segmind", "sd15Img2Img", prompt="one", times=1).number == 1
    testcard.assert_not_called("segmind", prompt="three")
    testcard.assert_not_called("aithriving")


def test_a_long_text_is_compared_as_it_is_kept(testcard: Testcard) -> None:
    call = call_of(SEGMIND, prompt="fox " * 100)
    by_httpx(call)
    testcard.assert_called("segmind", prompt="fox " * 100, image=SEGMIND.smallest["image"])
    testcard.assert_not_called("segmind", prompt="dog " * 100)


def test_a_failure_lists_what_was_received(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, prompt="a dog"))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", "sd15Img2Img", prompt="a cat", status=200)
    message = str(failed.value)
    assert message.startswith(
        "expected segmind sd15Img2Img with prompt='a cat' answered with 200 once or more, "
        "none came; received:\n  <1 segmind sd15Img2Img("
    )
    assert "prompt='a dog'" in message


def test_a_failure_says_that_nothing_was_received(testcard: Testcard) -> None:
    with pytest.raises(
        AssertionError, match="expected aithriving twice, none came; received: nothing"
    ):
        testcard.assert_called("aithriving", times=2)


def test_a_failure_shows_the_latest_of_many(testcard: Testcard) -> None:
    for _ in range(25):
        by_httpx(call_of(SEGMIND))
    with pytest.raises(AssertionError) as failed:
        testcard.assert_called("segmind", times=1)
    assert "once, 25 came; received:\n  (5 before these)\n  <6 " in str(failed.value)


def test_not_called_lists_what_came(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND))
    with pytest.raises(AssertionError, match=r"no call to segmind; there came:\n  <1 segmind"):
        testcard.assert_not_called("segmind")


@pytest.mark.parametrize(
    ("arguments", "fields", "message"),
    [
        (("segmint",), {}, "'segmint' is not served; served: aithriving, appypie-img2img"),
        (("segmind", "img2img"), {}, "segmind has no operation 'img2img'; it has: sd15Img2Img"),
        (("segmind",), {"promt": "a"}, "segmind has no field 'promt'; it has: image, samples,"),
    ],
)
def test_what_is_misspelt_is_told(
    testcard: Testcard, arguments: tuple[str, ...], fields: dict[str, Any], message: str
) -> None:
    """Else an expectation of it would pass unseen, or a call be missed."""
    for ask in (testcard.assert_called, testcard.assert_not_called, testcard.expect):
        with pytest.raises(ValueError, match=re.escape(message)):
            ask(*arguments, **fields)


# Expecting


def test_an_expectation_is_met(testcard: Testcard) -> None:
    once = testcard.expect("segmind", prompt="a red fox")
    some = testcard.expect("segmind", times=None)
    assert (once.met, some.met) == (False, False)
    by_httpx(call_of(SEGMIND))
    assert (once.met, some.met) == (True, True)
    by_httpx(call_of(SEGMIND, prompt="another"))
    assert (once.came, some.came) == (1, 2)
    assert testcard.report() == []


def test_an_expectation_is_met_by_no_more_than_it_says(testcard: Testcard) -> None:
    testcard.expect("segmind", times=1)
    for _ in range(2):
        by_httpx(call_of(SEGMIND))
    (said,) = testcard.report()
    assert "<expected: segmind, once; came: 2>" in said
    testcard.forget()


def test_an_unmet_expectation_is_reported_with_what_came(testcard: Testcard) -> None:
    testcard.expect("aithriving", "imageToImage", times=2, width=320)
    by_httpx(call_of(SEGMIND))
    (said,) = testcard.report()
    assert "<expected: aithriving imageToImage with width=320, twice; came: 0>" in said
    assert "<1 segmind sd15Img2Img(" in said
    testcard.forget()


# What the client got wrong


def test_what_was_forgiven_is_a_breach_with_its_source(testcard: Testcard) -> None:
    assert by_httpx(call_of(SEGMIND, samples="1")).status == 200
    (breach,) = testcard.breaches
    assert breach.finding.where == "samples"
    assert re.fullmatch(
        r"segmind sd15Img2Img, call 1: samples: .* is a string; the page says integer "
        r"\[\w+: .*\]",
        str(breach),
    )
    testcard.excuse("samples")
    assert testcard.report() == []


def test_a_refused_call_is_a_breach(testcard: Testcard) -> None:
    assert by_httpx(call_of(SEGMIND, samples=99)).status == 422
    (said,) = testcard.report()
    assert "invalid: the call was refused with 422: samples: " in said
    testcard.excuse("invalid")
    assert testcard.report() == []


def test_the_same_breach_is_told_once(testcard: Testcard) -> None:
    for _ in range(3):
        by_httpx(call_of(SEGMIND, samples="1"))
    assert len(testcard.breaches) == 3
    (said,) = testcard.report()
    assert said.count("is a string") == 1
    testcard.forget()


@pytest.mark.parametrize("kind", KINDS)
def test_trouble_that_was_asked_for_is_no_breach(testcard: Testcard, kind: Any) -> None:
    testcard.fail_next("segmind", kind)
    by_httpx(call_of(SEGMIND))
    assert testcard.calls()[0].verdict == kind
    assert testcard.report() == []


def test_money_and_keys_are_no_breach(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND, "invalid"))
    by_httpx(call_of(SEGMIND, "nocredits"))
    assert testcard.report() == []


# Setting up


def test_balances_are_read_and_set(testcard: Testcard) -> None:
    assert testcard.balance("segmind", KEY) == 1000
    testcard.set_balance("segmind", KEY, 1)
    assert [by_httpx(call_of(SEGMIND)).status for _ in range(2)] == [200, 406]
    assert testcard.balance("segmind", KEY) == Decimal(0)
    with pytest.raises(ValueError, match="credits are -1; a number from 0 up was expected"):
        testcard.set_balance("segmind", KEY, -1)


def test_faults_wait_for_their_calls(testcard: Testcard) -> None:
    testcard.fail_next("segmind", "rate-limited", times=2)
    assert [by_httpx(call_of(SEGMIND)).status for _ in range(3)] == [429, 429, 200]
    with pytest.raises(ValueError, match="'broken' is no kind of trouble; it is: malformed, inv"):
        testcard.fail_next("segmind", "broken")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"delay": -1}, "the delay is -1; seconds from 0 to 3600 were expected"),
        ({"delay": float("nan")}, "the delay is nan"),
        ({"delay": 3601}, "the delay is 3601"),
        ({"delay": True}, "the delay is True"),
        ({"delay": "2"}, "the delay is '2'"),
        ({"times": 0}, "times is 0; a whole number from 1 to 1000 was expected"),
        ({"times": 1.5}, "times is 1.5"),
        ({"times": 1001}, "times is 1001"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    testcard: Testcard, words: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        testcard.fail_next("segmind", "failed", **words)
    assert testcard.mock.world.faults() == {}


def test_faults_that_wait_can_be_taken_back(testcard: Testcard) -> None:
    testcard.fail_next("segmind", "failed", times=2)
    testcard.fail_next("aithriving", "failed")
    assert testcard.forget_faults("segmind") == 2
    assert by_httpx(call_of(SEGMIND)).status == 200
    assert testcard.forget_faults() == 1
    assert testcard.mock.world.faults() == {}


def test_the_job_policy_is_for_jobs_to_come(testcard: Testcard) -> None:
    testcard.job_policy("at-once")
    assert b"SUCCESS" in by_httpx(call_of(IMAGEPIPELINE)).body
    with pytest.raises(ValueError, match="'soon' is no job policy"):
        testcard.job_policy("soon")


def test_beginning_again_forgets_the_world_and_keeps_the_rest(testcard: Testcard) -> None:
    by_httpx(call_of(SEGMIND))
    testcard.fail_next("segmind", "failed")
    testcard.begin(credits="0.5")
    assert testcard.calls() == ()
    assert not testcard.respx["sd15Img2Img"].called
    assert testcard.balance("segmind", KEY) == Decimal("0.5")
    testcard.begin(profile="documented")
    assert testcard.setup.credits == "0.5"
    assert by_httpx(call_of(SEGMIND)).status == 406


def test_a_seed_gives_the_same_answers_again(testcard: Testcard) -> None:
    seen = []
    for seed in (1, 1, 2):
        testcard.begin(seed=seed)
        seen.append(by_httpx(call_of(SEGMIND)).body + by_httpx(call_of(IMAGEPIPELINE)).body)
    assert seen[0] == seen[1] != seen[2]


def test_settings_are_named_as_the_command_line_has_them(testcard: Testcard) -> None:
    testcard.begin(settings={"segmind.rate_limit": 1})
    assert [by_httpx(call_of(SEGMIND)).status for _ in range(2)] == [200, 429]


def test_urls_are_the_real_ones(testcard: Testcard) -> None:
    assert testcard.url("aithriving") == "https://www.aithriving.com"
    assert by_httpx(call_of(AITHRIVING)).status == 200


def test_a_folder_of_pictures_stands_for_urls(testcard: Testcard, tmp_path: Any) -> None:
    testcard.begin(seed=1)
    plain = by_httpx(call_of(IMG2IMG)).body
    (tmp_path / "harbour.png").write_bytes(photo())
    testcard.begin(pictures=tmp_path)
    assert by_httpx(call_of(IMG2IMG)).body != plain
