"""Picture files made to cost much, and many large ones at once: bounded in time and in memory."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from threading import Barrier, Lock
from time import process_time

import numpy as np
import pytest
from PIL import Image
from tests.support import AITHRIVING, BOTH, SEGMIND, client_of, photo, text

from testcard.common import bands, picture
from testcard.common.body import FilePart
from testcard.common.bounds import DEFAULT_LIMITS, PixelBudget
from testcard.common.outline import excess
from testcard.common.picture import PictureError, decode
from testcard.common.reading import Profile
from testcard.mock.inputs import Inputs

SIDE = 4_800  # of a picture near the limit of 24 megapixels
SOI, SCAN = b"\xff\xd8", b"\xff\xda"


def jpeg(side: int, *, progressive: bool = True, **options: object) -> bytes:
    out = BytesIO()
    Image.new("RGB", (side, side), (200, 30, 30)).save(
        out, "JPEG", progressive=progressive, **options
    )
    return out.getvalue()


def with_scans(more: int, side: int = SIDE) -> bytes:
    """A progressive JPEG whose last scan comes `more` times again."""
    data = jpeg(side)
    return data[:-2] + data[data.rindex(SCAN) : -2] * more + data[-2:]


def with_head(head: bytes) -> bytes:
    data = jpeg(16)
    return data[:20] + head + data[20:]  # behind the first segment


def png(width: int, height: int, chunks: bytes = b"", depth: int = 8, bands: int = 3) -> bytes:
    kinds = {1: 0, 3: 2, 4: 6}
    rows = zlib.compress(bytes((width * bands * depth // 8 + 1) * height))
    header = struct.pack(">IIBBBBB", width, height, depth, kinds[bands], 0, 0, 0)
    head = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunks
    return head + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


COSTLY: dict[str, tuple[Callable[[], bytes], str]] = {
    "two thousand scans": (lambda: with_scans(2_000), "20 scans"),
    "eleven scans more than ten": (lambda: with_scans(11), "20 scans"),
    "a million empty comments": (lambda: with_head(b"\xff\xfe\0\2" * 1_000_000), "500 segments"),
    "a million ends before the first scan": (
        lambda: with_head(b"\xff\xd9" * 1_000_000),
        "500 segments",
    ),
    "a megabyte of stray zeros": (lambda: with_head(bytes(1_000_000)), "1000 stray bytes"),
    "a megabyte of padding": (lambda: with_head(b"\xff" * 1_000_000), "1000 stray bytes"),
    "a megabyte of restart markers": (lambda: with_head(b"\xff\xd0" * 500_000), "1000 stray"),
    "restart markers behind a marker without a length": (
        lambda: with_head((b"\xff\xc8\xff\xff" + b"\xff\xd0" * 32_000) * 20),
        "1000 stray",
    ),
    "a million empty chunks": (lambda: png(8, 8, chunk(b"teSt", b"") * 1_000_000), "10000 chunks"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_file_of_more_parts_than_encoders_write_is_refused_undecoded(name: str) -> None:
    make, said = COSTLY[name]
    data = make()
    began = process_time()
    with pytest.raises(PictureError, match=f"more than {said}"):
        decode(data)
    assert process_time() - began < 0.5


@BOTH
def test_a_costly_file_is_refused_in_the_providers_words(profile: Profile) -> None:
    data = with_scans(100, 64)
    in_base64, in_form = client_of(SEGMIND, profile), client_of(AITHRIVING, profile)
    in_base64.ask(image=text(data))
    in_form.ask(init_image=FilePart(data, "a.jpg"))
    for client in (in_base64, in_form):
        assert client.entry.verdict == "invalid"
        assert "more than 20 scans" in client.entry.detail


def test_what_encoders_write_is_decoded() -> None:
    profile = bytes(range(256)) * 60_000  # of fifteen megabytes, in more than two hundred segments
    for data in (
        jpeg(64),
        jpeg(64, progressive=False),
        with_scans(10, 64),
        jpeg(64, icc_profile=profile),
        jpeg(64) + (SCAN + b"\0\x0c") * 5_000,  # the film of a motion picture
        with_head(b"\xff\xe1\xff\xff" + SCAN * 32_766 + b"\0"),  # a thumbnail, as far as bytes go
        png(64, 64, chunk(b"teSt", b"") * 5_000),
    ):
        decode(data)


def test_the_outline_of_any_bytes_is_taken() -> None:
    for data in (b"", SOI, SOI + b"\xff", SOI + b"\xff\xe0", SOI + b"\xff\xe0\xff", SOI + SCAN):
        assert excess(data, "jpeg") is None
        assert excess(data, "png") is None
    assert excess(png(8, 8)[:20], "png") is None
    assert excess(b"RIFF", "webp") is None


def noise(side: int, format_: str, **options: object) -> bytes:
    out = BytesIO()
    pixels = np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)
    Image.fromarray(pixels).save(out, format_, **options)
    return out.getvalue()


@pytest.mark.parametrize("format_", ["WEBP", "JPEG"])
def test_a_large_picture_that_is_slow_to_decode_is_refused_undecoded(format_: str) -> None:
    """A dense WebP of 24 megapixels took 1.1 s, as did a JPEG whose dense scans come twice."""
    data = noise(SIDE, format_, quality=10 if format_ == "JPEG" else 60, progressive=True, method=0)
    if format_ == "JPEG":
        data = data[:-2] + data[data.rindex(SCAN) : -2] * 9 + data[-2:]
    assert len(data) < 24 << 20, "it can be sent"
    began = process_time()
    with pytest.raises(PictureError, match=f"{format_} .* expected at most 32000000 of both"):
        decode(data)
    assert process_time() - began < 0.3


def test_a_large_picture_as_cameras_write_it_is_decoded() -> None:
    film = b"\0\0\0\x20ftypmp42" + SCAN * 5_000_000  # which stands behind a motion picture
    smooth = np.add.outer(np.arange(SIDE), np.arange(SIDE))[..., None].repeat(3, 2) // 40
    for format_ in ("JPEG", "WEBP"):
        out = BytesIO()
        Image.fromarray(smooth.astype(np.uint8)).save(out, format_, quality=90, method=0)
        data = out.getvalue() + (film if format_ == "JPEG" else b"")
        assert decode(data).width == SIDE
    assert decode(noise(2_500, "WEBP", lossless=True, method=0)).width == 2_500


@pytest.mark.parametrize(
    "data",
    [
        lambda: png(SIDE, SIDE),
        lambda: png(SIDE, SIDE, depth=16, bands=4),
        lambda: with_scans(9),
    ],
    ids=["png", "png of 16 bits with transparency", "jpeg of 19 scans"],
)
def test_a_picture_at_the_limit_is_decoded_in_bounded_time(data: Callable[[], bytes]) -> None:
    file = data()
    began = process_time()
    pixels = decode(file)
    assert process_time() - began < 3
    assert pixels.array.shape == (SIDE, SIDE, 3)


def test_strips_join_to_the_picture_that_was_sent() -> None:
    rng = np.random.default_rng(0)
    for channels, mode in ((3, "RGB"), (4, "RGBA")):
        sent = rng.integers(0, 256, (1_301, 1_703, channels), np.uint8)
        out = BytesIO()
        Image.fromarray(sent, mode).save(out, "PNG", compress_level=0)
        whole = Image.open(BytesIO(out.getvalue())).convert("RGBA")
        sheet = Image.new("RGBA", whole.size, "white")
        sheet.alpha_composite(whole)
        seen = decode(out.getvalue()).array.astype(int)
        assert np.abs(seen - np.asarray(sheet.convert("RGB"), int)).max() <= 1


_PEAK = """
import sys
from testcard.common.picture import decode
def peak():
    line, = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
