// Repaint a picture with ImagePipeline, by fetch: node imagepipeline_fetch.mjs INPUT_URL OUTPUT.
// The key: IMAGEPIPELINE_API_KEY. Node 18 or newer, nothing else.
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';

const BASE = 'https://api.imagepipeline.io/sdxl/image2image/v1';
const wait = 1000 * Number(process.env.IMAGEPIPELINE_WAIT ?? 2);
const headers = { 'API-Key': process.env.IMAGEPIPELINE_API_KEY, 'Content-Type': 'application/json' };
const [source, target] = process.argv.slice(2);

async function asked(url, options) {
  const answer = await fetch(url, { headers, ...options });
  if (!answer.ok) throw new Error(`ImagePipeline said ${answer.status}: ${await answer.text()}`);
  return answer;
}

const order = {
  model_id: 'sdxl',
  init_image: source,
  prompt: 'A harbour at dusk, oil on canvas',
  num_inference_steps: 25,
  strength: 0.6,
  width: 768,
  height: 768,
  seed: 7,
};
let job = await (await asked(BASE, { method: 'POST', body: JSON.stringify(order) })).json();
const { id } = job;
while (job.status === 'PENDING') {
  await setTimeout(wait);
  job = await (await asked(`${BASE}/status/${id}`)).json();
}
if (job.status !== 'SUCCESS') throw new Error(`the job failed: ${job.error}`);
const picture = await (await asked(job.download_urls[0])).arrayBuffer();
await writeFile(target, Buffer.from(picture));
console.log(`${target}: ${picture.byteLength} bytes`);
