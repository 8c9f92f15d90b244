"""Pictures with what was asked for, and jobs with their lives, out of what was seen.

Knows how orders, questions after jobs and downloads belong together. Must not judge
them, or know who answered.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from testcard.common.schema import nodes, types
from testcard.common.spec import words
from testcard.common.states import ASKING, AT_WORK, Phase
from testcard.contract.payload import Picture
from testcard.contract.trace import ReadExchange

_OF_A_LOOK = (
    "prompt",
    "negative-prompt",
    "steps",
    "guidance",
    "scheduler",
    "style",
    "output-format",
    "output-quality",
)


@dataclass(frozen=True, eq=False)
class Painting:
    """The answer to one successful request for pictures.

    Attributes:
        order: the call that asked for them.
        pictures: in the order given.
        subject: indices of the exchanges that it was read from.
        wanted: how many there should be; None where the answer cannot hold them all.
    """

    order: ReadExchange
    pictures: tuple[Picture, ...]
    subject: tuple[int, ...]
    wanted: int | None

    @property
    def first(self) -> Picture | None:
        """The first picture, where it decodes."""
        return self.pictures[0] if self.pictures and self.pictures[0].pixels else None


@dataclass(eq=False)
class JobLife:
    """One job, as far as it was seen.

    Attributes:
        order: the call that began it.
        answers: the order's own answer and those to questions after it, in order.
        downloads: URL -> answers of its pictures.
    """

    order: ReadExchange
    answers: list[ReadExchange] = field(default_factory=list)
    downloads: dict[str, list[ReadExchange]] = field(default_factory=dict)

    @property
    def polls(self) -> list[ReadExchange]:
        """The questions after it."""
        return [each for each in self.answers if each.does == "job-status"]

    @property
    def states(self) -> list[str]:
        """The states told, in order, in the vendor's words."""
        return [each.job_state for each in self.answers if each.job_state]

    @property
    def phases(self) -> list[Phase]:
        """The same by what they mean; those of words that the page does not have are left out."""
        return [each.phase for each in self.answers if each.phase]

    @property
    def ended(self) -> bool:
        """Whether any answer told of its end."""
        return any(each not in AT_WORK for each in self.phases)

    @property
    def canceled(self) -> bool:
        """Whether it was canceled, and that was not refused."""
        return any(each.does == "job-cancel" and each.succeeded for each in self.answers)

    @property
    def success(self) -> ReadExchange | None:
        """The first answer that told of success; of several, one that has pictures."""
        told = [each for each in self.answers if each.phase == "succeeded"]
        return next((each for each in told if each.urls or each.pictures), next(iter(told), None))


def jobs(seen: Iterable[ReadExchange]) -> tuple[JobLife, ...]:
    """Return every job whose beginning was seen, in the order begun."""
    lives: dict[str, JobLife] = {}
    listed: dict[str, JobLife] = {}
    for each in seen:
        if each.does == "job" and each.succeeded and each.job_id:
            lives.setdefault(each.job_id, JobLife(each)).answers.append(each)
        elif each.does in ASKING and each.job_id in lives and each.key == "good":
            lives[each.job_id].answers.append(each)
        if each.job_id in lives:
            listed |= {url: lives[each.job_id] for url in each.urls if url not in listed}
        if each.linked is not None and each.call.url in listed:
            listed[each.call.url].downloads.setdefault(each.call.url, []).append(each)
    return tuple(lives.values())


def paintings(seen: tuple[ReadExchange, ...]) -> tuple[Painting, ...]:
    """Return every painting: of synchronous calls, and of jobs whose pictures were fetched."""
    fetched: dict[str, ReadExchange] = {}
    for each in seen:
        if each.linked is not None:
            fetched.setdefault(each.call.url, each)
    made = [each for each in seen if each.does == "pictures" and each.succeeded]
    found = [one for each in made if (one := _of_call(each, fetched)) is not None]
    found += [one for life in jobs(seen) if (one := _of_job(life)) is not None]
    return tuple(sorted(found, key=lambda each: each.order.index))


def _of_call(seen: ReadExchange, fetched: Mapping[str, ReadExchange]) -> Painting | None:
    listed = isinstance(seen.said.get("picture"), list)
    several = listed or seen.asked.samples == 1 or may_list(seen)
    wanted = seen.asked.samples if several else None
    if seen.pictures or not seen.urls:
        return Painting(seen, seen.pictures, (seen.index,), wanted)
    found = [fetched[url] for url in seen.urls if url in fetched]
    pictures = tuple(picture for each in found for picture in each.pictures)
    subject = (seen.index, *(each.index for each in found))
    return Painting(seen, pictures, subject, wanted) if found else None


def may_list(seen: ReadExchange) -> bool:
    """Whether the reply's schema has room for several pictures."""
    for _, node in nodes(seen.schema or {}):
        own = words(node)
        role = own.get("role") or words(node.get("items", {})).get("role")
        if own.get("each") == "pictures" or role == "picture-urls":
            return True
        if role in ("picture", "picture-url") and "array" in types(node):
            return True
    return False


def _of_job(life: JobLife) -> Painting | None:
    told = life.success
    if told is not None and told.pictures:
        return Painting(life.order, told.pictures, (life.order.index, told.index),
                        life.order.asked.samples if may_list(told) else None)  # fmt: skip
    fetched = [
        life.downloads[url][0] for url in (told.urls if told else ()) if url in life.downloads
    ]
    if told is None or not fetched:
        return None
    pictures = tuple(picture for each in fetched for picture in each.pictures)
    subject = (life.order.index, *dict.fromkeys(each.index for each in fetched))
    return Painting(life.order, pictures, subject, life.order.asked.samples)


def asked_key(seen: ReadExchange, *without: str) -> Hashable:
    """Return all that a call asks for which changes a picture, less some roles.

    Two calls with equal looks and the same seed ask for the same first picture. Roles:
    prompt, negative-prompt, steps, guidance, scheduler, style, init-image, mask-image, size,
    strength, seed, option.
    """
    asked = seen.asked.by_role
    parts: dict[str, Hashable] = {
        role: _plain(asked.get(role)) for role in _OF_A_LOOK if role not in without
    }
    for role in ("init-image", "mask-image"):
        value = seen.sent(role)
        parts[role] = seen.files.content(value) or _plain(value)
    parts |= {"size": seen.size, "strength": seen.asked.strength, "seed": seen.asked.seed}
    if seen.asked.weights:
        parts["prompt weighed"] = tuple(text for text, _ in seen.asked.weights)
        parts["prompt-weight"] = tuple(weight for _, weight in seen.asked.weights)
    parts |= {f"option {name}": _plain(value) for name, value in seen.asked.options.items()}
    kept = {name: value for name, value in parts.items() if name.partition(" ")[0] not in without}
    name = seen.operation.id if seen.operation else ""
    return (name, tuple(sorted(kept.items(), key=lambda part: part[0])))


def _plain(value: object) -> Hashable:
    if isinstance(value, str):
        return value or None
    return value if isinstance(value, int | float) else None
