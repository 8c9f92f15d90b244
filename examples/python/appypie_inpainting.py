"""Fill part of a picture with Appy Pie: python appypie_inpainting.py INPUT_URL MASK_URL OUTPUT.

The key: APPYPIE_SUBSCRIPTION_KEY.
"""

import base64
import os
import sys
from pathlib import Path

import httpx

source, mask, target = sys.argv[1], sys.argv[2], Path(sys.argv[3])
answer = httpx.post(
    "https://gateway.appypie.com/inpainting/v1/getImage",
    headers={"Ocp-Apim-Subscription-Key": os.environ["APPYPIE_SUBSCRIPTION_KEY"]},
    json={
        "prompt": "A sailing ship",
        "init_image": source,
        "mask_image": mask,
        "size": "512x512",
    },
    timeout=120,
)
said = answer.json()
if answer.status_code != 200:
    sys.exit(f"Appy Pie said {said['code']}: {said['message']} (trace {said['traceId']})")
target.write_bytes(base64.b64decode(said["image_data"]))
print(f"{target}: {said['content-length']} bytes of {said['content-type']}")
