"""Repaint a picture with Segmind: python segmind.py INPUT OUTPUT. The key: SEGMIND_API_KEY."""

import base64
import os
import sys
from pathlib import Path

import httpx

source, target = map(Path, sys.argv[1:3])
answer = httpx.post(
    "https://api.segmind.com/v1/sd1.5-img2img",
    headers={"x-api-key": os.environ["SEGMIND_API_KEY"]},
    json={
        "image": base64.b64encode(source.read_bytes()).decode(),
        "prompt": "A harbour at dusk, oil on canvas",
        "num_inference_steps": 25,
        "strength": 0.6,
        "seed": 7,
        "img_width": 512,
        "img_height": 512,
        "base64": False,
    },
    timeout=120,
)
if answer.status_code != 200:
    sys.exit(f"Segmind said {answer.status_code}: {answer.json()['error']}")
target.write_bytes(answer.content)
print(
    f"{target}: {len(answer.content)} bytes, {answer.headers['x-remaining-credits']} credits left"
)
