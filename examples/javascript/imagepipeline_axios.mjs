// Repaint a picture with ImagePipeline, by axios: node imagepipeline_axios.mjs INPUT_URL OUTPUT.
// The key: IMAGEPIPELINE_API_KEY. Needs `npm install axios`.
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import axios from 'axios';

const wait = 1000 * Number(process.env.IMAGEPIPELINE_WAIT ?? 2);
const [source, target] = process.argv.slice(2);
const client = axios.create({
  baseURL: 'https://api.imagepipeline.io/sdxl/image2image/v1',
  headers: { 'API-Key': process.env.IMAGEPIPELINE_API_KEY },
});

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
let { data: job } = await client.post('', order);
const { id } = job;
while (job.status === 'PENDING') {
  await setTimeout(wait);
  ({ data: job } = await client.get(`/status/${id}`));
}
if (job.status !== 'SUCCESS') throw new Error(`the job failed: ${job.error}`);
const { data } = await client.get(job.download_urls[0], { responseType: 'arraybuffer' });
await writeFile(target, data);
console.log(`${target}: ${data.length} bytes`);
