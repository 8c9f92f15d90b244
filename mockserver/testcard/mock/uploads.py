"""The pictures of a call: taken once as they came, decoded where that is needed, kept for a job.

Knows fields that carry pictures. Must not know how pictures are encoded, who answers, or money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from testcard.common.body import FilePart
from testcard.common.fields import Body
from testcard.common.job import PictureJob
from testcard.common.masking import masking_of
from testcard.common.message import Reply
from testcard.common.picture import PictureError, Pixels
from testcard.common.place import items_of
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.inputs import Inputs, PictureSent
from testcard.mock.services import Step
from testcard.mock.veil import Veil
from testcard.mock.world import Order, Upload

Sent = Mapping[str, PictureSent]
"""Role (init-image, mask-image) -> the picture sent; of several, the others by their places."""

Uploads = Mapping[str, Upload]
"""Field, and its place in a list -> the picture in it, as it came."""

Then = Callable[[Mapping[str, Pixels]], "Reply | Step"]
"""Goes on, with the pictures sent by role."""


def uploads_of(visit: Visit, body: Body) -> Uploads:
    """Return the pictures of a call as they came."""
    found = {}
    inverted = _inverted(visit, body)
    for field in body.pictures:
        masking = masking_of(field, inverted)
        value = visit.fields.get(field.name)
        for indices, one in items_of(value) if value is not None else ():
            data = one.data if isinstance(one, FilePart) else one
            name = field.place.named(*indices) if indices else field.name
            found[name] = Upload(field.role, data, field.encodings, masking)
    return found


def _inverted(visit: Visit, body: Body) -> Any:
    return visit.said("mask-invert") if "mask-invert" in body.by_role else False


def masked(pictures: Mapping[str, Pixels], uploads: Iterable[Upload]) -> Mapping[str, Pixels]:
    """Return role -> pixels with the mask as testcard has it: white where it is repainted.

    Where no mask was sent, the input's own alpha is one, if its field says so.
    """
    how = {each.role: each.masking for each in reversed([*uploads])}
    if (mask := pictures.get("mask-image")) is not None:
        return {**pictures, "mask-image": how["mask-image"].turned(mask)}
    init = pictures.get("init-image")
    if init is None or init.alpha is None or how["init-image"].polarity != "alpha":
        return pictures
    return {**pictures, "mask-image": how["init-image"].turned(init)}


def taken(uploads: Uploads, inputs: Inputs) -> Sent:
    """Return the pictures of a call, none of them decoded yet.

    Raises:
        Trouble: invalid: one of them is not sent in a way that the operation takes.
    """
    sent: dict[str, PictureSent] = {}
    for name, upload in uploads.items():
        try:
            sent[upload.role if upload.role not in sent else name] = inputs.take(
                upload.value, upload.encodings
            )
        except PictureError as error:
            raise _no_picture(name, error) from error
    return sent


def held(sent: Sent, inputs: Inputs) -> dict[str, Pixels] | None:
    """Return role -> pixels of pictures sent before; None where one is new."""
    known = {}
    for role, each in sent.items():
        pixels = inputs.held(each)
        if pixels is None:
            return None
        known[role] = pixels
    return known


def decoded(uploads: Uploads, sent: Sent, inputs: Inputs) -> dict[str, Pixels]:
    """Return role -> pixels.

    Raises:
        Trouble: invalid: one of them is no picture.
    """
    pictures: dict[str, Pixels] = {}
    for name, upload in uploads.items():
        key = upload.role if upload.role not in pictures else name
        try:
            pictures[key] = inputs.pixels(sent[key])
        except PictureError as error:
            raise _no_picture(name, error) from error
    return pictures


def decoded_then(uploads: Uploads, sent: Sent, inputs: Inputs, then: Then) -> Reply | Step:
    """Go on with the pictures of a call: at once where they are known, else as work."""
    known = held(sent, inputs)
    if known is None:
        return lambda: then(decoded(uploads, sent, inputs))
    return then(known)


def order_of(uploads: Uploads, job: PictureJob, veil: Veil | None = None, wait: float = 0) -> Order:
    """Return what `job` is to paint in a form that can be kept: the pictures as they came."""
    return Order(job.without_pictures(), tuple(uploads.values()), veil, wait)


def sent_for(order: Order, inputs: Inputs) -> Sent:
    """Return the pictures that an order was made with."""
    first: dict[str, Upload] = {}
    for each in order.uploads:
        first.setdefault(each.role, each)
    return {role: inputs.take(each.value, each.encodings) for role, each in first.items()}


def job_of(order: Order, pictures: Mapping[str, Pixels]) -> PictureJob:
    """Return the job that an order was made of."""
    found = masked(pictures, order.uploads)
    return replace(order.work, init=found.get("init-image"), mask=found.get("mask-image"))


def _no_picture(name: str, error: PictureError) -> Trouble:
    breach = Breach((name,), "picture", str(error))
    return Trouble("invalid", f"{name}: {error}", [breach])
