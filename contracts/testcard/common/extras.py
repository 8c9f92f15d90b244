"""What to type for a part of testcard that is not installed.

Knows how this installation came about. Must not know which parts there are, or who needs one.
"""

from __future__ import annotations

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson


def install(extra: str, of: Distribution | None = None) -> str:
    """Return the command that installs an extra of testcard, as it was installed itself.

    From a checkout or a file it comes from there again: an index may not have it.

    Args:
        extra: its name.
        of: testcard's own metadata, unless told otherwise.
    """
    origin = _origin(of)
    url = str(origin.get("url", ""))
    if url.startswith("file:"):
        path = unquote(urlsplit(url).path)
        editable = "-e " if origin.get("dir_info", {}).get("editable") else ""
        return f"pip install {editable}'{path}[{extra}]'"
    if url:
        kind = f"{origin['vcs_info']['vcs']}+" if "vcs_info" in origin else ""
        return f"pip install 'testcard[{extra}] @ {kind}{url}'"
    return f"pip install 'testcard[{extra}]', or from a checkout: pip install -e '.[{extra}]'"


def _origin(of: Distribution | None) -> dict[str, Any]:
    """Where an installer says that it took the package from (PEP 610); empty for an index."""
    try:
        said = (of or distribution("testcard")).read_text("direct_url.json")
    except PackageNotFoundError:  # it runs from its folder, uninstalled
        return {}
    found = orjson.loads(said) if said else {}
    return found if isinstance(found, dict) else {}
