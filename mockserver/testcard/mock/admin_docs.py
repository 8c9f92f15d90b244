"""The page that shows the spec of /_testcard/, with all it is made of: it needs no network.

Knows where fastapi_offline keeps Swagger UI's files. Must not know FastAPI itself, or what the
spec says.
"""

from __future__ import annotations

import html
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from testcard.common.addresses import ADMIN_PREFIX
from testcard.common.message import Reply

_ASSET: Final = re.compile(r"docs/assets/(swagger-ui\.css|swagger-ui-bundle\.js|favicon\.png)")
_MEDIA: Final = {".css": "text/css", ".js": "text/javascript", ".png": "image/png"}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="{prefix}docs/assets/favicon.png">
<link rel="stylesheet" href="{prefix}docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{prefix}docs/assets/swagger-ui-bundle.js"></script>
<script>
SwaggerUIBundle({{url: "{prefix}openapi.json", dom_id: "#swagger-ui", validatorUrl: null}})
</script>
</body>
</html>
"""


def page(title: str) -> Reply:
    """Return the page."""
    text = _PAGE.format(title=html.escape(title), prefix=ADMIN_PREFIX)
    return Reply(200, (("content-type", "text/html; charset=utf-8"),), text.encode())


def asset(path: str) -> Reply | None:
    """Return a file that the page is made of; None where `path`, below ADMIN_PREFIX, is none."""
    found = _ASSET.fullmatch(path)
    if found is None:
        return None
    file = _folder() / found[1]
    return Reply(200, (("content-type", _MEDIA[file.suffix]),), file.read_bytes())


def _folder() -> Path:
    package = find_spec("fastapi_offline")  # finds it and imports nothing
    if package is None or package.origin is None:
        raise ModuleNotFoundError(
            "fastapi-offline is not installed; do: pip install testcard again"
        )
    return Path(package.origin).parent / "static"
