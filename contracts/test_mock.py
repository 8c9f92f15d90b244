"""Every clause over every provider, against the mock in this process, in both profiles."""

from __future__ import annotations

from functools import partial

from testcard.assembly import Options, build
from testcard.common.reading import Profile
from testcard.drivers.fuzz import fuzz
from testcard.drivers.plan import plan
from testcard.drivers.stateful import stateful
from testcard.pytest_clauses import ClauseTest, clauses


def _against_the_mock(provider: str, profile: Profile) -> ClauseTest:
    mock = build(Options(providers=(provider,), profile=profile))
    drivers = (plan, partial(fuzz, examples=10, seed=0), partial(stateful, examples=10, seed=0))
    return clauses(provider, mock.answer, profile=profile, drivers=drivers, thorough=True)


test_aithriving = _against_the_mock("aithriving", "documented")
test_aithriving_leniently = _against_the_mock("aithriving", "lenient")
test_appypie_img2img = _against_the_mock("appypie-img2img", "documented")
test_appypie_img2img_leniently = _against_the_mock("appypie-img2img", "lenient")
test_appypie_inpainting = _against_the_mock("appypie-inpainting", "documented")
test_appypie_inpainting_leniently = _against_the_mock("appypie-inpainting", "lenient")
test_imagepipeline = _against_the_mock("imagepipeline", "documented")
test_imagepipeline_leniently = _against_the_mock("imagepipeline", "lenient")
test_segmind = _against_the_mock("segmind", "documented")
test_segmind_leniently = _against_the_mock("segmind", "lenient")
