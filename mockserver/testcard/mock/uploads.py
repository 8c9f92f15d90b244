"""The pictures of a call: taken once as they came, decoded where that is needed, kept for a job.

Knows fields that carry pictures. Must not know how pictures are encoded, who answers, or money.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from testcard.common.body import FilePart
from testcard.common.flaw import sentence
from testcard.common.job import PictureJob
from testcard.common.picture import PictureError, Pixels
from testcard.common.reading import Operation
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.inputs import Inputs, PictureSent
from testcard.mock.world import Order, Upload

Sent = Mapping[str, PictureSent]
"""Role (init-image, mask-image) -> the picture sent."""


def taken(visit: Visit, operation: Operation, inputs: Inputs) -> Sent:
    """Return the pictures of a call, none of them decoded yet.

    Raises:
        Trouble: invalid: one of them is not sent in a way that the operation takes.
    """
    sent = {}
    for name, upload in _uploads(visit, operation):
        try:
            sent[upload.role] = inputs.take(upload.value, upload.encodings)
        except PictureError as error:
            raise _no_picture(name, error) from error
    return sent


def held(sent: Sent, inputs: Inputs) -> dict[str, Pixels] | None:
    """Return role -> pixels of pictures sent before; None where one is new."""
    pictures = {role: inputs.held(each) for role, each in sent.items()}
    known = {role: pixels for role, pixels in pictures.items() if pixels is not None}
    return known if len(known) == len(pictures) else None


def decoded(visit: Visit, operation: Operation, sent: Sent, inputs: Inputs) -> dict[str, Pixels]:
    """Return role -> pixels.

    Raises:
        Trouble: invalid: one of them is no picture.
    """
    pictures = {}
    for name, upload in _uploads(visit, operation):
        try:
            pictures[upload.role] = inputs.pixels(sent[upload.role])
        except PictureError as error:
            raise _no_picture(name, error) from error
    return pictures


def order_of(visit: Visit, operation: Operation, job: PictureJob) -> Order:
    """Return what `job` is to paint in a form that can be kept: the pictures as they came."""
    uploads = tuple([upload for _, upload in _uploads(visit, operation)])
    return Order(job.without_pictures(), uploads)


def sent_for(order: Order, inputs: Inputs) -> Sent:
    """Return the pictures that an order was made with."""
    return {each.role: inputs.take(each.value, each.encodings) for each in order.uploads}


def job_of(order: Order, pictures: Mapping[str, Pixels]) -> PictureJob:
    """Return the job that an order was made of."""
    return replace(order.work, init=pictures.get("init-image"), mask=pictures.get("mask-image"))


def _uploads(visit: Visit, operation: Operation) -> Iterator[tuple[str, Upload]]:
    for field in operation.body.pictures if operation.body else ():
        value = visit.fields.get(field.name)
        if value is not None:
            data = value.data if isinstance(value, FilePart) else value
            yield field.name, Upload(field.role, data, field.encodings)


def _no_picture(name: str, error: PictureError) -> Trouble:
    breach = Breach((name,), "picture", str(error))
    return Trouble("invalid", sentence([breach]), [breach])
