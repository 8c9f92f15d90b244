"""What tests of the mock share: a mock in process, a client of each operation, real pictures.

No socket is opened: a Client turns fields into a Call and hands it to the mock.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
import pybase64
import pytest
from numpy.typing import NDArray

from testcard.assembly import find
from testcard.card.engine import CardEngine
from testcard.common.body import FilePart
from testcard.common.job import Engine, PictureJob
from testcard.common.message import Call, Reply
from testcard.common.picture import Format, Pixels, decode, encode, sniff
from testcard.common.reading import Profile
from testcard.mock.core import LARGEST_BODY, Mock
from testcard.mock.dialect import Dialect
from testcard.mock.inputs import Inputs
from testcard.mock.journal import Entry
from testcard.mock.memory_limit import MemoryLimit
from testcard.mock.memory_world import MemoryWorld
from testcard.mock.world import Account, AccountId, JobPolicy

HOST = "http://testcard.test"
KEY = "a-key"
URL = "https://pictures.example/harbour.png"
ABSENT: Any = object()
"""Stands for a field, header or media type that is not sent at all."""

BOTH = pytest.mark.parametrize("profile", ["lenient", "documented"])
"""For what holds in either profile."""

_BOUNDARY = "boundary-of-the-tests"
_INPUTS = Inputs()  # shared, for painting what stands for a URL takes longer than a call


def photo(width: int = 24, height: int = 16, format_: Format = "png") -> bytes:
    """Return a small picture in which no two quarters are alike."""
    down, across = np.mgrid[0:height, 0:width]
    red, green = across * 255 // width, down * 255 // height
    return encode(np.stack([red, green, 255 - red], -1).astype(np.uint8), format_)


def text(data: bytes) -> str:
    """Return `data` in base64."""
    return pybase64.b64encode(data).decode("ascii")


def data_uri(data: bytes) -> str:
    """Return a picture as a data URI."""
    return f"data:image/{sniff(data)};base64,{text(data)}"


@dataclass(frozen=True, eq=False)
class Api:
    """One operation, and the least that it has to be sent."""

    provider: str
    path: str
    key_header: str
    smallest: Mapping[str, Any]
    form: bool = False

    @property
    def media_type(self) -> str:
        """The media type that the page names."""
        return f"multipart/form-data; boundary={_BOUNDARY}" if self.form else "application/json"


SEGMIND = Api(
    "segmind",
    "/v1/sd1.5-img2img",
    "x-api-key",
    {"image": text(photo()), "prompt": "a red fox"},
)
IMAGEPIPELINE = Api(
    "imagepipeline",
    "/sdxl/image2image/v1",
    "API-Key",
    {"model_id": "sdxl", "prompt": "a red fox", "init_image": URL},
)
IMG2IMG = Api(
    "appypie-img2img",
    "/img2img/getImage/v1/getSDXLImage",
    "Ocp-Apim-Subscription-Key",
    {"prompt": "a red fox", "inputImage": URL, "size": "64x48"},
)
INPAINTING = Api(
    "appypie-inpainting",
    "/inpainting/v1/getImage",
    "Ocp-Apim-Subscription-Key",
    {"prompt": "a red fox", "size": "64x48"},
)
STREAM = replace(INPAINTING, path="/inpainting/v1/getImageStream")
AITHRIVING = Api(
    "aithriving",
    "/api/generate/basic/imageToImage",
    "Authentication",
    {
        "init_image": FilePart(photo(), "photo.png"),
        "prompt": "a red fox",
        "width": 320,
        "height": 320,
    },
    form=True,
)
APIS = (SEGMIND, IMAGEPIPELINE, IMG2IMG, INPAINTING, STREAM, AITHRIVING)
EVERY_API = pytest.mark.parametrize("api", APIS, ids=lambda api: api.path.rpartition("/")[2])


@cache
def _dialect(provider: str, profile: Profile, settings: tuple[tuple[str, Any], ...]) -> Dialect:
    spec, dialect = find(provider)
    return dialect(spec, profile, dict(settings))


def mock_of(
    *apis: Api,
    profile: Profile = "lenient",
    settings: Mapping[str, Any] | None = None,
    policy: str = "polls:1",
    engine: Engine | None = None,
    largest_body: int = LARGEST_BODY,
    memory: MemoryLimit | None = None,
    **world: Any,
) -> Mock:
    """Return a mock of the providers of `apis`, in a world of its own."""
    chosen, memory = tuple((settings or {}).items()), memory or MemoryLimit()
    return Mock(
        [_dialect(name, profile, chosen) for name in {api.provider: None for api in apis}],
        MemoryWorld(policy=JobPolicy.parse(policy), memory=memory, **world),
        engine or CardEngine(),
        _INPUTS,
        largest_body=largest_body,
        memory=memory,
    )


@dataclass(frozen=True)
class Client:
    """Somebody who calls one operation of a mock.

    Attributes:
        api: the operation.
        mock: who answers.
        key: None where no key is sent.
        headers: sent as well.
        media_type: in place of the one that the page names; ABSENT for none.
    """

    api: Api
    mock: Mock
    key: str | None = KEY
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: Any = None

    def but(self, **changes: Any) -> Client:
        """Return the same client with other attributes."""
        return replace(self, **changes)

    def ask(self, **fields: Any) -> Reply:
        """Send the smallest body with `fields` put in; ABSENT leaves one out."""
        said = {**self.api.smallest, **fields}
        said = {name: value for name, value in said.items() if value is not ABSENT}
        return self.send(form(said) if self.api.form else json.dumps(said).encode())

    def send(self, body: bytes, method: str = "POST", path: str | None = None) -> Reply:
        """Send `body` as it is."""
        url = f"{HOST}/{self.api.provider}{path or self.api.path}"
        return self.mock.answer(Call(method, url, tuple(self._headers()), body))

    def follow(self, job: str) -> Reply:
        """Ask how a job is."""
        return self.send(b"", "GET", f"{IMAGEPIPELINE.path}/status/{job}")

    @property
    def entry(self) -> Entry:
        """What the journal says of the latest call."""
        return self.mock.journal.entries()[-1]

    @property
    def forgiven(self) -> list[str]:
        """Which fields and headers the journal finds fault with, in the latest call."""
        return sorted({finding.where for finding in self.entry.findings})

    @property
    def spendable(self) -> int:
        """Credits that this client can still spend."""
        return int(self.account.spendable)

    @property
    def balance(self) -> int:
        """Credits left to this client."""
        account = self.account
        assert account.held == 0
        return int(account.balance)

    @property
    def account(self) -> Account:
        """This client's account."""
        return self.mock.world.account(AccountId.of(self.api.provider, self.key or ""))

    def _headers(self) -> Iterator[tuple[str, str]]:
        media_type = self.media_type or self.api.media_type
        if media_type is not ABSENT:
            yield "Content-Type", media_type
        if self.key is not None:
            yield self.api.key_header, self.key
        yield from self.headers.items()


