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
