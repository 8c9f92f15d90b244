"""The examples work as they are under `testcard run`, and give the picture asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.runs import EXAMPLES, run, runtime

from testcard.common.picture import Pixels, decode, sniff

URL = "https://pictures.example/harbour.png"
PHP_CURL = ("-r", "exit(extension_loaded('curl') ? 0 : 1);")


@pytest.fixture
def photo(tmp_path: Path) -> str:
    """The path of a small picture."""
    from PIL import Image

    path = tmp_path / "in.png"
    Image.effect_noise((96, 64), 60).convert("RGB").save(path)
    return str(path)


def picture(done: subprocess.CompletedProcess[str], path: Path, kind: str) -> Pixels:
    """Return the picture that a client saved; it met no trouble and kept to the page."""
    assert done.returncode == 0, done.stderr
    assert "The client kept to the page." in done.stderr, done.stderr
    data = path.read_bytes()
    assert sniff(data) == kind
    return decode(data)


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "size"),
    [
        ("segmind.py", ("PHOTO",), "jpeg", (512, 512)),
        ("imagepipeline.py", (URL,), "png", (768, 768)),
        ("appypie_img2img.py", (URL,), "png", (512, 512)),
        ("appypie_inpainting.py", (URL, "https://pictures.example/mask.png"), "png", (512, 512)),
        ("aithriving.py", ("PHOTO",), "png", (512, 512)),
    ],
)
def test_python(
    tmp_path: Path,
    photo: str,
    name: str,
    arguments: tuple[str, ...],
    kind: str,
    size: tuple[int, int],
) -> None:
    given = [photo if each == "PHOTO" else each for each in arguments]
    done = run(tmp_path, sys.executable, str(EXAMPLES / "python" / name), *given, "out")
    found = picture(done, tmp_path / "out", kind)
    assert (found.width, found.height) == size


def test_curl(tmp_path: Path, photo: str) -> None:
    runtime("curl")
    done = run(tmp_path, "sh", str(EXAMPLES / "curl" / "segmind.sh"), photo, "out")
    assert picture(done, tmp_path / "out", "jpeg").width == 512


def test_node_fetch(tmp_path: Path) -> None:
    node = runtime("node")
    script = EXAMPLES / "javascript" / "imagepipeline_fetch.mjs"
    done = run(tmp_path, node, str(script), URL, "out")
    assert picture(done, tmp_path / "out", "png").width == 768


def test_node_axios(tmp_path: Path) -> None:
    """Axios is no part of Node: it is installed for the test, or the test is skipped."""
    node, npm = runtime("node"), runtime("npm")
    script = tmp_path / "client.mjs"
    script.write_bytes((EXAMPLES / "javascript" / "imagepipeline_axios.mjs").read_bytes())
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(tmp_path), "axios@1"]
    got = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)  # noqa: S603
    if got.returncode:
        pytest.skip(f"npm cannot install axios here: {got.stderr.strip()[-200:]}")
    done = run(tmp_path, node, str(script), URL, "out")
    assert picture(done, tmp_path / "out", "png").width == 768


def test_php_curl(tmp_path: Path) -> None:
    php = runtime("php", *PHP_CURL)
    done = run(tmp_path, php, str(EXAMPLES / "php" / "appypie_curl.php"), URL, "out")
    assert picture(done, tmp_path / "out", "png").width == 512


def test_php_streams(tmp_path: Path) -> None:
    php = runtime("php")
    done = run(tmp_path, php, str(EXAMPLES / "php" / "appypie_streams.php"), URL, "out")
    assert picture(done, tmp_path / "out", "png").width == 512


@pytest.mark.parametrize("name", ["SegmindUrlConnection", "SegmindHttpClient"])
def test_java(tmp_path: Path, photo: str, name: str) -> None:
    java = runtime("java", "--list-modules")
    runtime("javac")
    done = run(tmp_path, java, str(EXAMPLES / "java" / f"{name}.java"), photo, "out")
    assert picture(done, tmp_path / "out", "jpeg").width == 512
