"""Train the reference models, in pieces: `python -m train.run text vae unet decoder`.

Takes up where it was stopped (SIGTERM and Ctrl-C save first). Knows the order of the courses.
Must not know how any of them is trained.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import torch

from train import fit_text, fit_unet, fit_vae
from train.scenes import Bank

BANK_SEED = 0
COURSES = {"text": 500, "vae": 3000, "unet": 25000, "decoder": 5000}


def main() -> int:
    """Train what the command line names; 0 where it came to its end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("courses", nargs="+", choices=COURSES)
    parser.add_argument("--folder", type=Path, default=Path("checkpoints"))
    parser.add_argument("--poses", type=int, default=2000, help="drawings of each kind")
    parser.add_argument("--threads", type=int, default=1)
    for name, steps in COURSES.items():
        parser.add_argument(f"--{name}-steps", type=int, default=steps)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    logging.getLogger("diffusers").setLevel(logging.ERROR)
    trainers = {
        "text": fit_text.train,
        "vae": fit_vae.train,
        "unet": fit_unet.train,
        "decoder": fit_vae.train_decoder,
    }
    bank = Bank.make(told.poses, BANK_SEED)
    for name in told.courses:
        if not trainers[name](told.folder, getattr(told, f"{name}_steps"), bank):
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
