"""The operations of drawn specs that are about jobs: their words, their ids, their answers."""

from __future__ import annotations

from hypothesis import strategies as st
from tests.spec_answers import CODED, IMAGES, URI, answer, in_json, whole
from tests.spec_fields import JSON, SAID, Drawn, Node, parameter, said

STATES: Drawn = st.sampled_from(
    [
        {},
        {"IN_QUEUE": "queued", "IN_PROGRESS": "running", "COMPLETED": "succeeded",
         "FAILED": "failed"},
        {"starting": "queued", "processing": "running", "succeeded": "succeeded",
         "failed": "failed", "canceled": "canceled", "aborted": "canceled"},
        {"Pending": "running", "Ready": "succeeded", "Error": "failed",
         "Request Moderated": "moderated", "Content Moderated": "moderated",
         "Task not found": "expired"},
        {"waiting": "queued", "done": "succeeded", "lost": "failed"},
    ]
)  # fmt: skip
PLAIN = ("PENDING", "SUCCESS", "FAILURE")
ID = said({"type": "string"}, "job-id")
PROGRESS: Node = {
    "progress": said({"type": ["number", "null"]}, "progress"),
    "percent": said({"type": "number", "minimum": 0, "maximum": 100}, "progress", scale=100),
    "position": said({"type": "integer", "minimum": 0}, "queue-position"),
    "logs": said({"type": "string"}, "logs"),
    "lines": said({"type": "array", "items": {"type": "object", "required": ["message"],
                   "properties": {"message": said({"type": "string"}, "log-line")}}}, each="logs"),
}  # fmt: skip
BYTES = {IMAGES[1]: {"schema": said({"type": "string", "format": "binary"})}}
IN_BASE64 = in_json(whole({"image": said(CODED, "picture")}))
RESULTS: Drawn = st.sampled_from(
    [
        {"output": said({"type": ["array", "null"], "items": URI}, "picture-urls")},
        {"output": said({"type": "array", "items": URI}, "picture-urls")},
        {"sample": said({**URI, "type": ["string", "null"]}, "picture-url")},
        {"result": said({"oneOf": [whole({"sample": said(URI, "picture-url")}),
                                   {"type": "null"}]})},
        {"images": said({"type": "array", "items": {"type": "object", "required": ["url"],
                         "properties": {"url": said(URI, "picture-url")}}}, each="pictures")},
        {"image": said({**CODED, "type": ["string", "null"]}, "picture")},
    ]
)  # fmt: skip


@st.composite
def asking(draw: st.DrawFn, where: str, does: str, response: Node) -> tuple[str, str, Node]:
    """One operation about one job: its path, its method, itself.

    Args:
        draw: hypothesis's own.
        where: the id stands: path, query, body, or last, which is a path without a role.
        does: the verb.
        response: answers by status.
    """
    word = does.removeprefix("job-")
    node: Node = {"operationId": word, "summary": word, "x-testcard": {"does": does, **SAID},
                  "responses": response}  # fmt: skip
    path, method = f"/jobs/{word}", draw(st.sampled_from(["get", "post"]))
    if does == "job-cancel":
        method = draw(st.sampled_from(["put", "post", "delete"]))
    if where in ("path", "last"):
        path = f"/jobs/{{job}}/{word}"
        node["parameters"] = [
            parameter("job", "path", ID if where == "path" else {"type": "string"})
        ]
    elif where == "query":
        node["parameters"] = [parameter("id", "query", ID)]
    else:
        method = "post"
        schema = said({"type": "object", "required": ["id"], "properties": {"id": ID}})
        node["requestBody"] = {"required": True, "x-testcard": SAID,
                               "content": {JSON: {"schema": schema}}}  # fmt: skip
    return path, method, node


@st.composite
def families(draw: st.DrawFn, refused: Node) -> tuple[Node, Node, list[tuple[str, str, Node]]]:
    """The words of states, what the order is answered with, and the operations about jobs."""
    states = draw(STATES)
    state = said({"type": "string", "enum": [*(states or PLAIN)]}, "job-state")
    links = draw(st.booleans())
    verbs = ["job-status", *draw(st.lists(st.sampled_from(["job-result", "job-cancel"]),
                                          unique=True))]  # fmt: skip
    urls = {"poll": said(URI, "job-url")}
    urls |= {"get": said(URI, "result-url")} if "job-result" in verbs else {}
    urls |= {"stop": said(URI, "cancel-url")} if "job-cancel" in verbs else {}
    standing = {"id": ID, "status": state} | (urls if links else {})
    began = answer(in_json(whole(standing if draw(st.booleans()) else {"id": ID} | urls)))
    where = draw(st.sampled_from(["path", "query", "body", "last"]))
    extra = draw(st.lists(st.sampled_from(sorted(PROGRESS)), unique=True, max_size=2))
    told = standing | {name: PROGRESS[name] for name in extra}
    result, operations = draw(RESULTS), []
    there = told if "job-result" in verbs else told | result
    optional = sorted(standing) if draw(st.booleans()) else None
    shown = answer(in_json(whole(there, optional)))
    answers: Node = {"200": shown, "default": refused}
    if draw(st.booleans()):
        early = answer(in_json(whole(told)), when=["queued", "running"])
        answers = {"202": early, **answers}
    got = draw(st.sampled_from([in_json(whole(result))] * 3 + [BYTES, BYTES | IN_BASE64]))
    answers_of = {
        "job-status": answers,
        "job-result": {"200": answer(got), "default": refused},
        "job-cancel": {draw(st.sampled_from(["200", "202"])): answer(in_json(whole(standing))),
                       "default": refused},
    }  # fmt: skip
    operations = [draw(asking(where, each, answers_of[each])) for each in verbs]
    if draw(st.booleans()):
        operations.append(("/jobs", "get", listing(standing, refused)))
    return states, began, operations


def listing(standing: Node, refused: Node) -> Node:
    """Return the operation that lists an account's jobs."""
    items = {"type": "object", "required": sorted(standing), "properties": standing}
    jobs = said({"type": "array", "items": items}, each="jobs")
    most = said({"type": "integer", "minimum": 1, "maximum": 9, "default": 2}, "page-size")
    return {
        "operationId": "list",
        "summary": "All of them",
        "x-testcard": {"does": "job-list", **SAID},
        "parameters": [parameter("limit", "query", most, required=False),
                       parameter("after", "query", said({"type": "string"}, "cursor"),
                                 required=False)],
        "responses": {"200": answer(in_json(whole({"jobs": jobs}))), "default": refused},
    }  # fmt: skip
