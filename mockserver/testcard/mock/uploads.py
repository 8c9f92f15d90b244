"""The pictures of a call: taken once as they came, decoded where that is needed, kept for a job.

Knows fields that carry pictures. Must not know how pictures are encoded, who answers, or money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from testcard.common.body import FilePart
from testcard.common.fields import Body
from testcard.common.flaw import sentence
from testcard.common.job import PictureJob
from testcard.common.operation import Operation
from testcard.common.picture import PictureError, Pixels
from testcard.common.schema import Breach
from testcard.common.trouble import Trouble
from testcard.mock.dialect import Visit
from testcard.mock.inputs import Inputs, PictureSent
from testcard.mock.world import Order, Upload

Sent = Mapping[str, PictureSent]
"""Role (init-image, mask-image) -> the picture sent."""

Uploads = Mapping[str, Upload]
"""Field -> the picture in it, as it came."""


def uploads_of(visit: Visit, body: Body) -> Uploads:
    """Return the pictures of a call as they came."""
    found = {}
    for field in body.pictures:
        value = visit.fields.get(field.name)
        if value is not None:
            data = value.data if isinstance(value, FilePart) else value
            found[field.name] = Upload(field.role, data, field.encodings)
    return found


def taken(uploads: Uploads, inputs: Inputs) -> Sent:
    """Return the pictures of a call, none of them decoded yet.

    Raises:
        Trouble: invalid: one of them is not sent in a way that the operation takes.
    """
    sent = {}
    for name, upload in uploads.items():
        try:
            sent[upload.role] = inputs.take(upload.value, upload.encodings)
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
    pictures = {}
    for name, upload in uploads.items():
        try:
            pictures[upload.role] = inputs.pixels(sent[upload.role])
        except PictureError as error:
            raise _no_picture(name, error) from error
    return pictures


def order_of(uploads: Uploads, job: PictureJob) -> Order:
    """Return what `job` is to paint in a form that can be kept: the pictures as they came."""
    return Order(job.without_pictures(), tuple(uploads.values()))


def sent_for(order: Order, inputs: Inputs) -> Sent:
    """Return the pictures that an order was made with."""
    return {each.role: inputs.take(each.value, each.encodings) for each in order.uploads}


def job_of(order: Order, pictures: Mapping[str, Pixels]) -> PictureJob:
    """Return the job that an order was made of."""
    return replace(order.work, init=pictures.get("init-image"), mask=pictures.get("mask-image"))


def _no_picture(name: str, error: PictureError) -> Trouble:
    breach = Breach((name,), "picture", str(error))
    return Trouble("invalid", sentence([breach]), [breach])
