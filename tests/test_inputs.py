"""What a client sends for a picture: what is understood, and how the rest is refused."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

import numpy as np
import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from testcard.card.scene import landscape
from testcard.common.picture import Limits, PictureError, Pixels, distance, encode
from testcard.mock.inputs import Inputs
from testcard.mock.picture_folder import PictureFolder

if TYPE_CHECKING:
    from pathlib import Path

ALL = ("base64", "data-uri", "url", "file")


def png(level: int = 128, side: int = 16) -> bytes:
    """A flat gray picture; `level` tells one from another."""
    return encode(np.full((side, side, 3), level, np.uint8), "png")


def text(data: bytes) -> str:
    return pybase64.b64encode_as_string(data)


def held(inputs: Inputs, value: str | bytes) -> Pixels | None:
    return inputs.held(inputs.take(value, ALL))


@pytest.mark.parametrize(
    "value",
    [
        png(),
        text(png()),
        f"\n  {text(png())}\r\n",
        f"data:image/png;base64,{text(png())}",
        f"DATA:IMAGE/PNG;name=a.png;BASE64,{text(png())}",
    ],
)
def test_every_encoding_of_a_picture_is_the_same_picture(value: str | bytes) -> None:
    """Also by digest: it is of the picture's bytes, however they were wrapped."""
    inputs = Inputs()
    assert inputs.read(value, ALL) == inputs.read(png(), ALL)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (png(), "a file was sent"),
        (text(png()), "a string was sent"),
        (f"data:image/png;base64,{text(png())}", "a data URI was sent"),
        ("https://example.com/a.png", "a URL was sent, 'https://example.com/a.png'"),
    ],
)
def test_an_encoding_that_is_not_accepted_is_named(value: str | bytes, seen: str) -> None:
    """The error says what was sent and what is accepted, before and after it was cached."""
    inputs = Inputs()
    inputs.read(value, ALL)
    others = {"file", "base64"} if "base64" not in seen else {"url"}
    others -= {"file"} if isinstance(value, bytes) else {"base64"}
    with pytest.raises(PictureError, match=f"{seen}.*: expected "):
        inputs.read(value, others)
    with pytest.raises(PictureError):
        inputs.take(value, others)


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("", "an empty string"),
        ("   \n", "an empty string"),
        ("cat.png", "a string of 7 characters that is not base64, 'cat.png'"),
        ("ftp://example.com/a.png", "a URL of scheme 'ftp'"),
        ("https://", "a URL without a host"),
        ("http://[x/a.png", "a URL that cannot be read"),
        ("data:image/png,abc", "a data URI that begins"),
        ("data:text/plain;base64,YWJj", "a data URI that begins"),
        ("data:image/png;base64", "a data URI that begins"),
        ("data:image/png;base64,", "an empty string"),
        (text(b"hello"), "5 bytes that are no picture"),
        (text(png()).rstrip("=") + "=" * 5, "wrongly padded|not base64"),
        (text(png())[:40] + "\n" + text(png())[40:], "broken by white space"),
        (text(text(png()).encode()), "base64 of base64"),
        (text(b"data:image/png;base64," + text(png()).encode()), "base64 of a data URI"),
        (text(b"https://example.com/a.png"), "base64 of a URL"),
        (text(png()[:-20]), "cut short"),
        ("é" * 100, "a string of 100 characters that is not base64"),
        ("\ud800" * 100, "a string of 100 characters that is not base64"),
    ],
)
def test_what_cannot_be_read_is_named(value: str, seen: str) -> None:
    """Each common mistake has its own sentence."""
    with pytest.raises(PictureError, match=seen):
        Inputs().read(value, ALL)


def test_url_safe_base64_is_named() -> None:
    value = text(b"\xff\xfe\xfd" * 30).replace("+", "-").replace("/", "_")
    with pytest.raises(PictureError, match="URL-safe alphabet"):
        Inputs().read(value, ALL)


@given(st.text(max_size=300) | st.binary(max_size=300))
def test_anything_else_is_a_picture_error_of_bounded_length(value: str | bytes) -> None:
    """An error never repeats more of a value than a reader needs."""
    with pytest.raises(PictureError) as caught:
        Inputs().read(value, ("base64", "data-uri", "file"))
    assert len(str(caught.value)) < 300


def test_limits_hold_for_every_encoding() -> None:
    inputs = Inputs(limits=Limits(side=15))
    for value in (png(), text(png())):
        with pytest.raises(PictureError, match="16x16: expected at most 15"):
            inputs.read(value, ALL)


def test_a_url_is_painted_and_never_fetched() -> None:
    """The same URL gives the same scene of 768 x 768; this host could not be resolved."""
    url = "https://pictures.invalid/beach.png?size=2"
    first = Inputs().read(url, ALL)
    assert (first.width, first.height) == (768, 768)
    assert Inputs().read(url, ALL) == first


def test_different_urls_are_visibly_different() -> None:
    scenes = [landscape(f"https://example.com/{number}.png") for number in range(6)]
    apart = [distance(a, b) for i, a in enumerate(scenes) for b in scenes[:i]]
    assert min(apart) > 0.03


