// Pages that mailed links open: two presses tell the same success.

import { assertShows, clickTwice, go } from './presses.mjs';

/** Fills in whatever the page asks for. */
async function fill(page, values) {
  for (const [name, value] of Object.entries(values)) {
    const field = page.locator(`main input[name="${name}"]`);
    if (await field.count()) await field.fill(value);
  }
}

async function assertToldAgain(page, button, share, words) {
  await clickTwice(page, button, share);
  await assertShows(page, words);
  await go(page, 'reload');
  await assertShows(page, words);
  await go(page, 'goBack');
  await go(page, 'goForward');
  await assertShows(page, words);
}

export async function two_clicks_confirm_an_address_and_say_welcome(page, kith, share) {
  const person = await kith.pending();
  await page.goto(await kith.mailedLink(person.email));
  await fill(page, { password: person.password });
  await assertToldAgain(page, 'button[value="confirm"]', share, `Welcome, ${person.username}`);
}

export async function two_clicks_on_this_was_not_me_say_thank_you(page, kith, share) {
  const person = await kith.pending();
  await page.goto(await kith.mailedLink(person.email));
  await assertToldAgain(page, 'button[value="not_me"]', share, 'The registration is destroyed.');
}

export async function two_clicks_set_a_new_password_and_say_so(page, kith, share) {
  const person = await kith.confirmed(await kith.pending());
  await kith.post('/v1/auth/password/forgot', { email: person.email });
  await page.goto(await kith.mailedLink(person.email));
  const password = `another ${person.password}`;
  await fill(page, { password, password_again: password });
  await assertToldAgain(page, 'main form button', share, 'Your new password is set');
}

export async function two_clicks_accept_an_invitation_and_say_welcome(page, kith, share) {
  const { email, username, password } = await kith.invited();
  await page.goto(await kith.mailedLink(email));
  await fill(page, { first_name: 'Grace', last_name: 'Hopper', username, password });
  await assertToldAgain(page, 'main form button', share, `Welcome, ${username}`);
}

export async function two_clicks_take_an_account_back_and_say_so(page, kith, share) {
  await page.goto(await kith.moved(await kith.confirmed(await kith.pending())));
  await assertToldAgain(page, 'main form button', share, 'Your account is back');
}
