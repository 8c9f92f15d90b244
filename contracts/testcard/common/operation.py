"""One documented call: its method and path, its key, what it takes and how it is answered.

Knows OpenAPI and `x-testcard`. Must not know profiles, the mock, or any one provider.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from testcard.common.callbacks import Callback, callbacks_of
from testcard.common.document import Evidence, Node, calls_in, evidence, words
from testcard.common.event_stream import EVENT_STREAM
from testcard.common.fields import Body, bodies_of
from testcard.common.keyways import KeyWay, key_ways, security_of
from testcard.common.schema import nodes
from testcard.common.servers import Server, server_nodes, servers_of

AT_WORK: Final = frozenset({"queued", "running"})
"""The states of a job that has not ended."""

_SEEDS: Final = ("seed", "picture-seed")
_OK: Final = 200
_ACCEPTED: Final = 202
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True)
class Operation:
    """One documented call, in one reading.

    Attributes:
        id: operationId.
        method: in capitals.
        template: its path as `paths` has it.
        servers: where it stands; the first is where a URL of it is written.
        does: what a call brings about.
        node: OpenAPI's.
        aliases: further paths, which the lenient profile takes, as `paths` would have them.
        wide: parameters of the path that may hold slashes.
        param_names: of the path.
        bodies: what a call may say, by media type.
        key_ways: how a key may be sent.
        key_optional: whether none needs to be.
        key_evidence: where that stands.
    """

    id: str
    method: str
    template: str
    servers: tuple[Server, ...]
    does: str
    node: Node
    aliases: tuple[str, ...]
    wide: frozenset[str]
    param_names: tuple[str, ...]
    bodies: tuple[Body, ...]
    key_ways: tuple[KeyWay, ...]
    key_optional: bool
    key_evidence: Evidence

    @cached_property
    def largest_seed(self) -> int | None:
        """The largest seed that its calls and successes have a place for; None for no bound."""
        contents = [each.get("content", {}) for each in self.answers.values()]
        schemas = [each["schema"] for content in contents for each in content.values()]
        every = [node for each in schemas for _, node in nodes(each)]
        told = [node for node in every if words(node).get("role") in _SEEDS]
        asked = [each.schema for body in self.bodies for each in body.telling]
        told += [node for node in asked if words(node).get("role") == "seed"]
        bounds = [int(node["maximum"]) for node in told if "maximum" in node]
        return min(bounds, default=None)

    @cached_property
    def path(self) -> str:
        """Its documented path: what its server has ahead of all, and its own."""
        return self.servers[0].base + self.template

    @property
    def url(self) -> str:
        """Where it is called, placeholders and all: at the first of its servers."""
        return self.servers[0].origin + self.path

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What matches its documented paths, at whichever of its servers."""
        return self.patterns_at(self.servers, aliases=False)[0]

    def is_template_of(self, path: str) -> bool:
        """Whether a path is its own, but for what its servers have ahead of all."""
        return re.fullmatch(_shape(self.template, self.wide), path) is not None

    @cached_property
    def alias_patterns(self) -> tuple[re.Pattern[str], ...]:
        """What matches the paths that only the lenient profile takes."""
        return self.patterns_at(self.servers, aliases=True)[1:]

    def patterns_at(
        self, servers: Sequence[Server], *, aliases: bool
    ) -> tuple[re.Pattern[str], ...]:
        """Return what matches its paths at these servers, a group for each placeholder."""
        bases = "|".join(dict.fromkeys(each.bases for each in servers))
        if (bases, aliases) not in self._patterns:  # regions differ in hosts, seldom in paths
            paths = (self.template, *(self.aliases if aliases else ()))
            shapes = (f"(?:{bases}){_shape(each, self.wide)}" for each in paths)
            self._patterns[bases, aliases] = tuple(map(re.compile, shapes))
        return self._patterns[bases, aliases]

    @cached_property
    def _patterns(self) -> dict[tuple[str, bool], tuple[re.Pattern[str], ...]]:
        return {}

    @cached_property
    def key_headers(self) -> tuple[str, ...]:
        """Names of the headers in which the page has the key."""
        documented = [each for each in self.key_ways if not each.alias]
        return tuple(each.name for each in documented if each.location == "header")

    @cached_property
    def key_aliases(self) -> tuple[str, ...]:
        """Further names under which the lenient profile takes it."""
        return tuple(each.name for each in self.key_ways if each.alias)

    @cached_property
    def key_in_body(self) -> bool:
        """Whether a key may stand in the body."""
        return any(each.location == "body" for each in self.key_ways)

    @property
    def evidence(self) -> Evidence:
        """Where the route itself stands."""
        return evidence(self.node)

    @property
    def takes(self) -> Body:
        """What a call may say: in parameters, and in a body of the media type listed first."""
        return self.bodies[0]

    @cached_property
    def body(self) -> Body | None:
        """The same, where there is a body; None where there is none."""
        return self.takes if self.takes.media_type else None

    def body_for(self, media_type: str | None) -> Body:
        """Return what a call of this media type may say; of one that is not listed, the first's."""
        return next((each for each in self.bodies if each.media_type == media_type), self.takes)

    @property
    def answers(self) -> Mapping[str, Node]:
        """Status, `2XX` or `default` -> OpenAPI response object, references resolved."""
        answers: Mapping[str, Node] = self.node["responses"]
        return answers

    @cached_property
    def errs_amid(self) -> bool:
        """Whether a stream of events among its answers has one for an error amid it."""
        streams = (each.get("content", {}).get(EVENT_STREAM, {}) for each in self.answers.values())
        return any("error" in words(each).get("stream", {}) for each in streams)

    @cached_property
    def roles(self) -> frozenset[str]:
        """The roles that its answers have places for, in bodies and in headers."""
        return frozenset(role for each in self.answers.values() for role in roles_of(each))

    @cached_property
    def callbacks(self) -> tuple[Callback, ...]:
        """What is sent later about a call."""
        return callbacks_of(self.node)

    @cached_property
    def responses(self) -> Mapping[int, Node]:
        """Those of them that name one status, by it."""
        return {int(status): node for status, node in self.answers.items() if status.isdecimal()}

    def response(self, status: int) -> Node | None:
        """Return what is answered with a status; None where the operation does not list it."""
        return self.answers.get(self.answer_to(status))

    def answer_to(self, status: int) -> str:
        """Return under which word a status is answered: its own, its class's, or `default`."""
        known = (str(status), f"{status // 100}XX", "default")
        return next((each for each in known if each in self.answers), known[0])

    def tells(self, state: str) -> bool:
        """Whether an answer is listed for just this state of a job."""
        return any(state in words(each).get("when", ()) for each in self.responses.values())

    @cached_property
    def carries_pictures(self) -> bool:
        """Whether a success carries pictures: it is one, or JSON with a place for some."""
        won = [node for code, node in self.answers.items() if code[0] in "2d"]
        kinds = [kind for node in won for kind in node.get("content", {})]
        return any(kind.startswith("image/") for kind in kinds) or any(
            "picture" in roles_of(node) for node in won
        )

    @cached_property
    def _successes(self) -> dict[str | None, tuple[int, Node]]:
        return {}

    def success(self, state: str | None = None) -> tuple[int, Node]:
        """Return status and OpenAPI response of the answer where all went well.

        That is the first 2xx listed; for a job, the one that lists its state under `when`, or 202
        for one that is still at work. `2XX` and `default` stand for 200.

        Args:
            state: of the job that the answer tells of; None where it tells of none.

        Raises:
            KeyError: no answer is a success.
        """
        if state not in self._successes:
            self._successes[state] = self._success(state)
        return self._successes[state]

    def _success(self, state: str | None) -> tuple[int, Node]:
        listed = [(code, node) for code, node in self.responses.items() if 200 <= code < 300]
        named = [each for each in listed if state in words(each[1]).get("when", ())]
        if named:
            return named[0]
        open_ = [each for each in listed if not words(each[1]).get("when")] or listed
        if state is not None:
            open_.sort(key=lambda each: (each[0] == _ACCEPTED) != (state in AT_WORK))
        return open_[0] if open_ else (_OK, self.answers.get("2XX") or self.answers["default"])


