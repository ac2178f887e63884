// What people do with a button, and what they see in the end.

import assert from 'node:assert/strict';

/** The shortest and the longest time between two presses, in milliseconds. */
const [QUICK, SLOW] = [60, 350];
/** So long nothing may be under way before what stands there is the end, and so long the end may take. */
const [QUIET, LATEST] = [250, 20_000];

const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const underWay = new WeakMap();

/** A window that knows which of its requests are under way. */
export function watched(page) {
  const requests = new Set();
  underWay.set(page, requests);
  page.on('request', (request) => requests.add(request));
  for (const end of ['requestfinished', 'requestfailed']) page.on(end, (request) => requests.delete(request));
  return page;
}

/** Presses twice where the button is, some time apart: sooner or later as `share` says, from 0 to 1. */
export async function clickTwice(page, button, share) {
  await page.locator(button).scrollIntoViewIfNeeded();
  const box = await page.locator(button).boundingBox();
  const at = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.click(...at);
  await pause(QUICK + share * (SLOW - QUICK));
  await page.mouse.click(...at);
}

/** Presses Enter twice in a field. */
export async function enterTwice(page, field, share) {
  await page.focus(field);
  await page.keyboard.press('Enter');
  await pause(QUICK + share * (SLOW - QUICK));
  await page.keyboard.press('Enter');
}

/** Reloads, or goes back or forward. Before they send a form again browsers ask; one reloads then. */
export async function go(page, how) {
  try {
    await page[how]();
  } catch (error) {
    if (!String(error).includes('ERR_CACHE_MISS')) throw error;
    // Not before the browser stands on the page that asks.
    await page.waitForFunction(() => document.readyState === 'complete');
    await page.reload();
  }
}

/** What stands there once everything has arrived. */
export async function assertShows(page, words) {
  const latest = performance.now() + LATEST;
  let [text, since] = ['', null];
  while (performance.now() < latest) {
    // Between two pages there is nothing to read.
    text = await page.innerText('main', { timeout: 1000 }).catch(() => '');
    const isThere = text.includes(words) && underWay.get(page).size === 0;
    since = isThere ? since ?? performance.now() : null;
    if (isThere && performance.now() - since >= QUIET) return;
    await pause(20);
  }
  assert.fail(`there is no "${words}", but: ${text}`);
}
