"""Renew what is made of the vocabulary: docs/spec-words.md and openapi/testcard.schema.json.

python -m docs.renew
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.editor_schema import draft_7
from docs.spec_words import fields_by_role, page, without_field
from docs.vocabulary import broken_examples, lacking, vocabulary

ROOT = Path(__file__).parents[1]


def made() -> dict[Path, str]:
    """Return path -> text of each file that is made of the vocabulary."""
    words = vocabulary()
    return {
        ROOT / "docs" / "spec-words.md": page(words, fields_by_role()),
        ROOT / "openapi" / "testcard.schema.json": draft_7(words),
    }


def complaints() -> list[str]:
    """Return a sentence for each thing that the vocabulary does not say of a word."""
    words = vocabulary()
    return [
        *lacking(words),
        *broken_examples(words),
        *without_field(words, fields_by_role()),
    ]


def main() -> int:
    """Write the files; complain of what the vocabulary lacks, and exit with 1 then."""
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")
    found = complaints()
    sys.stderr.writelines(f"{each}\n" for each in found)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
