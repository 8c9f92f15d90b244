"""What answers tell of a rate limit and of costs: tests/specs/limits.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.spec_clients import (
    broken,
    client_at,
    mock_of_spec,
    planned_run,
    refusal,
    told,
)
from tests.support import photo, text
from tests.traces import call, json, rulings

from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import AccountId, RateLeft

NAMES = ("x-limit", "x-left", "x-reset")
ASK = {"prompt": "a fox", "seed": 7}


@pytest.mark.parametrize("way", ["http", "in process"])
def test_every_answer_to_a_key_tells_what_is_left(way: str) -> None:
    mock = mock_of_spec("limits", settings={"limits": {"calls": 2}})
    with client_at(mock, way) as client:
        first = client.post("/paint", json=ASK)
        assert [first.headers[name] for name in NAMES] == ["2", "1", "60"]
        wrong = client.post("/paint", json={"prompt": 7})
        assert (wrong.status_code, wrong.headers["x-left"], wrong.json()["left"]) == (422, "0", 0)
        late = client.post("/paint", json=ASK)
        assert late.status_code == 429
        assert [late.headers[name] for name in ("x-left", "x-limit")] == ["0", "2"]
        assert 0 < int(late.headers["retry-after"]) <= int(late.headers["x-reset"]) <= 60
        other = client.post("/paint", json=ASK, headers={"X-Key": "another"})
        assert other.headers["x-left"] == "1", "each key has a limit of its own"
        nobody = client.post("/paint", json=ASK, headers={"X-Key": ""})
        assert (nobody.status_code, "x-left" in nobody.headers) == (401, False)


def test_times_are_told_as_the_spec_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    mock = mock_of_spec("limits", settings={"limits": {"calls": 2}})
    monkeypatch.setattr(mock.world, "_clock", lambda: 1_000_000.0)
    with client_at(mock, "in process") as client:
        headers = client.post("/paint", json=ASK).headers
    assert headers["x-reset"] == "60"
    assert headers["x-reset-at"] == "1000060"
    assert headers["x-reset-day"] == "1970-01-12T13:47:40.000Z"


def test_without_a_limit_nothing_is_told_of_one() -> None:
    with client_at(mock_of_spec("limits"), "in process") as client:
        answer = client.post("/paint", json=ASK)
    assert (answer.status_code, [*filter(answer.headers.get, NAMES)]) == (200, [])


def test_what_is_left_is_counted_by_time() -> None:
    now = 100.0
    world, who = MemoryWorld(clock=lambda: now), AccountId.of("limits", "k")
    assert world.rate_left(who, 2) == RateLeft(2, 0)
    world.wait_for_turn(who, 2)
    now = 130.0
    world.wait_for_turn(who, 2)
    assert world.rate_left(who, 2) == RateLeft(0, 60)
    now = 165.0
    assert world.rate_left(who, 2) == RateLeft(1, 25), "to ask changes nothing"
    assert world.rate_left(who, 2) == RateLeft(1, 25)


def test_the_cost_is_the_price_of_the_call() -> None:
    mock = mock_of_spec("limits")
    with client_at(mock, "in process") as client:
        costs = [client.post("/paint", json={**ASK, "n": n}).json()["cost"] for n in (1, 3, 2)]
    assert costs == [0.5, 1.5, 1]


# Checks


def test_a_check_breaks_nothing() -> None:
    found = told(run := planned_run(mock_of_spec("limits", settings={"limits": {"calls": 500}})))
    assert broken(run) == []
    assert (found["wire.rate-limit"], found["money.cost-told"]) == ("kept", "kept")


def answered(status: int, limit: str, left: str, cost: float = 0.5, n: int = 1) -> Any:
    body: dict[str, Any] = {"images": [text(photo(8, 8))] * n, "cost": cost}
    body = body if status == 200 else {"error": "too many"}
    sent = call("limits", {**ASK, "n": n})
    return json(sent, status, body, ("x-limit", limit), ("x-left", left))


@pytest.mark.parametrize(
    ("status", "left", "kept"),
    [(200, "0", True), (200, "5", True), (200, "6", False), (200, "-1", False),
     (200, "many", False), (429, "0", True), (429, "1", False)],
)  # fmt: skip
def test_what_is_left_is_within_the_limit(status: int, left: str, kept: bool) -> None:
    (ruling,) = rulings("wire.rate-limit", "limits", (answered(status, "5", left),))
    assert ruling.kept is kept


@pytest.mark.parametrize(("cost", "n", "kept"), [(0.5, 1, True), (1, 2, True), (1, 1, False)])
def test_another_cost_than_the_price_is_told(cost: float, n: int, kept: bool) -> None:
    (ruling,) = rulings("money.cost-told", "limits", (answered(200, "5", "1", cost, n),))
    assert ruling.kept is kept


# Load

BAD: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a limit that no rate has": (
        lambda d: d["x-testcard"].pop("rate"), "no rate says how many calls there may be"),
    "a time in seconds from now": (
        lambda d: d["components"]["headers"]["limit"]["schema"].update(
            {"x-testcard": {"role": "created", "as": "seconds"}}),
        "seconds from now are told of rate-limit-reset alone"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_a_spec_says_of_limits_in_vain_is_refused(tmp_path: Path, name: str) -> None:
    change, wanted = BAD[name]
    assert wanted in refusal("limits", tmp_path, change)
