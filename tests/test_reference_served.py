"""The reference engine behind every door: `serve`, `run`, `check`, the pytest marker."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.heavy import ENGINE
from tests.inner_pytest import Outcome, outcome
from tests.servers import SECONDS, Served, serving, stop, until
from tests.support import INPAINTING, KEY
from typer.testing import CliRunner

from testcard.assembly import open_engine
from testcard.cli.main import app
from testcard.common.job import PictureJob

pytestmark = [
    ENGINE,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]
pytest_plugins = ["pytester"]
__all__ = ["outcome"]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving("--engine", "reference") as running:
        yield running


def painted(served: Served, **fields: Any) -> np.ndarray[Any, np.dtype[np.uint8]]:
    answer = httpx.post(
        f"{served.base}/{INPAINTING.provider}{INPAINTING.path}Stream",
        json={"size": "256x192", "num_inference_steps": 6, **fields},
        headers={INPAINTING.key_header: KEY},
        trust_env=False,
        timeout=SECONDS,
    )
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(BytesIO(answer.content)).convert("RGB"))


def test_the_words_are_painted_at_the_size_asked_for(served: Served) -> None:
    picture = painted(served, prompt="a red circle on a blue background", seed=5)
    assert picture.shape == (192, 256, 3)
    corner = picture[:12, :12].mean((0, 1))
    assert corner.argmax() == 2, "the ground is blue"
    red = (picture[..., 0] > 150) & (picture[..., 2] < 120)
    assert red.mean() > 0.1, "and there is red on it"


def test_what_has_no_effect_is_in_the_journal(served: Served) -> None:
    painted(served, prompt="a tree", guidance_scale=1)
    journal = httpx.get(f"{served.base}/_testcard/journal?limit=1", trust_env=False).json()
    (entry,) = journal["entries"]
    assert [each["where"] for each in entry["no_effect"]] == ["guidance"]


def test_it_says_what_paints_and_answers_while_it_paints(served: Served) -> None:
    with ThreadPoolExecutor(6) as pool:
        calls = [pool.submit(painted, served, prompt="a star", seed=seed) for seed in range(6)]
        health = httpx.get(f"{served.base}/_testcard/health", trust_env=False, timeout=SECONDS)
        assert not all(call.done() for call in calls)
    assert health.json()["engine"]["checkpoints"]["sd"] == {"name": "tiny weights", "native": 64}
    assert len({call.result().tobytes() for call in calls}) == 6
    assert "reference" in served.log


def test_it_stops_amid_a_painting() -> None:
    """There is more to paint than it waits for; what was not painted is not answered with one."""
    with (
        serving("appypie-inpainting", "--engine", "reference") as running,
        ThreadPoolExecutor(24) as pool,
    ):
        asked = {"prompt": "a ring", "num_inference_steps": 50}
        calls = [pool.submit(painted, running, **asked, seed=seed) for seed in range(24)]
        assert until(lambda: any(call.done() for call in calls))
        stop(running)
        assert not all(call.exception(SECONDS) is None for call in calls)


def test_a_model_that_is_none_is_said_at_once() -> None:
    done = CliRunner().invoke(app, ["serve", "--engine", "reference", "--model", "no/such/folder"])
    assert done.exit_code == 2
    assert "'no/such/folder' is no checkpoint that can be loaded" in done.stderr


def test_its_progress_is_told_on_a_terminal_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = PictureJob("segmind", "a red star", width=64, height=64, steps=3)
    for terminal, quiet, said in ((True, False, True), (True, True, False), (False, False, False)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda answer=terminal: answer)
        engine = open_engine("reference", quiet=quiet)
        assert engine is not None
        assert next(iter(engine.paint(job))).shape == (64, 64, 3)
        told = capsys.readouterr().err
        assert ("\rpainting 'a red star': step 3 of 3 \n" in told) is said
        assert bool(told) is said


def test_run_answers_a_client_with_painted_pictures() -> None:
    code = (
        "import os, urllib.request as u;"
        "print(u.urlopen(os.environ['TESTCARD_URL'] + '/_testcard/health').read().decode())"
    )
    words = ["run", "--engine", "reference", "--", sys.executable, "-c", code]
    done = subprocess.run(  # noqa: S603 (our own words)
        [sys.executable, "-m", "testcard.cli.main", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"tiny weights"' in done.stdout


def test_the_marker_takes_the_engine(outcome: Outcome) -> None:
    tests = """
@pytest.mark.testcard(provider="segmind", engine="reference")
def test_it(testcard):
    assert testcard.mock.services.studio.engine.name == "reference"
"""
    outcome(tests).assert_outcomes(passed=1)