def roles_of(response: Mapping[str, Any]) -> Iterator[str]:
    """Yield the roles that an OpenAPI response has places for."""
    parts = (*response.get("content", {}).values(), *response.get("headers", {}).values())
    for part in parts:
        yield from (
            words(node)["role"] for _, node in nodes(part["schema"]) if "role" in words(node)
        )


def operations_in(document: Node, home: str) -> Iterator[Operation]:
    """Yield the operations of an OpenAPI document, in its order.

    Args:
        document: references resolved.
        home: host of servers whose URL is a path alone.
    """
    for path, method, node in calls_in(document):
        servers = servers_of(server_nodes(document, path, method), home)
        yield _operation(document, path, method, node, servers)


def _operation(
    document: Node, path: str, method: str, node: Node, servers: tuple[Server, ...]
) -> Operation:
    parameters = (*document["paths"][path].get("parameters", ()), *node.get("parameters", ()))
    security, ways = security_of(document, node), key_ways(document, node)
    return Operation(
        id=node["operationId"],
        method=method.upper(),
        template=path,
        servers=servers,
        does=words(node)["does"],
        node=node,
        aliases=tuple(words(node).get("aliases", ())),
        wide=frozenset(each["name"] for each in parameters if words(each).get("slashes")),
        param_names=tuple(_PLACEHOLDER.findall(path)),
        bodies=bodies_of(node.get("requestBody"), parameters),
        key_ways=ways,
        key_optional={} in security or not security,
        key_evidence=ways[0].evidence if ways else evidence(node),
    )


def _shape(path: str, wide: Collection[str]) -> str:
    """Return a regular expression for a path, a group for each placeholder."""
    pieces = _PLACEHOLDER.split(path)
    literal, names = pieces[::2], pieces[1::2]
    holes = ["(.+)" if name in wide else "([^/]+)" for name in names] + [""]
    return "".join(re.escape(a) + b for a, b in zip(literal, holes, strict=True))
