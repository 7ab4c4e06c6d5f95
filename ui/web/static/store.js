// The data of the views. They are rendered at most once per animation frame, from the newest snapshot.

import { follow, get, Problem } from './api.js';
import { build } from './build.js';
import { history } from './history.js';
import { enter } from './pages.js';

export const silence = 1900; // milliseconds without data after which the connection counts as lost
const maxEvents = 256, maxLines = 500;

export const store = {
	// "connecting", "live", "lost", "hidden", "full" (too many pages), "login" or
	// "incompatible" (the page is from another version).
	link: 'connecting',
	since: Date.now(), // when link changed
	why: '', // why the server has refused the connection
	about: null, // GET /api/about
	snapshot: null,
	events: [], // {seq, event}, oldest first
	lines: [], // {seq, time, level, text}, oldest first
	frozen: false, // snapshot, events and lines do not change
	lost: { events: 0, log: 0 }, // numbers that the stream has dropped
	readOnly: true, // changes are not allowed
};

let render = () => {};
let scheduled = false;
let waiting = null; // the newest snapshot as text, not parsed yet
let events = [], lines = []; // the newest ones, also while frozen
let ahead = 0; // milliseconds that the server's clock is ahead of this browser's

// now returns the time by the server's clock, in milliseconds since 1970.
export const now = () => Date.now() + ahead;

// subscribe sets the callback for changes. It runs at most once per animation frame.
export const subscribe = (listener) => (render = listener);

// changed schedules a render for the next animation frame.
export function changed() {
	if (scheduled) return;
	scheduled = true;
	requestAnimationFrame(() => {
		scheduled = false;
		if (!store.frozen) Object.assign(store, { events, lines });
		if (waiting && !store.frozen) take();
		render();
	});
}

// freeze freezes or unfreezes the page.
export function freeze() {
	store.frozen = !store.frozen;
	changed();
}

// take parses the newest snapshot and makes it the current one.
function take() {
	const snapshot = JSON.parse(waiting);
	waiting = null;
	if (!Array.isArray(snapshot.cameras) || !Array.isArray(snapshot.alerts)) {
		stand('incompatible');
		current.abort();
		return;
	}
	if (store.snapshot && store.snapshot.started !== snapshot.started) history.clear();
	store.snapshot = snapshot;
	ahead = Date.parse(snapshot.at) - Date.now();
	history.add(snapshot);
}

function stand(link) {
	if (store.link === link) return;
	store.link = link;
	store.since = Date.now();
	changed();
}

// camera returns a camera of the snapshot by name, or null.
export const camera = (name) => store.snapshot?.cameras.find((c) => c.name === name) ?? null;

let position = ''; // ID of the last event or log line
let instance = '';

function receive(type, data, id) {
	if (id) {
		position = id;
		const of = id.split('.')[0];
		if (of !== instance) {
			instance = of; // the server was restarted, so numbers start over
			events = lines = [];
		}
	}
	switch (type) {
	case 'state':
		waiting = data;
		stand('live');
		break;
	case 'event':
		events = [...events, JSON.parse(data)].slice(-maxEvents);
		break;
	case 'log':
		lines = [...lines, JSON.parse(data)].slice(-maxLines);
		break;
	case 'gap': {
		const gap = JSON.parse(data);
		store.lost = { events: store.lost.events + gap.events, log: store.lost.log + gap.log };
	}
	}
	changed();
}

let current = null; // aborts the connection
let restart = () => {};

// again reconnects now, for example after a login.
export function again() {
	current?.abort();
	restart();
}

const delay = (time) => new Promise((done) => {
	const timer = setTimeout(done, time);
	restart = () => {
		clearTimeout(timer);
		done();
	};
});

// connect stays connected to the server until the page is closed.
export async function connect() {
	document.addEventListener('visibilitychange', again);
	for (;;) {
		if (document.hidden) {
			stand('hidden');
			await delay(1e9);
			continue;
		}
		current = new AbortController();
		const e = await attempt(current.signal).catch((e) => e);
		store.why = e instanceof Problem && e.status > 0 ? e.message : '';
		changed();
		if (store.link !== 'incompatible') stand(e instanceof Problem && e.status === 401 ? 'login' : 'lost');
		if (document.hidden) continue;
		await delay(store.link === 'login' || store.link === 'incompatible' ? 1e9 : 500);
	}
}

async function attempt(signal) {
	const leave = await enter(signal, () => stand('full'));
	try {
		store.about = await get('about');
		store.readOnly = store.about.read_only;
		if ((await served(signal)) !== build) {
			stand('incompatible');
			return;
		}
		await follow('stream?state=10&events&log', { after: position, silence, signal, event: receive });
	} finally {
		leave();
	}
}

// served returns the version of the page on the server.
async function served(signal) {
	const text = await (await fetch('build.js', { signal, cache: 'no-cache' })).text();
	return text.match(/"([^"]*)"/)?.[1];
}

// session tells whether this browser has logged in. Scripts cannot read its cookie, and a browser may deny access to its storage.
export const session = { get known() { try { return localStorage.session === 'yes'; } catch { return false; } }, set known(yes) { try { localStorage.session = yes ? 'yes' : 'no'; } catch { /* denied */ } } };
