"""Every clause against the real APIs, by the plan alone, for those who have a key and a budget.

For each provider, as the environment says (SEGMIND, APPYPIE_IMG2IMG and so on for PROVIDER):

- `TESTCARD_KEY_PROVIDER` and `TESTCARD_BUDGET_PROVIDER` (credits): without both, it is skipped;
- `TESTCARD_URL_PROVIDER`: what stands in place of its server; its own server unless told;
- `TESTCARD_PICTURE`: a picture in the web, for the APIs that take nothing but URLs.
"""

from __future__ import annotations

import os

import pytest

from testcard.common.spec import bundled, load
from testcard.contract.calls import Links
from testcard.pytest_clauses import ClauseTest, clauses


def _live(provider: str) -> ClauseTest:
    name = provider.upper().replace("-", "_")
    key, budget = (os.environ.get(f"TESTCARD_{each}_{name}") for each in ("KEY", "BUDGET"))
    if not (key and budget):
        return _skipped(f"TESTCARD_KEY_{name} and TESTCARD_BUDGET_{name} are not both set")
    (path,) = (path for path in bundled() if path.stem == provider)
    picture = os.environ.get("TESTCARD_PICTURE")
    return clauses(
        provider,
        os.environ.get(f"TESTCARD_URL_{name}") or load(path).server,
        key=key,
        budget=float(budget),
        links=Links(picture, picture) if picture else None,
    )


def _skipped(reason: str) -> ClauseTest:
    @pytest.mark.skip(reason=reason)
    def test() -> None: ...

    return test  # type: ignore[return-value]


test_aithriving = _live("aithriving")
test_appypie_img2img = _live("appypie-img2img")
test_appypie_inpainting = _live("appypie-inpainting")
test_imagepipeline = _live("imagepipeline")
test_segmind = _live("segmind")
