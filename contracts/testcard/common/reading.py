"""A Spec seen through a profile and settings: Spec -> Reading -> Operations.

The documented profile is the page to the letter; the lenient one takes what real clients send.
Knows OpenAPI and `x-testcard`. Must not know the mock, or any one provider.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import takewhile
from typing import Any, Literal, cast

from testcard.common.hosts import authority_of
from testcard.common.lifetime import Lifetime, lifetime_in
from testcard.common.message import Call
from testcard.common.operation import Operation, operations_in
from testcard.common.price import Price, price_in
from testcard.common.problems import problems_in, statuses
from testcard.common.refusals import of_document, of_source
from testcard.common.routes import Found, Places, Routes
from testcard.common.runtime_expression import RuntimeExpression
from testcard.common.schema import Validator, coerced, merged, nodes
from testcard.common.servers import nowhere
from testcard.common.spec import (
    Family,
    Node,
    Spec,
    SpecError,
    resolved,
    words,
)
from testcard.common.states import ASKING, States, states_in
from testcard.common.trouble import Kind

Profile = Literal["lenient", "documented"]


@dataclass(frozen=True)
class Reading:
    """A Spec through a profile and settings.

    Attributes:
        spec: what is read.
        profile: through which.
        settings: name -> value, of all.
        document: the spec with what these change.
        operations: in the document's order.
        key_names: under which keys are sent, in small letters: of headers, parameters,
            cookies and members of bodies.
    """

    spec: Spec
    profile: Profile
    settings: Mapping[str, Any]
    document: Node
    operations: tuple[Operation, ...]
    key_names: frozenset[str]

    @cached_property
    def problems(self) -> Mapping[str, int]:
        """Kind of trouble -> HTTP status of its answer, where an operation has none of its own."""
        return statuses(problems_in(self.document))

    def problems_of(self, operation: Operation | None) -> Mapping[str, int]:
        """Return kind of trouble -> HTTP status of an operation's answer to it."""
        if operation is None or "problems" not in words(operation.node):
            return self.problems
        return statuses(problems_in(self.document, operation.node))

    def problem_words(self, kind: Kind, operation: Operation | None = None) -> Mapping[str, Any]:
        """Return role -> what answers to this kind of trouble say there, beside what is known."""
        said = problems_in(self.document, operation.node if operation else None)[kind]
        return cast("Mapping[str, Any]", said.get("words", {}))

    @property
    def price(self) -> Decimal:
        """Credits for a success, where all cost the same; else the most that the page names."""
        price = self.general_price
        return price.of({}) if price.is_flat else price.most or Decimal(0)

    @property
    def family(self) -> Family:
        """Which Stable Diffusion paints."""
        name: Family = words(self.document).get("family", {}).get("name", "sd")
        return name

    def price_of(self, operation: Operation) -> Price:
        """Return what an operation's successes cost: by the setting, itself, or the document."""
        if operation.id not in self._prices:
            self._prices[operation.id] = self._price(words(operation.node).get("price"))
        return self._prices[operation.id]

    def moderation(self, operation: Operation) -> Node | None:
        """Return what an operation does about what it will not have; None where nothing is said."""
        own, general = words(operation.node), words(self.document)
        return cast("Node | None", own.get("moderation", general.get("moderation")))

    def lifetime_of(self, operation: Operation) -> Lifetime | None:
        """Return how long the URLs are good that come of an operation; None for ever."""
        return self._lifetimes[operation.id]

    def states_of(self, operation: Operation | None) -> States:
        """Return the words for the states of jobs, an operation's own where it has any."""
        id_ = operation.id if operation is not None else ""
        if id_ not in self._states:
            own = (operation.node,) if operation is not None else ()
            self._states[id_] = states_in(*own, self.document)
        return self._states[id_]

    def companion(self, operation: Operation, does: str) -> Operation | None:
        """Return the operation that does something for what another began; None for none.

        Of several, it is the one with the most of the other's path, the first of equals.
        """
        there = [each for each in self.operations if each.does == does]
        return max(there, key=lambda each: _steps_shared(each.path, operation.path), default=None)

    @cached_property
    def keeps_files(self) -> bool:
        """Whether some operation has pictures uploaded, to be named in later calls."""
        return any(each.does == "file" for each in self.operations)

    @cached_property
    def general_price(self) -> Price:
        """What the successes of operations cost that say nothing of their own."""
        return self._price(None)

    @cached_property
    def _lifetimes(self) -> dict[str, Lifetime | None]:
        """OperationId -> it; a job's stands where its state or its result is told, perhaps."""
        own = {each.id: lifetime_in(each.node) for each in self.operations}
        if not any(own.values()):
            return own
        for each in self.operations:
            asking = [self.companion(each, does) for does in ASKING] if each.does == "job" else []
            told = (own[there.id] for there in asking if there is not None)
            own[each.id] = own[each.id] or next(filter(None, told), None)
        return own

    @cached_property
    def _prices(self) -> dict[str, Price]:
        return {}

    @cached_property
    def _states(self) -> dict[str, States]:
        return {}

    def _price(self, own: Node | None) -> Price:
        node, chosen = self.document["x-testcard"]["price"], self.settings["price"]
        if chosen != self.spec.settings["price"]["default"]:
            return price_in({**node, "credits": chosen, "range": ()})
        return price_in(own or node)

    def operation(self, id_: str) -> Operation:
        """Return the operation with this operationId; KeyError where there is none."""
        for operation in self.operations:
            if operation.id == id_:
                return operation
        raise KeyError(id_)

    @cached_property
    def places(self) -> Places:
        """Where its operations stand: at their servers, and anywhere else."""
        return Places(self.operations, lenient=self.profile == "lenient")

    def match(self, method: str, path: str) -> Found:
        """Find what `method` at `path` (without any prefix) is for, at whichever host.

        Returns:
            The operation or None, the path's parameters, and whether the path is known at all.
        """
        return self.places.anywhere.match(method, path)

    def placed(self, call: Call) -> tuple[Routes, str, Found]:
        """Find what a recorded call was for.

        Returns:
            The routes at its host, which are all where that is no server; its path without
            `/{provider}`, where that stands ahead of one; and what it was matched to.
        """
        parts, prefix = call.parts, f"/{self.spec.id}/"
        routes = self.places.at(authority_of(parts)) or self.places.anywhere
        found = routes.match(call.method, parts.path)
        if found[2] or not parts.path.startswith(prefix):
            return routes, parts.path, found
        routes, path = self.places.anywhere, f"/{parts.path.removeprefix(prefix)}"
        return routes, path, routes.match(call.method, path)