def client_of(api: Api, profile: Profile = "lenient", **options: Any) -> Client:
    """Return a client of a fresh mock of one provider; `options` are those of mock_of."""
    return Client(api, mock_of(api, profile=profile, **options))


def form(fields: Mapping[str, Any]) -> bytes:
    """Return fields as a multipart form: FilePart as a file, the rest as text."""
    lines: list[bytes] = []
    for name, value in fields.items():
        part = value if isinstance(value, FilePart) else FilePart(str(value).encode(), None)
        disposition = f'Content-Disposition: form-data; name="{name}"'
        if part.filename is not None:
            disposition += f'; filename="{part.filename}"'
        lines += [f"--{_BOUNDARY}".encode(), disposition.encode(), b"", part.data]
    return b"\r\n".join([*lines, f"--{_BOUNDARY}--".encode(), b""])


def json_of(reply: Reply) -> Any:
    """Return a JSON answer's value."""
    assert reply.header("content-type") == "application/json"
    return json.loads(reply.body)


def picture(data: bytes | str, format_: Format) -> Pixels:
    """Decode an answer's picture, bytes or base64, that is to be of `format_`."""
    raw = pybase64.b64decode(data, validate=True) if isinstance(data, str) else data
    assert sniff(raw) == format_
    return decode(raw)


def size(pixels: Pixels) -> tuple[int, int]:
    """Return width and height."""
    return pixels.width, pixels.height


def fitted(data: bytes, width: int, height: int) -> NDArray[np.uint8]:
    """Return a picture sent as the engine sees it at another size: that of strength 0."""
    job = PictureJob("anyone", "", init=decode(data), width=width, height=height, strength=0.0)
    return next(iter(CardEngine().paint(job)))


class Recorder(CardEngine):
    """An engine that remembers what it was asked to paint."""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        super().__init__()
        self.jobs: list[PictureJob] = []

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Paint, and remember."""
        self.jobs.append(job)
        return super().paint(job)


class Broken:
    """An engine that breaks down over every job."""

    name = "broken"

    def paint(self, job: PictureJob) -> Iterator[NDArray[np.uint8]]:
        """Break down."""
        raise RuntimeError(f"broken over {job.prompt}")
