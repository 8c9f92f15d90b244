"""What a call costs: a number, or an expression over what it asks for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import KEY
from typer.testing import CliRunner

from testcard.assembly import Options, build
from testcard.cli.main import app
from testcard.common.message import Call, Exchange
from testcard.common.price import PriceError, price_in
from testcard.common.reading import read
from testcard.common.spec import load
from testcard.contract.trace import read_trace
from testcard.mock.world import AccountId

SPEC = Path(__file__).parent / "specs" / "prices.yaml"
SAID = {"grade": "documented", "source": "Prices, line 1"}


def call(path: str = "/paint", **fields: object) -> Call:
    headers = (("X-Key", KEY), ("Content-Type", "application/json"))
    body = orjson.dumps({"prompt": "a fox", **fields})
    return Call("POST", f"https://api.prices.example{path}", headers, body)


def of(told: object, terms: dict[str, Any], **more: object) -> Decimal:
    return price_in({"credits": told, **SAID, **more}).of(terms)


@pytest.mark.parametrize(
    ("sent", "cost"),
    [
        (call(), "0.01"),
        (call(n=3), "0.03"),
        (call(quality="high", n=2), "0.16"),
        (call(size="128x64"), "0.02"),
        (call(size="64x128"), "0.2"),
        (call("/sketch", n=3), "0.005"),
    ],
)
def test_it_hangs_on_what_is_asked_for(sent: Call, cost: str) -> None:
    """The balance falls by it exactly, and a check that reads the call knows it."""
    mock = build(Options(providers=(str(SPEC),)))
    reply = mock.answer(sent)
    assert reply.status == 200, reply.body
    left = mock.world.account(AccountId.of("prices", KEY)).balance
    assert left == Decimal(1000) - Decimal(cost)
    assert Decimal(reply.header("x-left") or "") == left
    (seen,) = read_trace(read(load(SPEC)), (Exchange(sent, reply),))
    assert seen.price == Decimal(cost)


def test_an_account_is_told_what_is_left_to_it() -> None:
    mock = build(Options(providers=(str(SPEC),)))
    mock.answer(call(n=3))
    asked = Call("GET", "https://api.prices.example/balance", (("X-Key", KEY),))
    assert orjson.loads(mock.answer(asked).body) == {"credits": 999.97}
    other = Call("GET", "https://api.prices.example/balance", (("X-Key", "nocredits-x"),))
    assert orjson.loads(mock.answer(other).body) == {"credits": 0}
    assert mock.answer(Call("GET", "https://api.prices.example/balance")).status == 401
    assert mock.world.account(AccountId.of("prices", KEY)).balance == Decimal("999.97")


def test_who_has_less_than_that_is_refused_and_pays_nothing() -> None:
    mock = build(Options(providers=(str(SPEC),), balance=Decimal("0.02")))
    assert mock.answer(call(n=3)).status == 402
    assert mock.answer(call(n=2)).status == 200
    assert mock.answer(call("/sketch")).status == 402


def test_a_setting_stands_for_all_of_it() -> None:
    mock = build(Options(providers=(str(SPEC),), settings={"prices": {"price": 5}}))
    mock.answer(call(n=3))
    assert mock.world.account(AccountId.of("prices", KEY)).balance == 995


@pytest.mark.parametrize("profile", ["lenient", "documented"])
def test_check_reckons_with_it(profile: str) -> None:
    run = CliRunner().invoke(app, ["check", str(SPEC), "--profile", profile])
    assert run.exit_code == 0, run.output
    assert "No promise broken" in run.output


def test_check_finds_a_server_that_charges_otherwise() -> None:
    """Seen from the page's side: the mock asks a flat credit where the page has a table."""
    mock = build(Options(providers=(str(SPEC),), settings={"prices": {"price": 1}}))
    trace = tuple(Exchange(each, mock.answer(each)) for each in (call(), call(n=2), call()))
    from testcard.clauses.money import price

    reading = read(load(SPEC))
    rulings = list(price(reading, read_trace(reading, trace)))
    assert [each.kept for each in rulings] == [False, False]
    assert "0.02" in rulings[0].expected


@given(
    n=st.integers(1, 10), width=st.integers(1, 4096), height=st.integers(1, 4096),
    steps=st.integers(1, 150),
)  # fmt: skip
def test_expressions_are_exact_and_never_below_nothing(
    n: int, width: int, height: int, steps: int
) -> None:
    terms = {name: Decimal(value) for name, value in
             {"samples": n, "width": width, "height": height, "steps": steps}.items()}  # fmt: skip
    terms["megapixels"] = terms["width"] * terms["height"] / 1_000_000
    found = of("samples * 0.003 * max(1, ceil(megapixels)) + 0.0001 * (steps - 1)", terms)
    blocks = -(-width * height // 1_000_000)
    assert found == n * Decimal("0.003") * max(1, blocks) + Decimal("0.0001") * (steps - 1)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("steps +", "is no expression"),
        ("steps * 2", "needs steps"),
        ("samples - 2", "is no price"),
        ("1 / (samples - samples)", "cannot be worked out"),
        ("__import__('os')", "cannot be worked out"),
        ("samples.__class__", "cannot be worked out"),
        ("9 ** 9 ** 9 ** 9", "cannot be worked out"),
        ("table('none', samples)", "cannot be worked out"),
        ("table('few', samples)", "has no '1'"),
    ],
)
def test_what_is_no_price_is_told(expression: str, told: str) -> None:
    with pytest.raises(PriceError, match=told):
        of(expression, {"samples": Decimal(1)}, tables={"few": {"2": 1}})


def test_a_number_is_taken_as_it_is_written() -> None:
    assert of(0.1, {}) + of(0.2, {}) == Decimal("0.3")
