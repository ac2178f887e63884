// A journey with the client that openapi-typescript and openapi-fetch make of the contract.

import { readFileSync } from 'node:fs';
import assert from 'node:assert/strict';
import createClient from 'openapi-fetch';
import type { paths } from './kith.js';

const [baseUrl, address, name, picture] = process.argv.slice(2);
if (!baseUrl || !address || !name || !picture) throw new Error('usage: journey.js URL ADDRESS NAME PICTURE');

const somewhere = { 'kith-client-address': address };
const json = (status: number, ...rest: unknown[]) => `${status}: ${JSON.stringify(rest)}`;

async function mailedToken(email: string): Promise<string> {
  await fetch(`${baseUrl}/_kith/settle`, { method: 'POST' });
  const mails = await (await fetch(`${baseUrl}/_kith/mails?to=${encodeURIComponent(email)}`)).text();
  const token = mails.match(/\?token=([A-Za-z0-9_.-]+)/)?.[1];
  assert(token, `no link was mailed to ${email}`);
  return token;
}

/** Registers, confirms and logs in; the client of whoever is logged in. */
async function join(username: string, email: string) {
  const anybody = createClient<paths>({ baseUrl, headers: somewhere });
  const password = `a long secret of ${username}`;
  const registered = await anybody.POST('/v1/auth/register', {
    body: { username, email, password, first_name: 'Ada', last_name: 'Lovelace' },
  });
  assert(registered.data, json(registered.response.status, registered.error));
  const token = await mailedToken(email);
  const confirmed = await anybody.POST('/v1/auth/confirm', { body: { token, password } });
  assert.equal(confirmed.response.status, 204, json(confirmed.response.status, confirmed.error));
  const tokens = await anybody.POST('/v1/auth/login', { body: { login: username, password } });
  assert(tokens.data, json(tokens.response.status, tokens.error));
  const authorization = `Bearer ${tokens.data.access_token}`;
  return createClient<paths>({ baseUrl, headers: { ...somewhere, authorization } });
}

const ada = await join(name, `${name}@example.com`);
const root = await join(`${name}-root`, `${name}@admin.example.org`);

// A photo, as the bytes that it is.
const bytes = new Blob([new Uint8Array(readFileSync(picture))], { type: 'image/png' });
const photo = await ada.PUT('/v1/me/profile-photo', {
  headers: { 'content-type': 'image/png' }, body: bytes as never, bodySerializer: (body: unknown) => body as Blob,
});
assert(photo.data && !photo.data.is_default, json(photo.response.status, photo.error));
assert.equal((await fetch(photo.data.url)).headers.get('content-type'), 'image/png');

const me = await ada.GET('/v1/me');
assert(me.data, json(me.response.status, me.error));

// Somebody else sees the public part, an admin all.
const seen = await root.GET('/v1/users/{user_id}', { params: { path: { user_id: me.data.id } } });
assert.equal(seen.data?.email, `${name}@example.com`, json(seen.response.status, seen.error));
const appointed = await root.GET('/v1/me');
assert(appointed.data);
const other = await ada.GET('/v1/users/{user_id}', { params: { path: { user_id: appointed.data.id } } });
assert(other.data && other.data.email === undefined, json(other.response.status, other.error));

// Events differ by what was done; the type of each follows from its action.
await root.PUT('/v1/users/{user_id}/role', { params: { path: { user_id: me.data.id } }, body: { role: 'moderator' } });
const audit = await root.GET('/v1/audit', { params: { query: { limit: 100 } } });
assert(audit.data, json(audit.response.status, audit.error));
const event = audit.data.items.find((event) => event.action === 'role_changed' && event.user_id === me.data.id);
assert(event?.action === 'role_changed' && event.after === 'moderator', json(audit.response.status, audit.data));

// Everything that is wrong, at once.
const wrong = await ada.PATCH('/v1/me', { body: { first_name: '', username: 'a b' } });
assert(wrong.error && 'errors' in wrong.error, json(wrong.response.status, wrong.error));
const pointers = wrong.error.errors?.map((fault) => fault.pointer).toSorted();
assert.deepEqual(pointers, ['/first_name', '/username'], json(wrong.response.status, wrong.error));
