#!/bin/sh
# Repaint a picture with Segmind: sh segmind.sh INPUT OUTPUT. The key: SEGMIND_API_KEY.
set -eu

picture=$(base64 < "$1" | tr -d '\n')
printf '{"image": "%s", "prompt": "A harbour at dusk, oil on canvas", "seed": 7, "base64": false}' \
    "$picture" |
curl --silent --show-error --fail-with-body --output "$2" \
    --header "x-api-key: $SEGMIND_API_KEY" \
    --header 'Content-Type: application/json' \
    --data-binary @- \
    https://api.segmind.com/v1/sd1.5-img2img
