"""Repaint a picture with ImagePipeline: python imagepipeline.py INPUT_URL OUTPUT.

The key: IMAGEPIPELINE_API_KEY. One call begins a job; others ask for it until it has ended.
"""

import os
import sys
import time
from pathlib import Path

import httpx

BASE = "https://api.imagepipeline.io/sdxl/image2image/v1"
SECONDS_BETWEEN = float(os.environ.get("IMAGEPIPELINE_WAIT", "2"))

source, target = sys.argv[1], Path(sys.argv[2])
with httpx.Client(headers={"API-Key": os.environ["IMAGEPIPELINE_API_KEY"]}, timeout=60) as client:
    order = {
        "model_id": "sdxl",
        "init_image": source,
        "prompt": "A harbour at dusk, oil on canvas",
        "num_inference_steps": 25,
        "strength": 0.6,
        "samples": 1,
        "width": 768,
        "height": 768,
        "seed": 7,
    }
    answer = client.post(BASE, json=order)
    answer.raise_for_status()
    job = answer.json()
    while job["status"] == "PENDING":
        time.sleep(SECONDS_BETWEEN)
        answer = client.get(f"{BASE}/status/{job['id']}")
        answer.raise_for_status()
        job = {"id": job["id"], **answer.json()}
    if job["status"] != "SUCCESS":
        sys.exit(f"the job failed: {job['error']}")
    picture = client.get(job["download_urls"][0])
    picture.raise_for_status()
target.write_bytes(picture.content)
print(f"{target}: {len(picture.content)} bytes")
