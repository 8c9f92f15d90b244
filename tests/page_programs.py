"""Programs that call as the samples on the five pages do: same URLs, fields, headers and quirks.

Written anew for these tests. Each prints what shows that it was answered.
"""

from __future__ import annotations

from typing import NamedTuple


class Program(NamedTuple):
    """One program: its file's name, its text, and what it prints when all is well."""

    file: str
    text: str
    prints: str
    options: tuple[str, ...] = ()


SUBSCRIPTION = "'Ocp-Apim-Subscription-Key': 'a-subscription-key',"
IMG2IMG = "https://gateway.appypie.com/img2img/getImage/v1/getSDXLImage"
INPAINTING = "https://gateway.appypie.com/inpainting/v1/getImage"
CAT = '{ "prompt": "Turn it into an otter", "inputImage": "https://pictures.example/dog.png" }'
LION = '{ "prompt": "Turn it into an owl" }'
PIPELINE = {
    "model_id": "sdxl",
    "init_image": "https://pictures.example/in.png",
    "prompt": "a gardener among tulips, watercolour",
    "negative_prompt": "photo, frame, ((text))",
    "num_inference_steps": 45,
    "refiner": True,
    "samples": 1,
    "guidance_scale": 10,
    "width": 768,
    "height": 768,
    "seed": 12345,
    "safety_checker": True,
}

SEGMIND = Program(
    "segmind.py",
    """
import base64, requests
def as_base64(url):
    return base64.b64encode(requests.get(url).content).decode("utf-8")
fields = {
    "image": as_base64("https://www.segmind.com/sd-img2img-input.jpeg"),
    "samples": 1, "prompt": "A valley in fog, gouache", "negative_prompt": "blurry",
    "scheduler": "DDIM", "num_inference_steps": 25, "guidance_scale": 10.5, "strength": 0.75,
    "seed": 98877465625, "img_width": 512, "img_height": 512, "base64": False,
}
answer = requests.post("https://api.segmind.com/v1/sd1.5-img2img", json=fields,
                       headers={"x-api-key": "a-key"})
print(answer.content[:3])
""",
    r"b'\xff\xd8\xff'",
    ("--pictures-from", "www.segmind.com"),
)
AITHRIVING = Program(
    "aithriving.py",
    """
import base64, os, requests
from PIL import Image
Image.new("RGB", (320, 320), "navy").save("init_image.png")
data = {"image_strength": 0.35, "prompt": "red hat", "cfg_scale": 7, "steps": 20}
with open("./init_image.png", "rb") as file:
    files = {"init_image": ("init_image.png", file.read())}
answer = requests.post("https://www.aithriving.com/api/generate/basic/imageToImage",
                       data=data, files=files, headers={"Authorization": "an-auth-token"}).json()
if answer.get("code") == 0:
    with open("./result.png", "wb") as file:
        file.write(base64.b64decode(answer["data"]["image"]))
    print(Image.open("result.png").size)
""",
    "(320, 320)",
)
IMAGEPIPELINE_PY = Program(  # no Content-Type at all
    "imagepipeline.py",
    f"""
import json, requests
answer = requests.post("https://api.imagepipeline.io/sdxl/image2image/v1",
                       headers={{"API-Key": "Your Key"}}, data=json.dumps({PIPELINE!r}))
print(answer.json()["status"])
""",
    "PENDING",
)
IMAGEPIPELINE_JS = Program(
    "imagepipeline.cjs",
    """
const data = %s;
fetch("https://api.imagepipeline.io/sdxl/image2image/v1", {
  method: "POST",
  headers: { "API-Key": "Your Key", "Content-Type": "application/json" },
  body: JSON.stringify(data),
}).then((answer) => answer.json()).then((said) => console.log(said.status));
""".replace("%s", str(PIPELINE).replace("True", "true")),
    "PENDING",
)
IMAGEPIPELINE_PHP = Program(
    "imagepipeline.php",
    """<?php
$ch = curl_init("https://api.imagepipeline.io/sdxl/image2image/v1");
curl_setopt($ch, CURLOPT_POST, true);
curl_setopt($ch, CURLOPT_RETURNTRANSFER, true);
curl_setopt($ch, CURLOPT_HTTPHEADER, array("API-Key: Your-Key", "Content-Type: application/json"));
curl_setopt($ch, CURLOPT_POSTFIELDS, json_encode(array(%s)));
$answer = curl_exec($ch);
if ($answer === FALSE) { die(curl_error($ch)); }
$said = json_decode($answer, TRUE);
curl_close($ch);
echo $said["status"];
""".replace("%s", str(PIPELINE)[1:-1].replace("': ", "' => ").replace("True", "true")),
    "PENDING",
)


