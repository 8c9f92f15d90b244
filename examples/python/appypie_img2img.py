"""Repaint a picture with Appy Pie: python appypie_img2img.py INPUT_URL OUTPUT.

The key: APPYPIE_SUBSCRIPTION_KEY.
"""

import base64
import os
import sys
from pathlib import Path

import httpx

source, target = sys.argv[1], Path(sys.argv[2])
answer = httpx.post(
    "https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage",
    headers={"Ocp-Apim-Subscription-Key": os.environ["APPYPIE_SUBSCRIPTION_KEY"]},
    json={"prompt": "A harbour at dusk, oil on canvas", "inputImage": source, "size": "512x512"},
    timeout=120,
)
said = answer.json()
if answer.status_code != 200:
    sys.exit(f"Appy Pie said {said['code']}: {said['message']} (trace {said['traceId']})")
target.write_bytes(base64.b64decode(said["image_data"]))
print(f"{target}: {said['content-length']} bytes of {said['content-type']}")
