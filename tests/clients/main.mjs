// The same journey with each generated client, both through one Kith: `run` makes the clients and starts this.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start } from '../browser/kith.mjs';

/** A green square of 64 by 64 pixels. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAT0lEQVR42u3PQQkAAAgEsEtiMJMY3wi+hcEKLDX9WgQEBAQEBAQE' +
  'BAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQELgulXwDiBxPVBQAAAABJRU5ErkJggg==';

const [python] = process.argv.slice(2);
const journeys = [
  ['TypeScript', process.execPath, 'generated/journey.js'],
  ['Python', python, 'journey.py'],
];

const folder = mkdtempSync(join(tmpdir(), 'kith-clients-'));
const picture = join(folder, 'square.png');
writeFileSync(picture, Buffer.from(PNG, 'base64'));
const kith = await start();
let [passed, failed] = [0, 0];
try {
  for (const [name, program, script] of journeys) {
    const { 'kith-client-address': address } = kith.somewhere();
    const told = [kith.url, address, name.toLowerCase(), picture];
    const [status] = await once(spawn(program, [script, ...told], { stdio: 'inherit' }), 'exit');
    console.log(`${status === 0 ? 'ok' : 'FAILED'}  the journey with the ${name} client`);
    status === 0 ? passed++ : failed++;
  }
  assert.equal(passed + failed, journeys.length);
} finally {
  await kith.stop();
  rmSync(folder, { recursive: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
