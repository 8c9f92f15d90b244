"""Hand-made traces: a call, an answer, and what one clause makes of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from testcard.clauses.catalogue import CLAUSES, CLIENT_CLAUSES
from testcard.common.body import FilePart
from testcard.common.message import Call, Exchange, Headers, Reply, Trace
from testcard.common.picture import Format, encode
from testcard.common.reading import Profile, Reading, read
from testcard.common.spec import bundled, load
from testcard.contract.calls import call_of
from testcard.contract.trace import read_trace
from testcard.contract.verdict import Clause, Ruling

JSON = "application/json"
PICTURE = "data:image/png;base64,"


@dataclass(frozen=True)
class Case:
    """One clause with a trace that keeps it and traces that break it."""

    clause: str
    provider: str
    good: Callable[[], Trace]
    bad: Callable[[], Trace]
    profile: Profile = "documented"

    def __str__(self) -> str:
        return f"{self.clause}-{self.provider}"


@cache
def reading(provider: str, profile: Profile = "documented") -> Reading:
    """Return a provider's reading."""
    specs = (*bundled(), *(Path(__file__).parent / "specs").glob("*.yaml"))
    return read(load(next(path for path in specs if path.stem == provider)), profile)


def clause(name: str) -> Clause:
    """Return the clause of this id."""
    return next(each for each in (*CLAUSES, *CLIENT_CLAUSES) if each.id == name)


def rulings(
    name: str, provider: str, trace: Trace, profile: Profile = "documented"
) -> list[Ruling]:
    """Return what a clause makes of a trace."""
    by = reading(provider, profile)
    return list(clause(name).judge(by, read_trace(by, trace)))


def call(
    provider: str,
    fields: Mapping[str, Any] | None = None,
    *,
    at: int = 0,
    key: str | None = "some-key",
    job: str = "",
    typed: bool = True,
) -> Call:
    """Return a call of a provider's operation number `at`."""
    by = reading(provider)
    operation = by.operations[at]
    params = dict.fromkeys(operation.param_names, job)
    return call_of(by, operation, fields, key=key, params=params, typed=typed)


def json(
    sent: Call, status: int, value: Any, *headers: tuple[str, str], at: float = 0.0
) -> Exchange:
    """Return an exchange that is answered with JSON."""
    return raw(sent, status, orjson.dumps(value), ("content-type", JSON), *headers, at=at)


def raw(
    sent: Call, status: int, body: bytes, *headers: tuple[str, str], at: float = 0.0
) -> Exchange:
    """Return an exchange that is answered with bytes."""
    given: Headers = headers
    return Exchange(sent, Reply(status, given, body), at, 0.1)


def pixels(width: int, height: int, shade: int = 0) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return a picture that differs by `shade`."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([(x * 3 + shade) % 256, (y * 5 + shade) % 256, (x + y) % 256], -1).astype(
        np.uint8
    )


def file(width: int, height: int, shade: int = 0, format_: Format = "png") -> bytes:
    """Return a picture as a file."""
    return encode(pixels(width, height, shade), format_)


def text(data: bytes) -> str:
    """Return bytes in base64."""
    return b64encode(data).decode()


# Segmind: bytes or JSON, credits in a header


def segmind(**fields: Any) -> dict[str, Any]:
    """Return a valid body of Segmind."""
    return {"image": PICTURE + text(file(16, 16)), "prompt": "a barn", **fields}


def jpeg(shade: int = 0, credits_: str = "9", **fields: Any) -> Exchange:
    """Return a success of Segmind with the picture's bytes."""
    size = (fields.get("img_width", 512), fields.get("img_height", 512))
    data = file(*size, shade, "jpeg")
    headers = (("content-type", "image/jpeg"), ("x-remaining-credits", credits_))
    return raw(call("segmind", segmind(**fields)), 200, data, *headers)


def several(*shades: int, **fields: Any) -> Exchange:
    """Return a success of Segmind with pictures in JSON."""
    found = [text(file(512, 512, shade, "jpeg")) for shade in shades]
    said = {"image": found if len(found) > 1 else found[0], "status": "Success", "interTime": 1}
    sent = call("segmind", segmind(base64=True, **fields))
    return json(sent, 200, said, ("x-remaining-credits", "9"))


def refused(status: int = 422, *, key: str | None = "some-key", **fields: Any) -> Exchange:
    """Return a refusal of Segmind."""
    return json(call("segmind", segmind(**fields), key=key), status, {"error": "no"})


# Appy Pie: an envelope


def inpainting(**fields: Any) -> dict[str, Any]:
    """Return a valid body of Appy Pie's inpainting."""
    return {"prompt": "a barn", "size": "64x48", **fields}


def envelope(
    data: bytes | None = None, *, says: Mapping[str, Any] | None = None, **fields: Any
) -> Exchange:
    """Return a success of Appy Pie's inpainting; `says` replaces members of the envelope."""
    data = file(64, 48) if data is None else data
    said = {
        "status": 200,
        "content-type": "image/png",
        "content-length": len(data),
        "image_data": text(data),
        **(says or {}),
    }
    return json(call("appypie-inpainting", inpainting(**fields)), 200, said)


def appypie_error(trace: str, **fields: Any) -> Exchange:
    """Return a refusal of Appy Pie's inpainting."""
    said = {"code": 400, "message": "no", "traceId": trace}
    return json(call("appypie-inpainting", {"size": "large", **fields}), 400, said)


# AI Thriving: the seed is given back


def thriving(given: int, **fields: Any) -> Exchange:
    """Return a success of AI Thriving that gives this seed back."""
    body = {"init_image": FilePart(file(16, 16), "a.png"), "prompt": "x", "width": 320}
    sent = call("aithriving", {**body, "height": 320, **fields})
    data = {"image": text(file(320, 320)), "seed": given}
    return json(sent, 200, {"code": 0, "message": "success", "data": data})


# ImagePipeline: jobs


def order(job: str = "j1", status: int = 202, *, at: float = 0.0, **fields: Any) -> Exchange:
    """Return an order that is answered as pending."""
    body = {"model_id": "sdxl", "prompt": "x", "init_image": "https://a.example/a.png"}
    sent = call("imagepipeline", {**body, "width": 64, "height": 64, **fields})
    return json(
        sent, status, {"status": "PENDING", "id": job} if job else {"status": "PENDING"}, at=at
    )


def asked(state: str, *urls: str, job: str = "j1", says: str = "", at: float = 1.0) -> Exchange:
    """Return a question after a job, answered with a state."""
    said: dict[str, Any] = {"status": state}
    if state == "PENDING":
        said["id"] = says or job
    if state == "SUCCESS":
        said |= {"download_urls": list(urls), **({"id": says} if says else {})}
    if state == "FAILURE":
        said |= {"error": "no", **({"download_urls": list(urls)} if urls else {})}
    status = 202 if state == "PENDING" else 200
    return json(call("imagepipeline", at=1, job=job), status, said, at=at)


def download(
    url: str, data: bytes | None = None, status: int = 200, kind: str = "image/png"
) -> Exchange:
    """Return a download."""
    body = file(64, 64) if data is None else data
    return raw(Call("GET", url), status, body, ("content-type", kind))
