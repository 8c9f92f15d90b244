"""Providers of other people: a bare spec, and a dialect that another package registers."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from io import BytesIO
from pathlib import Path

import orjson
import pytest
import yaml
from PIL import Image

from testcard import assembly
from testcard.assembly import Options, build
from testcard.common.message import Call, Reply
from testcard.common.selfcheck import complaints
from testcard.common.spec import SpecError, load
from testcard.common.trouble import Trouble
from testcard.mock.core import Mock
from testcard.mock.dialect import Visit
from testcard.mock.world import AccountId, World
from testcard.providers.base import SpecDialect

GUIDE = Path(__file__).parents[1] / "docs" / "spec-vocabulary.md"
PROBLEMS = {
    "malformed": 400,
    "invalid": 400,
    "unauthorized": 401,
    "no-credits": 402,
    "not-found": 404,
    "method-not-allowed": 405,
    "too-large": 413,
    "rate-limited": 429,
    "overloaded": 503,
    "failed": 500,
}
KEY = ("Acme-Key", "k")
PIXEL = BytesIO()
Image.new("RGB", (8, 8), (9, 9, 200)).save(PIXEL, "PNG")
PHOTO = f"data:image/png;base64,{b64encode(PIXEL.getvalue()).decode()}"


@pytest.fixture(scope="module")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The guide's own example, with the answers that it leaves to its reader."""
    found = re.search(r"```yaml\n(openapi:.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    document = yaml.safe_load(found[1].replace("data:image/png;base64,iVBORw0KGgo…", PHOTO))
    said = {"grade": "assumed", "source": "the page is silent"}
    for kind, status in PROBLEMS.items():
        schema = {
            "type": "object",
            "required": ["fault"],
            "properties": {"fault": {"type": "string", "x-testcard": {**said, "role": "message"}}},
            "x-testcard": said,
        }
        answer = {"schema": schema, "examples": {kind: {"value": {"fault": kind}}}}
        document["paths"]["/v1/paint"]["post"]["responses"][str(status)] = {
            "description": kind,
            "x-testcard": said,
            "content": {"application/json": answer},
        }
    path = tmp_path_factory.mktemp("acme") / "acme.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def mock(acme: Path) -> Mock:
    return build(Options(providers=(str(acme),)))


def paint(mock: Mock, body: object, *headers: tuple[str, str], path: str = "acme") -> Reply:
    return mock.answer(
        Call(
            "POST",
            f"http://127.0.0.1/{path}/v1/paint",
            (("Content-Type", "application/json"), *headers),
            orjson.dumps(body),
        )
    )


def test_the_guides_example_has_nothing_to_complain_of(acme: Path) -> None:
    assert list(complaints(load(acme))) == []


def test_a_bare_spec_is_served_at_once(mock: Mock) -> None:
    """A picture of its own, of the format that its answer names."""
    reply = paint(mock, {"prompt": "a barn", "photo": "https://pictures.example/barn.png"}, KEY)
    assert (reply.status, reply.header("content-type")) == (200, "image/png")
    with Image.open(BytesIO(reply.body)) as picture:
        picture.load()
        assert picture.format == "PNG"


def test_a_bare_spec_has_its_own_words_for_trouble(mock: Mock) -> None:
    cases = [
        (paint(mock, {"prompt": "a"}), 401),
        (paint(mock, {}, KEY), 400),
        (paint(mock, {"prompt": "a", "steps": 0}, KEY), 400),
        (paint(mock, {"prompt": "a"}, ("Acme-Key", "nocredits")), 402),
        (mock.answer(Call("GET", "http://127.0.0.1/acme/v1/paint")), 405),
        (mock.answer(Call("GET", "http://127.0.0.1/acme/v1/print")), 404),
    ]
    for reply, status in cases:
        assert reply.status == status
        assert list(orjson.loads(reply.body)) == ["fault"]


def test_a_bare_spec_has_both_profiles(acme: Path, mock: Mock) -> None:
    documented = build(Options(providers=(str(acme),), profile="documented"))
    for body in ({"prompt": "a"}, {"prompt": "a", "photo_url": PHOTO}):
        assert paint(mock, body, KEY).status == 200
        assert paint(documented, body, KEY).status == 400


def test_a_bare_spec_answers_by_its_examples(mock: Mock) -> None:
    reply = paint(mock, {}, ("Prefer", "code=503"))
    assert (reply.status, reply.body) == (503, b'{"fault":"overloaded"}')
    picture = paint(mock, {}, ("Prefer", "example=picture"))
    assert picture.body == PIXEL.getvalue()


class Teapot(SpecDialect):
    """A dialect of somebody else's: it lets no coffee pot in, and names each failure's kind."""

    def admit(self, visit: Visit, account: AccountId, world: World) -> None:
        """Look at the call, and not at its key alone."""
        if visit.call.header("x-pot") == "coffee":
            raise Trouble("unauthorized", "tea alone")
        super().admit(visit, account, world)

    def failure(self, visit: Visit, trouble: Trouble, world: World) -> Reply:
        """Say which kind it was."""
        reply = super().failure(visit, trouble, world)
        return Reply(reply.status, (*reply.headers, ("x-kind", trouble.kind)), reply.body)


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch, acme: Path) -> Iterator[str]:
    """Register Teapot as another package would."""
    monkeypatch.setattr(Teapot, "spec_file", acme)
    point = EntryPoint("acme", f"{__name__}:Teapot", assembly.GROUP)

    def with_acme(*, group: str) -> EntryPoints:
        return EntryPoints([*entry_points(group=group), point])

    monkeypatch.setattr("testcard.assembly.entry_points", with_acme)
    assembly._points.cache_clear()
    yield "acme"
    assembly._points.cache_clear()


def test_a_registered_dialect_is_found_by_its_name(registered: str) -> None:
    mock = build(Options(providers=(registered,)))
    assert type(mock.dialects[registered]) is Teapot
    assert paint(mock, {"prompt": "a"}, KEY).status == 200
    assert paint(mock, {}, KEY).header("x-kind") == "invalid"
    assert paint(mock, {"prompt": "a"}, KEY, ("X-Pot", "coffee")).header("x-kind") == "unauthorized"


def test_a_registered_dialect_is_served_beside_the_bundled_ones(registered: str) -> None:
    mock = build()
    assert len(mock.dialects) == 6
    assert list(mock.dialects) == sorted(mock.dialects)
    assert registered in mock.dialects


def test_a_dialect_that_names_no_spec_is_refused_by_name(
    registered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Teapot, "spec_file", None)
    with pytest.raises(SpecError, match=r"'acme' names no spec: .*Teapot has no spec_file"):
        build(Options(providers=(registered,)))