def appypie(url: str, body: str, key: str, name: str) -> list[Program]:
    """Return the programs that an Appy Pie page shows, for its URL, body and key header."""
    php_key = key.replace("': '", ": ")
    java_key = key.rstrip(",").replace("': '", '", "').strip("'")
    curl_key = key.rstrip(",").replace("': '", ": ")
    return [
        Program(
            f"{name}.py",
            f"""
import urllib.request, json
headers = {{'Content-Type': 'application/json', 'Cache-Control': 'no-cache', {key}}}
data = json.dumps({body})
call = urllib.request.Request({url!r}, headers=headers, data=bytes(data.encode("utf-8")))
call.get_method = lambda: 'POST'
answer = urllib.request.urlopen(call)
print(answer.getcode(), json.loads(answer.read())["status"])
""",
            "200 200",
        ),
        Program(
            f"{name}.cjs",
            f"""
fetch({url!r}, {{
  method: 'POST',
  body: JSON.stringify({body}),
  headers: {{ 'Content-Type': 'application/json', 'Cache-Control': 'no-cache', {key} }},
}}).then((answer) => {{ console.log(answer.status); answer.text(); }});
""",
            "200",
        ),
        Program(
            f"{name}.sh",
            f"""
curl -v -X POST {url!r} -H 'Content-Type: application/json' -H 'Cache-Control: no-cache' \\
  {f"-H {curl_key}" if curl_key else ""} --data-raw '{body}' -o answer
head -c 13 answer
""",
            '{"status":200',
        ),
        Program(
            f"{name}.php",
            f"""<?php
$curl = curl_init({url!r});
curl_setopt($curl, CURLOPT_CUSTOMREQUEST, "POST");
curl_setopt($curl, CURLOPT_URL, {url!r});
curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
$headers = array('Content-Type: application/json', 'Cache-Control: no-cache', {php_key});
curl_setopt($curl, CURLOPT_HTTPHEADER, $headers);
curl_setopt($curl, CURLOPT_POSTFIELDS, '{body}');
$answer = curl_exec($curl);
curl_close($curl);
echo substr($answer, 0, 13);
""",
            '{"status":200',
        ),
        Program(
            "Sample.java",
            """
import java.io.*;
import java.net.*;
public class Sample {
  public static void main(String[] args) throws Exception {
    HttpURLConnection connection = (HttpURLConnection) new URL("@URL").openConnection();
    connection.setRequestProperty("Content-Type", "application/json");
    connection.setRequestProperty("Cache-Control", "no-cache");
    @KEY
    connection.setRequestMethod("POST");
    connection.setDoOutput(true);
    connection.getOutputStream().write("@BODY".getBytes());
    System.out.println(connection.getResponseCode());
    BufferedReader in = new BufferedReader(new InputStreamReader(connection.getInputStream()));
    System.out.print(in.readLine().substring(0, 13));
    connection.disconnect();
  }
}
""".replace("@URL", url)
            .replace("@KEY", f'connection.setRequestProperty("{java_key}");' if java_key else "")
            .replace("@BODY", body.replace('"', '\\"')),
            '200\n{"status":200',
        ),
    ]


PROGRAMS = {
    "segmind": SEGMIND,
    "aithriving": AITHRIVING,
    "imagepipeline python": IMAGEPIPELINE_PY,
    "imagepipeline javascript": IMAGEPIPELINE_JS,
    "imagepipeline php": IMAGEPIPELINE_PHP,
    **{
        f"{name} {each.file.rpartition('.')[2]}": each
        for name, url, body, key in (
            ("img2img", IMG2IMG, CAT, ""),  # most of the page's samples send no key
            ("inpainting", INPAINTING, LION, SUBSCRIPTION),
        )
        for each in appypie(url, body, key, name)
    },
}
