// The shared scenarios, played by the scripted gateway, through the public API.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { outcomes } from './outcomes.mjs';
import { folder, KEY, load, program, ROOT, started } from './support.mjs';

const FILES = readdirSync(join(ROOT, 'tests/scenarios')).filter((name) => name.endsWith('.json'));

for (const file of FILES) {
  test(file, async (t) => {
    const scenarios = load(`scenarios/${file}`);
    const line = await started(t, program('scripted-gateway'), file);
    const server = line.replace('listening on ', '');
    let ran = 0;
    // All at once: most of their time is waiting.
    const play = async (t, scenario) => {
      const apiUrl = `${server}/${scenario.id}`;
      const home = folder(t);
      const seen = await outcomes(scenario, { privateKey: KEY, apiUrl, home, timeout: 60_000 });
      const answer = await fetch(`${server}/seen/${scenario.id}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(seen),
      });
      assert.deepEqual(await answer.json(), { violations: [] });
      ran += 1;
    };
    await Promise.all(scenarios.map((one) => t.test(one.id, (t) => play(t, one))));
    t.diagnostic(`${file}: ran ${ran} of ${scenarios.length}`);
    assert.equal(ran, scenarios.length);
  });
}
