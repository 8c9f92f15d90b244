"""Every clause over every provider, against the reference engine on its own weights.

It takes a quarter of the steps asked for. More of them would make finer pictures, of which no
clause speaks; the documents' own `check segmind --against reference` takes them all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from testcard.assembly import Options, build, open_engine
from testcard.common.job import Engine, PictureJob
from testcard.common.reading import Profile
from testcard.contract.targets import InProcess
from testcard.drivers.plan import plan
from testcard.mock.core import Mock
from testcard.pytest_clauses import ClauseTest, clauses

pytest.importorskip(
    "testcard.reference.opening",
    reason="the reference engine is not installed: pip install -e '.[reference]'",
    exc_type=ImportError,
)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class _Brisk:
    """An engine that takes a quarter of the steps, but one at least.

    Attributes:
        name: of the engine within.
    """

    def __init__(self, inner: Engine) -> None:
        self.name, self._inner = inner.name, inner

    def paint(self, job: PictureJob) -> Iterator[Any]:
        """Yield the pictures of `job`."""
        return self._inner.paint(replace(job, steps=-(-job.steps // 4)))


@cache
def _engine() -> Engine:
    engine = open_engine("reference")
    assert engine is not None  # noqa: S101 (that one is there was asked above)
    return _Brisk(engine)


def _against_the_reference(provider: str, profile: Profile) -> ClauseTest:
    @cache
    def mock() -> Mock:
        return build(Options(providers=(provider,), profile=profile, engine=_engine()))

    target = InProcess(lambda call: mock().answer(call), kind="reference", name="reference")
    return clauses(provider, target, profile=profile, drivers=(plan,), thorough=True)


test_aithriving = _against_the_reference("aithriving", "documented")
test_appypie_img2img = _against_the_reference("appypie-img2img", "documented")
test_appypie_inpainting = _against_the_reference("appypie-inpainting", "documented")
test_appypie_inpainting_leniently = _against_the_reference("appypie-inpainting", "lenient")
test_imagepipeline = _against_the_reference("imagepipeline", "documented")
test_segmind = _against_the_reference("segmind", "documented")
