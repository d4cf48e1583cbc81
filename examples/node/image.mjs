// A picture, saved as a file. The price is known before.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LLMClient } from 'blockrun-llm';

const client = new LLMClient();
const [model] = await client.listImageModels();
const image = await client.image('A lighthouse at dusk', {
  model: model.id,
  responseFormat: 'b64_json',
});
const file = join(await mkdtemp(join(tmpdir(), 'blockrun-')), 'lighthouse.png');
await writeFile(file, Buffer.from(image.data[0].b64_json, 'base64'));
console.log(`${file} by ${model.id}, ${image.costUsd} USDC`);
