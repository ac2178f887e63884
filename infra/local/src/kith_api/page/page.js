// The runner's page: asks the helpers below /_kith/ and shows what they answer. Everything that is shown was written by
// somebody else, so it only ever becomes text.

const PAUSE = 2000;
const SHOWN = 100;
const VIEWS = ['requests', 'mails', 'jobs', 'policies'];

const byId = (id) => document.getElementById(id);

function element(tag, { children = [], data = {}, ...properties } = {}) {
  const made = Object.assign(document.createElement(tag), properties);
  Object.assign(made.dataset, data);
  made.append(...children);
  return made;
}

const span = (className, textContent) => element('span', { className, textContent });

async function get(path) {
  const answer = await fetch(`/_kith/${path}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.detail ?? `${answer.status}`);
  return body;
}

// ---- time

const moment = (text) => text.slice(0, 19).replace('T', ' ');

function inWords(seconds) {
  const parts = [['d', 86400], ['h', 3600], ['min', 60]].map(([unit, size]) => {
    const count = Math.floor(seconds / size);
    seconds -= count * size;
    return count && `${count} ${unit}`;
  });
  return parts.filter(Boolean).join(' ') || 'less than a minute';
}

let ahead = 0;

function tick() {
  const now = new Date(Date.now() + ahead);
  byId('date').textContent = now.toLocaleDateString('en-GB', { weekday: 'short', day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
  byId('now').textContent = now.toISOString().slice(11, 19);
}

function showClock({ now, offset_seconds: offset }) {
  ahead = new Date(now).getTime() - Date.now();
  const moved = Math.abs(offset) < 1 ? "The machine's own time." : `${inWords(Math.abs(offset))} ${offset > 0 ? 'ahead of' : 'behind'} this machine.`;
  byId('offset').textContent = moved;
  const input = document.querySelector('#set input');
  if (!input.value) input.value = moment(now).replace(' ', 'T');
  tick();
}

// ---- requests

const rows = new Map();
const keyOf = (one) => `${one.at} ${one.request_id} ${one.operation}`;

function kindOf(status) {
  if (status >= 500) return 'bad';
  return status >= 400 ? 'warn' : 'good';
}

function priceOf(one) {
  return one.price_usd === null ? '' : `$${(one.price_usd * 1e6).toFixed(2)} a million`;
}

function unitsOf(one) {
  return [one.read_units && `${one.read_units} read`, one.write_units && `${one.write_units} write`].filter(Boolean).join(', ');
}

function requestRow(one) {
  const calls = one.database_calls ? `${one.database_calls} ${one.database_calls === 1 ? 'call' : 'calls'}` : '';
  const facts = [`${one.duration_ms.toFixed(1)} ms`, calls, unitsOf(one), priceOf(one)];
  const summary = element('summary', {
    className: 'request',
    children: [
      span(`pill ${kindOf(one.status)}`, one.status),
      element('span', { children: [span('name', one.operation ?? 'gateway'), ' ', span('small', one.route), ' ', span('small', moment(one.at).slice(11))] }),
      element('span', { className: 'facts small', children: facts.map((fact) => span('number', fact)) }),
    ],
  });
  return element('details', {
    data: { text: `${one.operation ?? 'gateway'} ${one.route} ${one.status}`.toLowerCase() },
    children: [summary, element('div', { className: 'inside', children: callsOf(one) })],
  });
}

function callsOf(one) {
  const about = element('p', { className: 'small', textContent: `${one.request_id} · ${one.function_ms.toFixed(1)} ms in the function${one.cold ? ', its start included' : ''}` });
  if (one.calls === null) return [about, element('p', { className: 'small', textContent: 'Its calls went to another AWS and cannot be counted here.' })];
  if (!one.calls.length) return [about, element('p', { className: 'small', textContent: 'No calls to AWS.' })];
  const head = ['Call', 'Keys', 'Reads', 'Read', 'Write', 'µs', 'Outcome'];
  const cells = (call) => [
    `${call.service === 'dynamodb' ? '' : `${call.service} `}${call.action}`,
    [call.key_prefixes.join(' '), call.index && `by ${call.index}`].filter(Boolean).join(' '),
    call.consistent ? 'consistent' : '',
    call.read_units || '',
    call.write_units || '',
    call.micros,
    call.outcome,
  ];
  const isNumber = (index) => (index > 2 && index < 6 ? 'number' : '');
  const row = (tag, texts, outcome) =>
    element('tr', {
      children: texts.map((textContent, index) => element(tag, { textContent, className: index === 6 && outcome !== 'ok' ? 'bad' : isNumber(index) })),
    });
  return [
    about,
    element('table', {
      children: [
        element('thead', { children: [row('th', head, 'ok')] }),
        element('tbody', { children: one.calls.map((call) => row('td', cells(call), call.outcome)) }),
      ],
    }),
  ];
}

function showRequests(requests) {
  const list = byId('request-list');
  // Only what is new is added, so that open rows and the reader's place stay.
  const known = new Set(requests.map(keyOf));
  for (const [key, row] of rows) {
    if (!known.has(key)) {
      row.remove();
      rows.delete(key);
    }
  }
  for (const one of [...requests].reverse()) {
    const key = keyOf(one);
    if (!rows.has(key)) {
      rows.set(key, requestRow(one));
      list.prepend(rows.get(key));
    }
  }
  byId('no-requests').hidden = requests.length > 0;
  applyFilter();
}

function applyFilter() {
  const words = byId('filter').value.toLowerCase().split(' ').filter(Boolean);
  for (const row of rows.values()) row.hidden = !words.every((word) => row.dataset.text.includes(word));
}

// ---- mails

let mails = [];
let opened = null;

function showMails(listed) {
  badge('mails', listed.length);
  if (listed.length === mails.length && listed[0]?.id === mails[0]?.id) return;
  mails = listed;
  byId('no-mails').hidden = mails.length > 0;
  byId('post').hidden = !mails.length;
  byId('mail-list').replaceChildren(
    ...mails.map((mail) =>
      element('button', {
        type: 'button',
        ariaPressed: String(mail.id === opened),
        onclick: () => openMail(mail.id),
        children: [span('name', mail.subject), span('small', `${mail.to.join(', ')} · ${moment(mail.at)}`)],
        data: { id: mail.id },
      }),
    ),
  );
  if (opened === null && mails.length) openMail(mails[0].id);
}

function openMail(id) {
  const mail = mails.find((one) => one.id === id);
  if (!mail) return;
  opened = id;
  for (const button of byId('mail-list').children) button.ariaPressed = String(button.dataset.id === id);
  byId('mail').hidden = false;
  byId('mail-subject').textContent = mail.subject;
  byId('mail-to').textContent = mail.to.join(', ');
  byId('mail-from').textContent = mail.from;
  byId('mail-at').textContent = moment(mail.at);
  byId('mail-text').textContent = mail.text ?? 'This mail has no text.';
  byId('mail-html').src = mail.html === null ? 'about:blank' : `/_kith/mails/${mail.id}.html`;
  const files = [[`/_kith/mails/${mail.id}.eml`, '.eml'], ...mail.attachments.map((file) => [file.url, file.name || 'attachment'])];
  byId('mail-files').replaceChildren(...files.map(([href, textContent]) => element('a', { href, textContent, download: '' })));
  showPart(mail.html !== null && byId('as-text').ariaPressed !== 'true');
}

function showPart(html) {
  byId('as-html').ariaPressed = String(html);
  byId('as-text').ariaPressed = String(!html);
  byId('mail-html').hidden = !html;
  byId('mail-text').hidden = html;
}

// ---- jobs

const cards = new Map();

function lastRun(last) {
  if (!last) return [span('small', 'Not run yet.')];
  const how = `${moment(last.at)} · ${last.route} · ${last.duration_ms.toFixed(1)} ms`;
  const result = last.error ?? JSON.stringify(last.result, null, 1);
  return [
    element('div', { children: [span(`pill ${last.error ? 'bad' : 'good'}`, last.error ? 'failed' : 'done'), ' ', span('small', how)] }),
    element('pre', { textContent: result }),
  ];
}

function jobCard(job) {
  const last = element('div', { className: 'last' });
  const title = element('div', { children: [element('h3', { textContent: job.operation }), span('small', job.expression ?? 'by stream or invocation')] });
  if (!job.expression) return element('div', { className: 'card', children: [title, last] });
  const placeholder = job.operation === 'rotate-keys' ? '{"retire": "id of a leaked key"}' : '{"time": "2027-01-31T20:00:00Z"}';
  const event = element('textarea', { rows: 3, placeholder, ariaLabel: `Event for ${job.operation}` });
  const path = `/_kith/jobs/${job.operation}`;
  const fire = element('button', { type: 'button', className: 'fire', textContent: 'Fire', onclick: (click) => post(path, null, click.target) });
  const send = element('button', { type: 'button', textContent: 'Fire with this event', onclick: (click) => post(path, event.value, click.target) });
  const own = element('details', { children: [element('summary', { textContent: 'with an event of your own' }), event, send] });
  return element('div', { className: 'card', children: [element('div', { className: 'split', children: [title, fire] }), last, own] });
}

function showJobs({ schedules, others, busy, outbox, dead_letters: dead }) {
  for (const [list, jobs] of [['schedules', schedules], ['other-list', others]]) {
    for (const job of jobs) {
      if (!cards.has(job.operation)) {
        cards.set(job.operation, { card: jobCard(job), shown: null });
        byId(list).append(cards.get(job.operation).card);
      }
      const known = cards.get(job.operation);
      const text = JSON.stringify(job.last);
      if (known.shown !== text) {
        known.shown = text;
        known.card.querySelector('.last').replaceChildren(...lastRun(job.last));
      }
    }
  }
  byId('others').hidden = !others.length;
  const work = [...busy, ...outbox.map((task) => `${task} waits in the outbox`)];
  byId('work').replaceChildren(...(work.length ? work : ['Nothing: stream and outbox are empty.']).map((textContent) => element('li', { textContent })));
  byId('dead').hidden = !dead.length;
  if (byId('dead-list').childElementCount !== dead.length) byId('dead-list').replaceChildren(...[...dead].reverse().map(letter));
  badge('jobs', dead.length || work.length, dead.length > 0);
}

function letter(dead) {
  const summary = element('summary', {
    className: 'request',
    children: [span('pill bad', 'dead'), span('name', dead.operation), span('small', `${dead.attempts} attempts · ${moment(dead.at)}`)],
  });
  const inside = [element('p', { className: 'bad', textContent: dead.error }), element('pre', { textContent: JSON.stringify(dead.payload, null, 1) })];
  return element('details', { children: [summary, element('div', { className: 'inside', children: inside })] });
}

// ---- policies

let policiesShown = '';

function showPolicies(policies) {
  const all = Object.entries(policies);
  badge('policies', all.filter(([, policy]) => policy.denied.length).length, true);
  const text = JSON.stringify(policies);
  if (text === policiesShown) return;
  policiesShown = text;
  const open = new Set([...byId('policy-list').querySelectorAll('details[open]')].map((row) => row.dataset.operation));
  byId('no-policies').hidden = all.length > 0;
  all.sort(([, one], [, other]) => (other.denied.length > 0) - (one.denied.length > 0));
  byId('policy-list').replaceChildren(
    ...all.map(([operation, policy]) => {
      const { allowed, used, superfluous, denied } = policy;
      const counts = [`${allowed.length} allowed`, `${used.length} used`, `${superfluous.length} superfluous`].join(' · ');
      const facts = [span('small', counts), ' ', span(`pill ${denied.length ? 'bad' : 'good'}`, `${denied.length} denied`)];
      const summary = element('summary', { className: 'policy', children: [span('name', operation), element('span', { children: facts })] });
      const grant = (kind, className) => (text) => element('li', { textContent: text, className, data: { kind } });
      const grants = [...denied.map(grant('denied', 'bad')), ...used.map(grant('used', 'good')), ...superfluous.map(grant('superfluous', 'soft'))];
      const inside = element('div', { className: 'inside', children: [element('ul', { className: 'grants', children: grants })] });
      return element('details', { open: open.has(operation), data: { operation }, children: [summary, inside] });
    }),
  );
}

// ---- the page

function badge(view, count, bad = false) {
  const shown = byId(`${view}-badge`);
  shown.hidden = !count;
  shown.textContent = count;
  shown.classList.toggle('bad', bad);
}

const view = () => (VIEWS.includes(location.hash.slice(1)) ? location.hash.slice(1) : VIEWS[0]);

const sources = {
  requests: async () => byId('live').checked && showRequests(await get(`requests?limit=${SHOWN}`)),
  mails: async () => showMails(await get('mails')),
  jobs: async () => showJobs(await get('jobs')),
  policies: async () => showPolicies(await get('policies')),
};

let rounds = 0;

/** What is looked at is fresh; the rest, for its badges, less often. */
async function refresh() {
  const wanted = VIEWS.filter((name) => name === view() || rounds % 5 === 0);
  rounds += 1;
  const work = [get('clock').then(showClock), ...wanted.map((name) => sources[name]())];
  const done = await Promise.allSettled(work);
  // What fails in a view that nobody looks at is told when somebody does.
  const failed = done.find((one, index) => one.status === 'rejected' && (index === 0 || wanted[index - 1] === view()));
  byId('trouble').hidden = !failed;
  if (failed) byId('trouble').textContent = failed.reason instanceof TypeError ? 'The runner does not answer. Is it still running?' : failed.reason.message;
}

async function post(path, body, button) {
  button.disabled = true;
  const answer = await fetch(path, { method: 'POST', body: body || undefined }).catch((error) => error);
  button.disabled = false;
  const text = answer instanceof Response ? `${answer.status} ${await answer.text()}` : 'The runner does not answer.';
  const isWrong = !answer.ok;
  if (view() === 'jobs') {
    byId('answer').hidden = false;
    byId('answer').textContent = `POST ${path}: ${text}`;
    byId('answer').classList.toggle('bad', isWrong);
  }
  await refresh();
}

function showView() {
  for (const name of VIEWS) {
    byId(name).hidden = name !== view();
    byId(`tab-${name}`).ariaSelected = String(name === view());
    byId(`tab-${name}`).tabIndex = name === view() ? 0 : -1;
  }
  refresh();
}

document.addEventListener('click', ({ target }) => {
  const { post: path, advance } = target.dataset ?? {};
  if (path) post(path, null, target);
  if (advance) post('/_kith/clock', JSON.stringify({ advance }), target);
});
byId('set').addEventListener('submit', (event) => {
  event.preventDefault();
  const to = new FormData(event.target).get('to');
  post('/_kith/clock', JSON.stringify({ set: `${to.length === 16 ? `${to}:00` : to}Z` }), event.submitter);
});
const tabs = VIEWS.map((name) => byId(`tab-${name}`));
tabs.forEach((tab, index) => {
  tab.addEventListener('click', () => { location.hash = VIEWS[index]; });
  tab.addEventListener('keydown', ({ key }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
    if (!step) return;
    const next = (index + step + VIEWS.length) % VIEWS.length;
    location.hash = VIEWS[next];
    tabs[next].focus();
  });
});
byId('filter').addEventListener('input', applyFilter);
byId('as-html').addEventListener('click', () => showPart(true));
byId('as-text').addEventListener('click', () => showPart(false));
addEventListener('hashchange', showView);
setInterval(tick, 1000);
setInterval(() => { if (!document.hidden) refresh(); }, PAUSE);
showView();
