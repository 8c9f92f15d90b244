"""`import`: a plain OpenAPI file becomes a spec; and `schema`: what editors know its words by.

Knows typer, files and YAML. Must not know how meaning is guessed, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
import yaml

from testcard.cli.words import KEPT, UsageError, clear_errors
from testcard.common.redaction import visible
from testcard.common.spec import editor_schema, load

if TYPE_CHECKING:
    from testcard.importing.source import Note

app = typer.Typer()

_NOTHING: Final = 1
_LINE: Final = "# yaml-language-server: $schema={}"
_KINDS: Final = {
    "guessed": "Guessed",
    "dropped": "Left out",
    "unknown": "Could not be told",
}
_MOST_SHOWN: Final = 20


class _Whole(yaml.SafeDumper):
    """Writes what stands at several places at each of them."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (yaml's own signature)
        return True


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="OpenAPI 3.0 to 3.2, YAML or JSON.")],
    *,
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The spec to write; its stem is the provider's id."),
    ],
    operations: Annotated[
        list[str] | None,
        typer.Option(
            "--operation", metavar="ID", help="Only this one and what it needs; repeatable."
        ),
    ] = None,
) -> None:
    """Make a spec of a plain OpenAPI file: what makes pictures, and what that needs.

    Beside it stands testcard.schema.json, by which editors know the words of it.

    Exits with 0 where one was written, 1 where nothing in the file makes pictures, 2 for wrong
    usage.
    """
    from testcard.importing import imported

    with clear_errors():
        if output.suffix not in (".yaml", ".yml"):
            raise UsageError(f"-o is {str(output)!r}; a file that ends in .yaml was expected")
        found = imported(file, operations or ())
        _print_notes(found.notes)
        if found.document is None:
            typer.echo(f"testcard: {file}: nothing that makes pictures could be told", err=True)
            raise typer.Exit(_NOTHING)
        text = yaml.dump(
            found.document, Dumper=_Whole, sort_keys=False, width=100, allow_unicode=True
        )
        words = editor_schema()
        line = _LINE.format(words.name)
        output.write_text(f"{line}\n{text}", encoding="utf-8")
        output.with_name(words.name).write_bytes(words.read_bytes())
        _print_outcome(output)
    raise typer.Exit(KEPT)


@app.command()
def schema(
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="The file to write; printed where none.")
    ] = None,
) -> None:
    """Print or write the JSON Schema by which editors know the words of a spec.

    Where it is written, the line is printed by which a spec beside it names it.
    """
    text = editor_schema().read_text(encoding="utf-8")
    if output is None:
        typer.echo(text, nl=False)
        return
    with clear_errors():
        output.write_text(text, encoding="utf-8")
    typer.echo(_LINE.format(output.name))


def _print_notes(notes: Iterable[Note]) -> None:
    listed = list(notes)
    for kind, title in _KINDS.items():
        found = [each for each in listed if each.kind == kind]
        if found:
            typer.echo(f"{title}:")
        for each in found:
            typer.echo(visible(f"  {each.where}: {each.text}"))


def _print_outcome(output: Path) -> None:
    """Say what was written, and whether it serves."""
    from testcard.cli.rehearsal import rehearsed

    spec = load(output)
    operations = [
        f"{node['operationId']} ({node['x-testcard']['does']})"
        for item in spec.document["paths"].values()
        for node in item.values()
    ]
    typer.echo(f"{output}: {', '.join(operations)}")
    complaints = list(rehearsed(output))
    for each in complaints[:_MOST_SHOWN]:
        typer.echo(visible(f"  {each}"))
    if complaints:
        typer.echo(f"It does not serve everything yet: {len(complaints)} complaints.")
    else:
        typer.echo(f"It serves: testcard serve {output}")
