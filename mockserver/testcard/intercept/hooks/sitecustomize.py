"""Makes aiohttp use the proxy that the environment names: it does so only when told to.

Python runs this before a program, since its folder leads PYTHONPATH. A sitecustomize of the
user's own runs after it. Knows aiohttp. Must not know a provider. Stays readable by Python 3.8.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import os
import sys
from typing import Any


class _Finder(importlib.abc.MetaPathFinder):
    """Finds aiohttp's client as ever, and changes one default when it has been loaded."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:  # noqa: ARG002
        if name != "aiohttp.client":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module: Any) -> None:
            run(module)
            made = module.ClientSession.__init__

            def trusting(session: Any, *args: Any, **kwargs: Any) -> None:
                kwargs.setdefault("trust_env", True)
                made(session, *args, **kwargs)

            module.ClientSession.__init__ = trusting

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _go_on() -> None:
    """Let a sitecustomize of the user's own have its turn."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [each for each in sys.path if os.path.abspath(each) != here]
    ours = sys.modules.pop("sitecustomize", None)
    try:
        importlib.import_module("sitecustomize")
    except ImportError:
        if ours is not None:
            sys.modules["sitecustomize"] = ours


if os.environ.get("HTTPS_PROXY"):
    sys.meta_path.insert(0, _Finder())
_go_on()
