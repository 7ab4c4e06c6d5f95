// Changes of the runtime, and what takes them back, as in the terminal.

import { call, path, Problem } from './api.js';
import { say } from './notice.js';
import { changed, store } from './store.js';

const most = 50; // changes that can be taken back

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
	if (!last) return say('there is nothing to take back');
	const problem = await carryOut(last.back);
	if (problem) return say(problem.message, 'bad');
	made = made.slice(0, -1);
	return say('taken back: ' + last.what, 'good');
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

// turn is a change between two routes that take each other back.
const turn = (what, at, to, from) => ({
	what,
	requests: [{ method: 'POST', path: `${at}/${to}` }],
	back: [{ method: 'POST', path: `${at}/${from}` }],
});

const words = (on) => (on ? ['enable', 'disable'] : ['disable', 'enable']);

export const setDetector = (camera, name, on) => turn(`${name} is ${words(on)[0]}d on ${camera}`, detectorPath(camera, name), ...words(on));

export const setRule = (camera, event, on) => turn(`${event} is ${words(on)[0]}d on ${camera}`, path('cameras', camera, 'rules', event), ...words(on));

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

export const detach = (camera, name) => ({
	what: `${name} is detached from ${camera}`,
	requests: [{ method: 'DELETE', path: detectorPath(camera, name) }],
	back: [],
});
