"""What operations do: a table of verbs, by the spec's word `does`.

Must not know HTTP, or any one provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from testcard.common.message import Reply
from testcard.mock.errand import Errand
from testcard.mock.services import Step
from testcard.mock.verb_files import file
from testcard.mock.verb_info import account, info
from testcard.mock.verb_jobs import job_cancel, job_list, job_result, job_status
from testcard.mock.verb_pictures import job, pictures

Verb = Callable[[Errand], "Reply | Step"]
"""Carries out a call: its answer, or what is to be done where it holds nobody up."""

VERBS: Final[Mapping[str, Verb]] = {
    "pictures": pictures,
    "job": job,
    "job-status": job_status,
    "account": account,
    "job-result": job_result,
    "job-cancel": job_cancel,
    "job-list": job_list,
    "info": info,
    "file": file,
}
