"""A small report made by hand: two providers, every outcome, pictures, and secrets to hide."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
import pybase64

from testcard.common.message import Call, Exchange, Reply
from testcard.common.picture import Format, encode
from testcard.common.reading import Reading, read
from testcard.common.spec import Evidence, bundled, load
from testcard.contract.verdict import (
    Clause,
    Group,
    Outcome,
    ProviderRun,
    Report,
    Ruling,
    TargetKind,
    Verdict,
)

KEY = "sk-6f1d0c7a93be"
QUERY_KEY = "q9-0b55e1c2"
COOKIE = "session-77aa51"
SECRETS = (KEY, QUERY_KEY, COOKIE)

PATH = "https://api.segmind.com/v1/sd1.5-img2img"
SCHEMA = ("components", "schemas", "Img2ImgRequest", "properties")


def reading(provider: str) -> Reading:
    """Return the documented reading of a bundled spec."""
    return read(load(next(path for path in bundled() if path.stem == provider)))


def picture(seed: int, width: int, height: int, format_: Format = "png") -> bytes:
    """Return a picture file: soft colours, the same for the same arguments."""
    down, across = np.mgrid[0:height, 0:width] / max(width, height)
    waves = [np.sin(6.3 * (across * (1 + seed % 3) + down * each + seed / 7)) for each in (1, 2, 3)]
    return encode((np.stack(waves, axis=-1) * 100 + 128).astype(np.uint8), format_)


def clause(group: Group, name: str, sentence: str) -> Clause:
    """Return a clause that is only looked at, never asked."""
    wants = f"a call that brings up {name}"
    return Clause(f"{group}.{name}", group, sentence, lambda _: True, lambda *_: (), wants)


def exchange(fields: Mapping[str, Any], reply: Reply, began: float, url: str = PATH) -> Exchange:
    """Return one call with a key in its header, and its answer."""
    headers = (("x-api-key", KEY), ("Content-Type", "application/json"), ("Cookie", COOKIE))
    return Exchange(Call("POST", url, headers, orjson.dumps(fields)), reply, began, 1.25)


def verdict(
    of: Clause, outcome: Outcome, *rulings: Ruling, provider: str = "segmind", reason: str = ""
) -> Verdict:
    """Return a verdict that was exercised twice, unless it was not."""
    exercised = 0 if outcome == "not-exercised" else 2
    return Verdict(provider, of, outcome, rulings, exercised, reason)


SIZE = clause("pictures", "size", "A picture is as large as was asked for.")
WHOLE = clause("pictures", "decodes", "Every picture decodes.")
SEED = clause("pictures", "same-seed", "The same seed gives the same picture.")
HEADERS = clause("wire", "headers", "Every documented header is there and as described.")
STATUS = clause("wire", "status", "Every answer has a documented status.")
CREDITS = clause("money", "price", "The balance falls by the price of a success.")
DEADLINE = clause("jobs", "deadline", "A job ends within its deadline.")
REFUSED = clause("errors", "wrong-key", "A wrong key is refused before anything is charged.")

WRONG_SIZE = Ruling(
    kept=False,
    subject=(0,),
    seen="512×512",
    expected="768×512, as img_width and img_height asked for",
    evidence=Evidence("documented", "Attributes, lines 79-90"),
    place=(*SCHEMA, "img_width"),
    detail="sd15Img2Img:img_width",
)
CUT_SHORT = Ruling(
    kept=False,
    subject=(3,),
    seen="the PNG picture is cut short: it ends after 900 bytes",
    expected="a picture that decodes",
    evidence=Evidence("documented", "RESPONSE, line 4"),
    place=("paths", "/v1/sd1.5-img2img", "post", "responses", "200"),
    detail="sd15Img2Img",
)
OTHER_PICTURE = Ruling(
    kept=False,
    subject=(1, 2),
    seen="two pictures for seed 42, 0.21 apart",
    expected="the same picture",
    evidence=Evidence("documented", "Attributes, line 74"),
    place=(*SCHEMA, "seed"),
    detail="sd15Img2Img",
)
NO_HEADER = Ruling(
    kept=False,
    subject=(4,),
    seen=f"no header x-generation-time; the body said: key {KEY} \x1b[31mrefused",
    expected="a number of seconds",
    evidence=Evidence("observed", "read by one public client"),
    place=("components", "headers", "GenerationTime"),
    detail="sd15Img2Img:200:x-generation-time",
)


def segmind_run() -> ProviderRun:
    """Return a run with three broken clauses, one finding, and others."""
    given = pybase64.b64encode(picture(1, 48, 48)).decode()
    asked = {"image": given, "prompt": "a <lighthouse> & 'dusk'", "img_width": 768, "seed": 42}
    png = (("Content-Type", "image/png"), ("x-remaining-credits", "99"))
    said = {"error": f"the key {KEY} is not valid"}
    trace = (
        exchange(asked, Reply(200, png, picture(2, 512, 512)), 1e9),
        exchange(asked, Reply(200, png, picture(3, 320, 200)), 1e9 + 2),
        exchange(asked, Reply(200, png, picture(4, 320, 200)), 1e9 + 4),
        exchange(asked, Reply(200, png, picture(5, 320, 200)[:900]), 1e9 + 6),
        exchange(
            asked,
            Reply(401, (("Content-Type", "application/json"),), orjson.dumps(said)),
            1e9 + 8,
            f"{PATH}?api_key={QUERY_KEY}&x=1",
        ),
    )
    verdicts = (
        verdict(STATUS, "kept"),
        verdict(HEADERS, "finding", NO_HEADER),
        verdict(SIZE, "broken", WRONG_SIZE),
        verdict(WHOLE, "broken", CUT_SHORT),
        verdict(SEED, "broken", OTHER_PICTURE),
        verdict(CREDITS, "not-exercised", reason="the budget of 4 credits was spent before it"),
        verdict(REFUSED, "kept"),
    )
    return ProviderRun(reading("segmind"), trace, verdicts, Decimal(4), "the budget is spent")


def imagepipeline_run() -> ProviderRun:
    """Return a run that breaks nothing."""
    call = Call("GET", "https://api.imagepipeline.io/x", (("API-Key", KEY),))
    verdicts = (
        verdict(STATUS, "kept", provider="imagepipeline"),
        verdict(DEADLINE, "not-exercised", provider="imagepipeline", reason="no job was ordered"),
    )
    trace = (Exchange(call, Reply(200, (), b"{}"), 1e9, 0.5),)
    return ProviderRun(reading("imagepipeline"), trace, verdicts, Decimal("1.5"))


def example(kind: TargetKind = "mock") -> Report:
    """Return the report of both runs."""
    runs = (segmind_run(), imagepipeline_run())
    return Report("mock (lenient)", kind, runs, 1e9, 12.5, "0.1.0")
