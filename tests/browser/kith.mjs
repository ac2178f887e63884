// A Kith of our own, in memory, on a free port of 127.0.0.1: the binary that the tests have built.

import { spawn } from 'node:child_process';
import process, { env } from 'node:process';
import { createInterface } from 'node:readline';

const ROOT = new URL('../..', import.meta.url).pathname;
let people = 0;

/** Starts it; it is there when it says where it listens. */
export async function start() {
  const target = env.CARGO_TARGET_DIR ?? 'target';
  const child = spawn(`${target}/debug/kith`, ['up', '--port', '0'], {
    cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Whatever ends this process ends the runner, too.
  process.on('exit', () => child.kill('SIGKILL'));
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = await new Promise((resolve, reject) => {
    ended.then((code) => reject(new Error(`cargo kith up ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const listening = line.match(/^kith: listening on (http:\S+)/);
      if (listening) resolve(listening[1]);
    });
  });
  const stop = async () => {
    child.kill('SIGINT');
    await ended;
  };
  return new Kith(url, stop);
}

class Kith {
  #admin;

  constructor(url, stop) {
    this.url = url;
    this.stop = stop;
  }

  /** Headers of somebody at a network address that nobody else has: limits are for each. */
  somewhere() {
    people += 1;
    return { 'kith-client-address': `10.${people >> 16}.${(people >> 8) & 255}.${people & 255}` };
  }

  async post(path, body, headers = {}, method = 'POST') {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...this.somewhere(), ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
    return text ? JSON.parse(text) : null;
  }

  /** The address of the page behind a new note. */
  async seal(note) {
    const { token } = await this.post('/v1/notes', note);
    return `${this.url}/n/${token}`;
  }

  /** Somebody who has registered and not confirmed. */
  async pending() {
    people += 1;
    const person = { username: `person-${people}`, email: `person.${people}@example.com`, password: `a password of ${people}` };
    await this.post('/v1/auth/register', { ...person, first_name: 'Ada', last_name: 'Lovelace' });
    return person;
  }

  async confirmed(person) {
    const token = new URL(await this.mailedLink(person.email)).searchParams.get('token');
    await this.post('/v1/auth/confirm', { token, password: person.password });
    return person;
  }

  /** Moves somebody's account to another address; gives the link that the one before was mailed. */
  async moved(person) {
    const { access_token } = await this.post('/v1/auth/login', { login: person.username, password: person.password });
    const email = `moved.${person.email}`;
    const wish = { email, current_password: person.password };
    await this.post('/v1/me', wish, { authorization: `Bearer ${access_token}` }, 'PATCH');
    const token = new URL(await this.mailedLink(email)).searchParams.get('token');
    await this.post('/v1/auth/confirm', { token });
    return this.mailedLink(person.email);
  }

  /** Somebody whom the admin has invited. */
  async invited() {
    this.#admin ??= this.#logInAdmin();
    people += 1;
    // Others are invited meanwhile.
    const number = people;
    const email = `guest.${number}@example.com`;
    await this.post('/v1/users', { email }, { authorization: `Bearer ${await this.#admin}` });
    return { email, username: `guest-${number}`, password: `a password of ${number}` };
  }

  async #logInAdmin() {
    const admin = { username: 'the-admin', email: 'admin@example.org', password: 'half an hour and a coffee' };
    await this.post('/v1/auth/register', { ...admin, first_name: 'Ada', last_name: 'Lovelace' });
    await this.confirmed(admin);
    const { access_token } = await this.post('/v1/auth/login', { login: admin.username, password: admin.password });
    return access_token;
  }

  /** The link in the newest mail to an address. */
  async mailedLink(email) {
    await fetch(`${this.url}/_kith/settle`, { method: 'POST' });
    const mails = await (await fetch(`${this.url}/_kith/mails?to=${encodeURIComponent(email)}`)).text();
    const link = mails.match(/https?:[^"\s\\]*\?token=[A-Za-z0-9_.-]+/);
    if (!link) throw new Error(`no link was mailed to ${email}: ${mails}`);
    const { pathname, search } = new URL(link[0].replace(/\.$/, ''));
    return `${this.url}${pathname}${search}`;
  }
}
