// Real presses in a real browser: whatever somebody does with a button, a reload or the back button, in the end they see
// what the first press gave.
//
//     npm ci && node main.mjs        needs Chromium; starts target/debug/kith itself, which `cargo test` builds
//
// KITH_ROUNDS: how often each press at a note is tried (40); CHROMIUM: the browser (/usr/bin/chromium).

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import { start } from './kith.mjs';
import * as mailed from './mailed.mjs';
import * as notes from './notes.mjs';
import { watched } from './presses.mjs';

const ROUNDS = Number(process.env.KITH_ROUNDS ?? 40);
/** How many are tried at the same time: a person who presses quickly is not alone. */
const SIDE_BY_SIDE = 4;

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];

/** Tries something so often, each time in a browser window without a past; gives what went wrong. */
async function rounds(browser, kith, count, attempt) {
  const failures = [];
  const numbers = Array.from({ length: count }, (_, number) => number);
  const worker = async () => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const context = await browser.newContext({ extraHTTPHeaders: kith.somewhere() });
      try {
        await attempt(watched(await context.newPage()), kith, number / Math.max(count - 1, 1));
      } catch (error) {
        failures.push(error);
      } finally {
        await context.close();
      }
    }
  };
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
  return failures;
}

const kith = await start();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS,
});
let [passed, failed] = [0, 0];
try {
  const all = [
    // Where it is a matter of milliseconds, all rounds; else some.
    ...Object.entries(notes).map(([name, attempt]) => [name, attempt, /two|twice/.test(name) ? ROUNDS : ROUNDS / 5]),
    ...Object.entries(mailed).map(([name, attempt]) => [name, attempt, ROUNDS / 10]),
  ];
  for (const [name, attempt, share] of all) {
    const count = Math.ceil(share);
    const began = performance.now();
    const failures = await rounds(browser, kith, count, attempt);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(`${failures.length ? 'FAILED' : 'ok'}  ${name}: ${count - failures.length} of ${count} (${seconds} s)`);
    if (failures.length) console.log(failures[0]);
    failures.length ? failed++ : passed++;
  }
  assert.ok(passed + failed > 0, 'nothing was tried');
} finally {
  await browser.close();
  await kith.stop();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
