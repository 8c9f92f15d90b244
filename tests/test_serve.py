"""`testcard serve` as a person runs it: what it prints, what it logs, how it ends."""

from __future__ import annotations

import re
import signal
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from tests.servers import SECONDS, Served, serving, stop, until

from testcard.common.keys import MAGIC_KEYS
from testcard.common.spec import bundled, load

KEY = "a-very-secret-key"
SEGMIND = "/segmind/v1/sd1.5-img2img"
INPAINTING = "/appypie-inpainting/inpainting/v1/getImage"


def post(served: Served, path: str, body: object, **headers: str) -> httpx.Response:
    with httpx.Client(base_url=served.base, trust_env=False, timeout=SECONDS) as client:
        return client.post(path, json=body, headers=headers)


def inpainted(served: Served, **body: object) -> httpx.Response:
    headers = {"Ocp-Apim-Subscription-Key": KEY}
    return post(served, INPAINTING, {"prompt": "a barn", **body}, **headers)


@pytest.mark.parametrize("columns", ["80", "200"])
def test_it_prints_every_base_url_and_magic_key(columns: str) -> None:
    """Each base URL stands whole on its line, to be copied, on a narrow terminal too."""
    with serving(environment={"COLUMNS": columns, "PATH": ""}) as served:
        said = served.log
    for path in bundled():
        spec = load(path)
        line = next(line for line in said.splitlines() if f"{served.base}/{spec.id} " in line)
        assert spec.server in line
    for key, _ in MAGIC_KEYS:
        assert key in said
    assert f"{served.base}/_testcard/journal" in said


def test_only_the_providers_named_are_served() -> None:
    with serving("segmind", "aithriving") as served:
        answer = httpx.get(f"{served.base}/_testcard/providers", trust_env=False)
        assert [each["id"] for each in answer.json()] == ["segmind", "aithriving"]
        assert "imagepipeline" not in served.log
        assert post(served, "/imagepipeline/sdxl/image2image/v1", {}).status_code == 404


def test_each_request_is_one_line_with_its_verdict_and_no_secret() -> None:
    with serving() as served:
        assert inpainted(served).status_code == 200
        assert inpainted(served, size=3).status_code == 400
        assert post(served, f"/nowhere?key={KEY}", {}, Authorization=KEY).status_code == 404
        post(served, SEGMIND, {}, **{"x-api-key": f"invalid-{KEY}"})
        post(served, SEGMIND, {}, **{"x-api-key": f"nocredits-{KEY}"})
        httpx.get(f"{served.base}/_testcard/health", trust_env=False)
        journal = httpx.get(f"{served.base}/_testcard/journal", trust_env=False).text
        until(lambda: served.log.count(" -> ") >= 5)
        lines = [line for line in served.log.splitlines() if " -> " in line]
        assert KEY not in served.log
    verdicts = [re.findall(r"-> (\d+) \[(\S+) \S+\] ([\w-]+)", line)[0] for line in lines]
    assert verdicts == [
        ("200", "appypie-inpainting", "ok"),
        ("400", "appypie-inpainting", "invalid"),
        ("404", "-", "not-found"),
        ("401", "segmind", "unauthorized"),
        ("422", "segmind", "invalid"),
    ]
    assert "size" in lines[1]
    assert KEY not in journal


def test_quiet_logs_no_request() -> None:
    with serving("--quiet") as served:
        assert inpainted(served).status_code == 200
        assert " -> " not in served.log


def test_ctrl_c_ends_it_amid_a_call_that_waits() -> None:
    """The call is answered, cut short; nothing is left behind."""
    with serving() as served:
        post(served, "/_testcard/faults", {"provider": "segmind", "delay": 3600})
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(post, served, SEGMIND, {})
            assert until(lambda: " -> 401" in served.log)
            stop(served)
            assert waiting.result(SECONDS).status_code == 401


def test_terminating_it_ends_it_too() -> None:
    with serving() as served:
        stop(served, signal.SIGTERM)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures of a user's own: one for any host, one for a single host."""
    Image.new("RGB", (96, 64), (200, 30, 30)).save(tmp_path / "barn.png")
    (tmp_path / "pictures.example" / "a").mkdir(parents=True)
    Image.new("RGB", (96, 64), (30, 30, 200)).save(tmp_path / "pictures.example" / "a" / "barn.png")
    (tmp_path / "notes.png").write_text("no picture", encoding="utf-8")
    return tmp_path


def test_pictures_of_a_folder_stand_for_the_urls_sent(folder: Path) -> None:
    """At strength 0 the answer is the picture itself; other URLs are painted, none fetched."""

    def colour(url: str) -> tuple[int, ...]:
        seen = inpainted(served, init_image=url, prompt_strength=0, size="96x64")
        assert seen.status_code == 200, seen.text
        with Image.open(BytesIO(b64decode(seen.json()["image_data"]))) as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=int)
        return tuple(int(each) for each in np.median(pixels.reshape(-1, 3), axis=0))

    with serving("--pictures", str(folder)) as served:
        assert colour("https://elsewhere.example/x/barn.png?v=2") == (200, 30, 30)
        assert colour("https://pictures.example/a/barn.png") == (30, 30, 200)
        assert colour("https://pictures.example/b/barn.png") == (200, 30, 30)
        assert colour("https://pictures.example/other.png") not in [(200, 30, 30), (30, 30, 200)]
        Image.new("RGB", (96, 64), (10, 200, 10)).save(folder / "barn.png")
        assert colour("https://elsewhere.example/x/barn.png") == (10, 200, 10)
        refused = inpainted(served, init_image="https://x.example/notes.png")
        assert refused.status_code == 400
        assert "init_image" in refused.json()["message"]


def test_settings_credits_and_jobs_are_what_was_asked_for() -> None:
    told = ("--credits", "1.5", "--jobs", "never", "--set", "aithriving.failure_status=4xx")
    with serving(*told, "--set", "segmind.rate_limit=1") as served:
        failed = post(served, "/aithriving/api/generate/basic/imageToImage", {}, Authorization=KEY)
        assert (failed.status_code, failed.json()["code"]) == (400, -1)
        assert [inpainted(served).status_code for _ in range(2)] == [200, 403]
        limited = [post(served, SEGMIND, {}, **{"x-api-key": KEY}).status_code for _ in range(2)]
        assert limited == [422, 429]
        job = {"model_id": "m", "prompt": "p", "init_image": "https://x.example/a.png"}
        begun = post(served, "/imagepipeline/sdxl/image2image/v1", job, **{"API-Key": KEY})
        assert begun.json()["status"] == "PENDING"


def test_the_same_seed_gives_the_same_answers() -> None:
    """A reset goes back to it as well."""

    def answers(served: Served) -> tuple[str, str]:
        post(served, "/_testcard/reset", None)
        job = {"model_id": "m", "prompt": "p", "init_image": "https://x.example/a.png"}
        begun = post(served, "/imagepipeline/sdxl/image2image/v1", job, **{"API-Key": KEY})
        return begun.json()["id"], inpainted(served, size="64x64").json()["image_data"]

    with serving("--seed", "1") as one, serving("--seed", "1") as same, serving() as other:
        first = answers(one)
        assert answers(one) == answers(same) == first
        assert all(a != b for a, b in zip(answers(other), first, strict=True))


def test_it_listens_on_this_machine_alone_and_says_its_profile() -> None:
    with serving("--profile", "documented") as served:
        assert served.base.startswith("http://127.0.0.1:")
        assert "documented profile" in served.log
