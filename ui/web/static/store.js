// What the views show. They are rendered at most once a frame, from the newest snapshot.

import { follow, get, Problem } from './api.js';
import { build } from './build.js';
import { history } from './history.js';
import { enter } from './pages.js';

export const silence = 1900; // milliseconds without a byte after which a connection is lost
const maxEvents = 256, maxLines = 500;

export const store = {
	// "connecting", "live", "lost", "hidden", "full" (too many pages), "login" or
	// "incompatible" (the page is of another version).
	link: 'connecting',
	since: Date.now(), // of link
	about: null, // GET /api/about
	snapshot: null,
	events: [], // {seq, event}, oldest first
	lines: [], // {seq, time, level, text}, oldest first
	frozen: false, // snapshot, events and lines stay as they are
	lost: { events: 0, log: 0 }, // that the stream has not sent
	readOnly: true, // nothing can be changed
};

let render = () => {};
let scheduled = false;
let waiting = null; // the newest snapshot, as text
let events = [], lines = []; // the newest ones

// subscribe calls back after each change, at most once a frame.
export function subscribe(listener) {
	render = listener;
}

// changed has everything rendered with the next frame.
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

// freeze keeps what is shown as it is, or lets it go on.
export function freeze() {
	store.frozen = !store.frozen;
	changed();
}

// take replaces the snapshot by the newest one.
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
	history.add(snapshot);
}

function stand(link) {
	if (store.link === link) return;
	store.link = link;
	store.since = Date.now();
	changed();
}

// camera returns a camera of the snapshot by its name; null: there is none.
export const camera = (name) => store.snapshot?.cameras.find((c) => c.name === name) ?? null;

let position = ''; // ID of the last event or log line
let instance = '';

function receive(type, data, id) {
	if (id) {
		position = id;
		const of = id.split('.')[0];
		if (of !== instance) {
			instance = of; // numbers begin anew
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

let current = null; // what ends the connection
let restart = () => {};

// again connects again, as after a login.
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

// connect follows the server until the page is closed.
export async function connect() {
	document.addEventListener('visibilitychange', again);
	for (;;) {
		if (document.hidden) {
			stand('hidden');
			await delay(1e9);
			continue;
		}
		current = new AbortController();
		try {
			await attempt(current.signal);
			if (store.link !== 'incompatible') stand('lost');
		} catch (e) {
			if (store.link !== 'incompatible') stand(e instanceof Problem && e.status === 401 ? 'login' : 'lost');
		}
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

// served returns the version of the page that the server has now.
async function served(signal) {
	const text = await (await fetch('build.js', { signal, cache: 'no-cache' })).text();
	return text.match(/"([^"]*)"/)?.[1];
}

// session says whether this browser has logged in; its cookie is for the server only.
export const session = { get known() { return localStorage.session === 'yes'; }, set known(yes) { localStorage.session = yes ? 'yes' : 'no'; } };