def test_a_file_of_the_folder_stands_for_its_url(tmp_path: Path) -> None:
    """By host and path first, by the last part of the path otherwise; never from a cache."""
    inputs = Inputs(PictureFolder(tmp_path))
    (tmp_path / "b.png").write_bytes(png(10))
    assert inputs.read("http://example.com/a/b.png?x=1", ALL).array[0, 0, 0] == 10
    (tmp_path / "example.com" / "a").mkdir(parents=True)
    (tmp_path / "example.com" / "a" / "b.png").write_bytes(png(20))
    assert inputs.read("http://EXAMPLE.com:8080/a/b.png", ALL).array[0, 0, 0] == 20
    assert inputs.read("http://elsewhere.org/a/b.png", ALL).array[0, 0, 0] == 10
    (tmp_path / "b.png").write_bytes(png(30))
    assert inputs.read("http://elsewhere.org/a/b.png", ALL).array[0, 0, 0] == 30
    assert inputs.read("http://elsewhere.org/other.png", ALL).width == 768


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.png",
        "/../../secret.png",
        "/a/%2e%2e/%2e%2e/secret.png",
        "/..%2fsecret.png",
        "/%2e%2e%5csecret.png",
        "/a/..",
        "/%00secret.png",
        "/" + "a" * 5000,
        "/",
        "",
    ],
)
def test_no_url_leads_out_of_the_folder(tmp_path: Path, path: str) -> None:
    """What lies beside the folder is not read: the URL is painted."""
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "folder").mkdir()
    for host in ("x", "..", "."):
        assert (
            Inputs(PictureFolder(tmp_path / "folder")).read(f"http://{host}{path}", ALL).width
            == 768
        )


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PictureError, match=r"'b\.png' is a link that leads out of the folder"):
        Inputs(PictureFolder(folder)).read("http://example.com/b.png", ALL)


def test_a_file_of_the_folder_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"hello")
    with pytest.raises(PictureError, match="5 bytes that are no picture"):
        Inputs(PictureFolder(tmp_path)).read("http://example.com/b.png", ALL)


def test_a_damaged_or_unreadable_file_of_the_folder_is_named_by_its_url(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(png()[:60])
    inputs = Inputs(PictureFolder(tmp_path))
    with pytest.raises(PictureError, match=r"stands for 'http://example\.com/b\.png': .*damaged"):
        inputs.read("http://example.com/b.png", ALL)


def test_a_file_that_cannot_be_opened_is_a_picture_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.png").write_bytes(png())

    def denied(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    with pytest.raises(PictureError, match=r"'b\.png'.* cannot be read \(Permission denied\)"):
        Inputs(PictureFolder(tmp_path)).read("http://example.com/b.png", ALL)


def test_files_come_from_whoever_is_asked_for_them() -> None:
    """No file system is needed for it."""
    asked = []

    def stored(url: SplitResult) -> bytes | None:
        asked.append(url.geturl())
        return png(7) if url.path == "/b.png" else None

    inputs = Inputs(stored)
    assert inputs.read("http://example.com/b.png", ALL).array[0, 0, 0] == 7
    assert inputs.read("http://example.com/c.png", ALL).width == 768
    assert asked == ["http://example.com/b.png", "http://example.com/c.png"]


@pytest.mark.parametrize("value", [png(), text(png()), "https://example.com/a.png"])
def test_what_was_read_is_held(value: str | bytes) -> None:
    """Nothing before, the very same pixels afterwards."""
    inputs = Inputs()
    assert held(inputs, value) is None
    first = inputs.read(value, ALL)
    assert held(inputs, value) is first
    assert inputs.read(value, ALL) is first


def test_a_cached_string_does_not_pass_as_a_file() -> None:
    """The text of a base64 string, sent as a file part, is still no picture."""
    inputs = Inputs()
    inputs.read(text(png()), ALL)
    with pytest.raises(PictureError, match="no picture"):
        inputs.read(text(png()).encode(), ALL)


def test_the_cache_is_bounded_by_bytes() -> None:
    """The picture used longest ago is forgotten first; one too large is never kept."""
    room = 2 * (16 * 16 * 3 + 300)
    inputs = Inputs(cache_bytes=room)
    for level in (1, 2):
        inputs.read(png(level), ALL)
    assert held(inputs, png(1))
    inputs.read(png(3), ALL)
    assert [held(inputs, png(level)) is not None for level in (1, 2, 3)] == [True, False, True]
    inputs.read(png(4, side=64), ALL)
    assert held(inputs, png(4, side=64)) is None
    assert held(inputs, png(3))


def test_threads_share_one_reader() -> None:
    inputs = Inputs(cache_bytes=3 * (16 * 16 * 3 + 300))
    levels = [number % 8 for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        seen = list(pool.map(lambda level: inputs.read(png(level), ALL), levels))
    assert [int(pixels.array[0, 0, 0]) for pixels in seen] == levels


def test_to_find_what_is_held_is_cheap() -> None:
    """Far less than decoding 100 KB would take; the bound is loose for busy machines."""
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    value, inputs = text(encode(noise, "png")), Inputs()
    inputs.read(value, ALL)
    costs = []
    for _ in range(20):
        start = time.process_time()
        assert held(inputs, value)
        costs.append(time.process_time() - start)
    assert len(value) > 100_000
    assert min(costs) < 0.001
