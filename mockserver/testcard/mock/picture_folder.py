"""Files of a folder that stand for URLs. The one module of the mock that reads files.

Knows a folder, and keeps within it. Must not know who asks.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, unquote

from testcard.common.picture import PictureError

if TYPE_CHECKING:
    from pathlib import Path

_ECHO: Final = 60  # characters of a name that an error repeats at most


class PictureFolder:
    """A folder in which `http://host/a/b.png` is `host/a/b.png`, or else `b.png`."""

    def __init__(self, folder: Path) -> None:
        """Look into `folder` each time a URL is asked for."""
        self._folder = folder.resolve()

    def __call__(self, url: SplitResult) -> bytes | None:
        """Return the content of the file that stands for `url`; None where none does.

        Raises:
            PictureError: it is a link that leads out of the folder, or cannot be read.
        """
        path = self._find(url)
        if path is None:
            return None
        try:
            return path.read_bytes()
        except OSError as error:
            seen = f"{path.name[:_ECHO]!r}, which stands for the URL, cannot be read"
            raise PictureError(f"{seen} ({error.strerror}): expected a readable file") from error

    def _find(self, url: SplitResult) -> Path | None:
        steps = [unquote(step) for step in url.path.split("/") if step]
        if not steps or any(not _is_name(step) for step in (*steps, url.hostname or "")):
            return None
        for path in (self._folder.joinpath(url.hostname or "", *steps), self._folder / steps[-1]):
            if os.path.isfile(path):  # false, where Path.is_file raises, for names too long
                if not path.resolve().is_relative_to(self._folder):
                    raise PictureError(
                        f"{steps[-1][:_ECHO]!r} is a link that leads out of the folder of "
                        "pictures: expected a file within it"
                    )
                return path
        return None


def _is_name(step: str) -> bool:
    return step not in ("", ".", "..") and not any(sign in step for sign in "/\\:\0")
