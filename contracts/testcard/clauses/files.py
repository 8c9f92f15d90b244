"""Clauses on pictures that are uploaded: they are known by their ids, and are where their URLs are.

Knows what was uploaded and what was told of it. Must not know who answered, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from testcard.clauses.base import does, name_of, ruling_on
from testcard.common.picture import Pixels
from testcard.common.reading import Reading
from testcard.contract.flaw import flaws
from testcard.contract.trace import ReadExchange
from testcard.contract.verdict import Clause, Ruling


def known(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each question after a picture that was uploaded: whether it is known."""
    for each in seen:
        asked = str(each.sent("file-id") or "") if each.does == "info" else ""
        if asked not in each.files.contents or not each.answered or flaws(each):
            continue
        told = str(each.said.get("file-id", asked))
        status = f"status {each.reply.status}, id {told!r}"
        kept = told == asked and (each.succeeded or each.turned_away)
        yield ruling_on(
            each,
            "file-id",
            kept=kept,
            told=status,
            expected=f"the file {asked!r}",
            detail=f"{name_of(each)}:file-id",
        )


def counted(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each answer that counts the bytes of a picture that was uploaded."""
    for each in seen:
        name = each.said.get("file-id") if each.does in ("file", "info") else None
        size, count = len(each.files.contents.get(str(name), b"")), each.said.get("byte-count")
        if size and count is not None:
            told = f"{count!r} said of {size} bytes"
            yield ruling_on(
                each,
                "byte-count",
                kept=str(count) == str(size),
                told=told,
                expected=str(size),
                detail=f"{name_of(each)}:byte-count",
            )


def served(_: Reading, seen: tuple[ReadExchange, ...]) -> Iterator[Ruling]:
    """Rule on each fetch at a URL where a picture was uploaded: whether it is that picture."""
    for each in seen:
        home, content = each.linked, each.files.contents.get(each.call.url)
        if home is None or home.does != "file" or each.does != "download" or not content:
            continue
        pixels = each.decoder.pixels(each.reply.body)
        kept = each.decoder.pixels(content)
        same = each.reply.body == content or (
            isinstance(pixels, Pixels)
            and isinstance(kept, Pixels)
            and np.array_equal(pixels.array, kept.array)
        )
        told = f"status {each.reply.status}, {len(each.reply.body)} bytes"
        yield ruling_on(
            home,
            "file-url",
            kept=same or each.turned_away,
            told=told,
            expected="the picture that was uploaded",
            subject=(home.index, each.index),
            detail=f"{name_of(home)}:file-url",
        )


def _keeps(reading: Reading) -> bool:
    return does(reading, "file")


CLAUSES: Final = (
    Clause(
        "pictures.file-known",
        "pictures",
        "A picture that was uploaded is known by its id.",
        _keeps,
        known,
        "a question after a picture that was uploaded",
    ),
    Clause(
        "pictures.file-counted",
        "pictures",
        "The byte count of an uploaded picture is that of its file.",
        _keeps,
        counted,
        "an upload whose answer counts bytes",
    ),
    Clause(
        "pictures.file-served",
        "pictures",
        "An uploaded picture is where its URL leads.",
        _keeps,
        served,
        "the URL of an uploaded picture, fetched",
    ),
)
