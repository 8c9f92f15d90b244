"""The reference implementation: real pictures from stock diffusers pipelines, offline.

Imports torch and diffusers; nothing outside this package may import it except by the entry
point `reference` of the group `testcard.engines`.
"""

from diffusers.utils import logging as _diffusers
from transformers.utils import logging as _transformers

for _logging in (_diffusers, _transformers):  # before the pipelines are imported, which chat
    _logging.set_verbosity_error()
    _logging.disable_progress_bar()
