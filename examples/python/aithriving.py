"""Repaint a picture with AI Thriving: python aithriving.py INPUT OUTPUT.

The key: AITHRIVING_API_KEY.
"""

import base64
import os
import sys
from pathlib import Path

import httpx

source, target = map(Path, sys.argv[1:3])
answer = httpx.post(
    "https://www.aithriving.com/api/generate/basic/imageToImage",
    headers={"Authentication": os.environ["AITHRIVING_API_KEY"]},
    data={
        "prompt": "A harbour at dusk, oil on canvas",
        "width": "512",
        "height": "512",
        "image_strength": "0.35",
        "steps": "20",
        "seed": "7",
    },
    files={"init_image": (source.name, source.read_bytes(), "image/png")},
    timeout=120,
)
said = answer.json()
if said["code"] != 0:  # failures may come with status 200: only the code tells
    sys.exit(f"AI Thriving said: {said['message']}")
target.write_bytes(base64.b64decode(said["data"]["image"]))
print(f"{target}: seed {said['data']['seed']}")
