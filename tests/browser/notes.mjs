// Opening a note that can be read once.

import { assertShows, clickTwice, enterTwice, go } from './presses.mjs';

const TEXT = 'the key is under the mat';
const PASSPHRASE = 'open sesame';
const BUTTON = 'main form button';

const opened = async (page, kith) => {
  await page.goto(await kith.seal({ text: TEXT }));
  await page.click(BUTTON);
  await assertShows(page, TEXT);
};

export async function two_clicks_on_the_button_show_the_text(page, kith, share) {
  await page.goto(await kith.seal({ text: TEXT }));
  await clickTwice(page, BUTTON, share);
  await assertShows(page, TEXT);
}

export async function enter_twice_behind_a_passphrase_shows_the_text(page, kith, share) {
  await page.goto(await kith.seal({ text: TEXT, passphrase: PASSPHRASE }));
  await page.fill('#passphrase', PASSPHRASE);
  await enterTwice(page, '#passphrase', share);
  await assertShows(page, TEXT);
}

export async function a_reload_shows_the_text_again(page, kith) {
  await opened(page, kith);
  await go(page, 'reload');
  await assertShows(page, TEXT);
}

export async function back_and_forward_show_the_text_again(page, kith) {
  await opened(page, kith);
  await go(page, 'goBack');
  await assertShows(page, 'You have just opened it.');
  await go(page, 'goForward');
  await assertShows(page, TEXT);
}

export async function back_and_another_press_show_the_text_again(page, kith) {
  await opened(page, kith);
  await go(page, 'goBack');
  await page.click(BUTTON);
  await assertShows(page, TEXT);
}

/** Seals a note on the page; the page that shows the link stands there. */
const written = async (page, kith) => {
  await page.goto(`${kith.url}/notes/new`);
  await page.fill('#text', TEXT);
};

export async function two_clicks_seal_one_note_and_a_reload_shows_its_link_again(page, kith, share) {
  await written(page, kith);
  await clickTwice(page, BUTTON, share);
  await assertShows(page, 'Your note is sealed');
  const link = await page.inputValue('#link');
  await go(page, 'reload');
  await assertShows(page, 'Your note is sealed');
  if (await page.inputValue('#link') !== link) throw new Error('a reload sealed another note');
}

export async function two_clicks_destroy_a_note_and_say_so(page, kith, share) {
  await written(page, kith);
  await page.click(BUTTON);
  await assertShows(page, 'Your note is sealed');
  const link = await page.inputValue('#link');
  await clickTwice(page, 'form[action="/notes/destroy"] button', share);
  await assertShows(page, 'The note is destroyed');
  await go(page, 'reload');
  await assertShows(page, 'The note is destroyed');
  await page.goto(link);
  await assertShows(page, 'There is no note here');
}

export async function the_link_is_copied_and_times_are_the_readers(page, kith) {
  await written(page, kith);
  await page.click(BUTTON);
  await assertShows(page, 'Your note is sealed');
  // All windows share one clipboard: what would be put there is kept here.
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => { window.copied = text; };
  });
  await page.click('button[data-copies]');
  await assertShows(page, 'Copied.');
  const [copied, link] = [await page.evaluate(() => window.copied), await page.inputValue('#link')];
  if (copied !== link) throw new Error(`copied ${copied} instead of ${link}`);
  await page.goto(link);
  const time = page.locator('time').first();
  const [told, before] = [await time.textContent(), await time.getAttribute('title')];
  const at = new Date(await time.getAttribute('datetime'));
  const day = new Intl.DateTimeFormat('en', { day: 'numeric', timeZone: 'UTC' }).format(at);
  if (!before.includes('UTC') || !before.startsWith(day) || told === before) throw new Error(`${told} was ${before}`);
}