data = sys.stdin.buffer.read()
before = peak()
pixels = decode(data)
print((peak() - before) / (pixels.width * pixels.height))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's account of it")
@pytest.mark.parametrize("bands", [3, 4])
def test_a_large_picture_takes_at_most_nine_bytes_a_pixel(bands: int) -> None:
    """Four in the decoder and three in the end; it was seventeen."""
    told = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, "-c", _PEAK],
        input=png(SIDE, SIDE, bands=bands),
        capture_output=True,
        check=True,
    )
    assert float(told.stdout) < 9


def test_pixels_at_work_never_exceed_the_budget() -> None:
    budget, lock, meeting = PixelBudget(24), Lock(), Barrier(4, timeout=60)
    at_work = 0
    most: list[int] = []

    def work(pixels: int, *, together: bool) -> None:
        nonlocal at_work
        with budget.taken(pixels):
            with lock:
                at_work += pixels
                most.append(at_work)
            if together:
                meeting.wait()
            with lock:
                at_work -= pixels

    with ThreadPoolExecutor(16) as pool:
        for done in [pool.submit(work, 6, together=True) for _ in range(4)]:
            done.result()  # four of six are let in together, or they would not meet
        sizes = [1, 7, 12, 23, 24, 100] * 20
        for done in [pool.submit(work, size, together=False) for size in sizes]:
            done.result()
    assert max(size for size in most if size != 100) <= 24
    assert most.count(100) == 20  # larger than the budget: each alone
    assert at_work == 0


def test_a_failure_gives_its_pixels_back() -> None:
    budget = PixelBudget(10)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), budget.taken(10):
            1 / 0  # noqa: B018
    with budget.taken(10):
        pass


def test_one_reader_decodes_within_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty threads took a hundred megabytes each."""
    lock, inside, most = Lock(), 0, 0
    array = bands.rgb_of

    def watched(image: Image.Image) -> object:
        nonlocal inside, most
        with lock:
            inside += image.width * image.height
            most = max(most, inside)
        try:
            return array(image)
        finally:
            with lock:
                inside -= image.width * image.height

    monkeypatch.setattr(picture, "rgb_of", watched)
    inputs = Inputs(budget=PixelBudget(2 * 300 * 300))
    sent = [photo(300, 300) + bytes([at]) for at in range(24)]
    with ThreadPoolExecutor(12) as pool:
        read = list(pool.map(lambda data: inputs.read(data, ["file"]), sent))
    assert len(read) == 24
    assert 0 < most <= 2 * 300 * 300


def test_the_limit_is_told_with_the_size_seen() -> None:
    assert DEFAULT_LIMITS.pixels == 24_000_000
    with pytest.raises(PictureError, match=r"5000x5000: expected .* 24 megapixels"):
        Inputs().read(text(png(5_000, 5_000)), ["base64"])
