// Changes of the runtime, what takes them back, as in the terminal, and notices of what came
// of them.

import { html } from './vendor/preact-htm.js';
import { call, path, Problem } from './api.js';
import { changed, store } from './store.js';
import { clean } from './units.js';

const most = 50; // changes that can be taken back
const noticed = 8000; // milliseconds that a notice is shown

// A request is {method, path, body}. A change is {what, requests, back}: "back" are the
// requests that take it back; none: it cannot be.
let made = []; // that can be taken back, oldest first
let busy = false;

// undoable says what undo takes back; undefined: there is nothing.
export const undoable = () => made.at(-1)?.what;

// make carries a change out, and remembers it. It returns what failed; null: nothing did.
export async function make(change) {
	const problem = await carryOut(change.requests);
	if (problem) {
		say(problem.message, 'bad');
		return problem;
	}
	if (change.back.length > 0) made = [...made, change].slice(-most);
	say(change.what, 'good');
	return null;
}

// undo takes the last change back. What fails can be tried again.
export async function undo() {
	const last = made.at(-1);
	if (!last) return say('nothing to undo');
	const problem = await carryOut(last.back);
	if (problem) return say(problem.message, 'bad');
	made = made.slice(0, -1);
	return say('undone: ' + last.what, 'good');
}

async function carryOut(requests) {
	if (busy) return new Problem(0, 'the change before is still being made', 'try again');
	busy = true;
	try {
		for (const r of requests) await call(r.method, r.path, r.body);
		return null;
	} catch (e) {
		return e;
	} finally {
		busy = false;
		changed();
	}
}

// barred says why nothing can be changed now; empty: it can.
export function barred() {
	if (store.link !== 'live') return 'not connected: nothing can be changed';
	return store.readOnly ? 'read-only: this token cannot change anything; log in with control.token' : '';
}

const detectorPath = (camera, detector, verb) => path('cameras', camera, 'detectors', detector) + (verb ? '/' + verb : '');

const done = { enable: 'enabled', disable: 'disabled', pause: 'paused', resume: 'resumed', arm: 'armed', disarm: 'disarmed' };

// turn is a change by one of two verbs that take each other back.
const turn = (name, at, verbs, on) => ({
	what: `${name} is ${done[verbs[on ? 0 : 1]]}`,
	requests: [{ method: 'POST', path: `${at}/${verbs[on ? 0 : 1]}` }],
	back: [{ method: 'POST', path: `${at}/${verbs[on ? 1 : 0]}` }],
});

export const setDetector = (camera, name, on) => turn(`${name} on ${camera}`, detectorPath(camera, name), ['enable', 'disable'], on);
export const setRule = (camera, event, on, verbs = ['enable', 'disable']) => turn(`${event} on ${camera}`, path('cameras', camera, 'rules', event), verbs, on);
export const armRule = (camera, event, on) => setRule(camera, event, on, ['arm', 'disarm']);
export const setCamera = (name, on) => turn(name, path('cameras', name), ['resume', 'pause'], on);

// once is a change that cannot be taken back.
const once = (what, method, path, body) => ({ what, requests: [{ method, path, body }], back: [] });

export const saveClip = (camera) => once(`a clip of ${camera} is being saved`, 'POST', path('cameras', camera, 'clips'));
export const detach = (camera, name) => once(`${name} is detached from ${camera}`, 'DELETE', detectorPath(camera, name));
export const write = (diff) => once(`written to ${diff.file}`, 'POST', 'config/write', { id: diff.id });
export const logout = () => once('logged out', 'POST', 'logout');

export function setRate(camera, detector, fps) {
	const put = (rate) => [{ method: 'PUT', path: detectorPath(camera, detector.name, 'rate'), body: { fps: rate } }];
	return { what: `${detector.name} runs ${fps} times a second at most on ${camera}`, requests: put(fps), back: put(detector.max_fps) };
}

export function attach(camera, config) {
	return {
		what: `${config.name} is attached`,
		requests: [{ method: 'POST', path: path('cameras', camera, 'detectors'), body: config }],
		back: [{ method: 'DELETE', path: detectorPath(camera, config.name) }],
	};
}

export function acknowledge(alert) {
	const requests = [{ method: 'POST', path: path('alerts', alert.id, 'acknowledge') }];
	return { what: `${alert.acknowledged ? 'no longer acknowledged' : 'acknowledged until it ends'}: ${alert.title}`, requests, back: requests };
}

// edit changes zones and lines in the file; back are the edits that take it back.
export function edit(what, edits, back) {
	const post = (list) => [{ method: 'POST', path: 'config/edit', body: { edits: list, write: true } }];
	return { what, requests: post(edits), back: post(back) };
}

let notices = []; // {id, text, kind}
let next = 1;

// say shows a text for a while; kind: "good", "bad" or "info".
export function say(text, kind = 'info') {
	const id = next++;
	notices = [...notices, { id, text, kind }].slice(-3);
	setTimeout(() => {
		notices = notices.filter((n) => n.id !== id);
		changed();
	}, noticed);
	changed();
}

// copy puts a text into the clipboard.
export function copy(text, what) {
	navigator.clipboard.writeText(text).then(() => say('copied: ' + what, 'good'), () => say('this browser lets nothing be copied here', 'bad'));
}

export const Notices = () => html`
	<div class="notices" role="status" aria-live="polite">
		${notices.map((n) => html`<p key=${n.id} class=${n.kind}>${clean(n.text)}</p>`)}
	</div>`;