def _steps_shared(path: str, other: str) -> int:
    steps = zip(path.split("/"), other.split("/"), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], steps)))


def read(
    spec: Spec, profile: Profile = "documented", settings: Mapping[str, Any] | None = None
) -> Reading:
    """Compile `spec` for one profile.

    Raises:
        SpecError: a setting is unknown, or its value is not one that it takes.
    """
    chosen = _chosen(spec, settings or {})
    written = words(spec.source).get("settings", {})  # as written: patches may hold references
    patches = [
        written.get(name, {}).get("when", {}).get(str(value).lower())
        for name, value in chosen.items()
    ]
    document = _patched(spec, [patch for patch in patches if patch])
    if profile == "lenient":
        document = lenient(document)
    if patches or profile == "lenient":
        _refuse(spec, profile, document)
    operations = tuple(operations_in(document, nowhere(spec.id)))
    names = {way.name.lower() for each in operations for way in each.key_ways}
    names |= set(_secrets_of_callbacks(operations))
    names |= {name.rpartition(".")[2] for name in names}  # members are blanked by their own
    return Reading(spec, profile, chosen, document, operations, frozenset(names))


def _secrets_of_callbacks(operations: Sequence[Operation]) -> Iterator[str]:
    """Names of members and parameters that hold secrets with which callbacks are signed."""
    for operation in operations:
        for callback in operation.callbacks:
            if callback.signing and callback.signing.secret:
                yield RuntimeExpression.parse(callback.signing.secret).steps[-1].lower()
        contents = (
            one for each in operation.answers.values() for one in each.get("content", {}).values()
        )
        for content in contents if "webhook-secret" in operation.roles else ():
            for path, node in nodes(content["schema"]):
                if words(node).get("role") == "webhook-secret":
                    yield path[-1].lower()


def _refuse(spec: Spec, profile: Profile, document: Node) -> None:
    """Refuse what patches made of a spec that was sound.

    Raises:
        SpecError: it is no more.
    """
    found = list(of_source(document)) or list(of_document(document))
    at = f"{spec.path}: {profile} profile, patched with its settings, "
    if found:
        raise SpecError("\n".join(at + each.sentence for each in found), found)


def _patched(spec: Spec, patches: Sequence[Node]) -> Node:
    if not patches:
        return spec.document
    source = spec.source
    for patch in patches:
        source = merged(source, patch)
    return cast("Node", resolved(source, source))


def _chosen(spec: Spec, settings: Mapping[str, Any]) -> dict[str, Any]:
    for name in settings.keys() - spec.settings.keys():
        known = ", ".join(spec.settings) or "none"
        raise SpecError(f"{spec.id} has no setting {name!r}; it has: {known}")
    chosen = {}
    for name, schema in spec.settings.items():
        value = settings.get(name, schema["default"])
        taken = coerced(value, schema) if isinstance(value, str) else value
        breaches = Validator(schema).breaches(taken)
        if breaches:
            raise SpecError(f"{spec.id}, setting {name}: {breaches[0].message}")
        chosen[name] = taken
    return chosen


def lenient(node: Any) -> Any:
    """Return `node` with every `x-testcard.lenient` patch in it applied."""
    if isinstance(node, list):
        return [lenient(item) for item in node]
    if not isinstance(node, Mapping):
        return node
    own = node.get("x-testcard")
    if isinstance(own, Mapping) and "lenient" in own:
        patch = own["lenient"]
        rest = {key: value for key, value in own.items() if key != "lenient"}
        node = merged({**node, "x-testcard": rest}, patch)
    return {key: lenient(value) for key, value in node.items()}
