"""What a vendor does about a prompt or a picture that it will not have, provoked by magic words.

A spec says it under `moderation`: an input or an output may be refused, end its job in a state of
its own, or be answered with pictures that are blurred or black. Knows specs and prompts. Must not
know who answers, how a picture is blurred, or any one provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from testcard.common.spec import Node

Stage = Literal["input", "output"]
How = Literal["refused", "blurred", "black", "state"]

MAGIC_PROMPTS: Final[Mapping[str, Stage]] = {
    "testcard:moderated-input": "input",
    "testcard:moderated-output": "output",
}
"""Words in a prompt -> what is moderated then, where the spec says that it may be."""


@dataclass(frozen=True, slots=True)
class Moderation:
    """What happens to one call.

    Attributes:
        stage: what was moderated.
        how: what becomes of it.
        word: the vendor's for the state that it ends in; empty for the usual one.
        facts: role -> what the answer says of it.
    """

    stage: Stage
    how: How
    facts: Mapping[str, Any]
    word: str = ""

    @property
    def told(self) -> str:
        """The same in a sentence."""
        ends = {"refused": "the call is refused", "state": "its job ends as moderated"}
        end = ends.get(self.how, f"its pictures are {self.how}")
        return f"the {self.stage} was moderated, as its prompt asked for: {end}"


def moderation_of(node: Node | None, prompt: str) -> Moderation | None:
    """Return what a spec's `moderation` does to a call with this prompt; None for nothing."""
    if node is None or "testcard:" not in prompt:
        return None
    for magic, stage in MAGIC_PROMPTS.items():
        if magic in prompt and stage in node:
            said, facts = node[stage], node.get("words", {})
            if isinstance(said, Mapping):
                return Moderation(stage, "state", facts, said["state"])
            return Moderation(stage, said, facts)
    return None
