// Changes to the runtime, undoing them, and notices about the outcome.

import { html } from './vendor/preact-htm.js';
import { call, path, Problem } from './api.js';
import { again, changed, store } from './store.js';
import { clean } from './units.js';

const most = 50; // changes that can be undone
const noticed = 8000; // milliseconds for which a notice is shown
const effect = 2000; // milliseconds that a change may take to show in a snapshot

// A request is {method, path, body}. A change is {what, requests, back}: back are the requests
// that undo it, or a function that makes them from the last answer. Empty: it cannot be undone.
let made = []; // changes that can be undone, oldest first
let busy = false;
let asked = []; // the last requests, as {path, snapshot, time}

// undoable returns what undo would undo, or undefined.
export const undoable = () => made.at(-1)?.what;

// make makes a change and remembers how to undo it. It returns the error, or null.
export const make = ({ what, requests, back }) => carryOut(requests, what, (answer) => {
	const undoing = typeof back === 'function' ? back(answer) : back;
	if (undoing.length > 0) made = [...made, { what, back: undoing }].slice(-most);
});

// undo undoes the last change. If that fails, it can be tried again.
export async function undo() {
	const last = made.at(-1);
	if (!last) return say('nothing to undo');
	return carryOut(last.back, 'undone: ' + last.what, () => (made = made.slice(0, -1)));
}

// carryOut makes requests one after the other and calls done with the last answer.
async function carryOut(requests, what, done) {
	if (busy) return failed(new Problem(0, 'the previous change is still in progress', 'try again'));
	busy = true;
	try {
		let answer;
		for (const r of requests) {
			answer = await call(r.method, r.path, r.body);
			asked = [...asked, { path: r.path, snapshot: store.snapshot, time: performance.now() }].slice(-most);
		}
		done(answer);
		say(what, 'good');
		return null;
	} catch (e) {
		return failed(e);
	} finally {
		busy = false;
	}
}

function failed(problem) {
	if (problem.status === 401) again(); // the session has ended
	say(problem.message, 'bad');
	return problem;
}

// barred returns why changes are not possible now; empty: they are.
export function barred() {
	if (store.link !== 'live') return 'not connected: nothing can be changed';
	return store.readOnly ? 'read-only: this token cannot change anything; log in with control.token' : '';
}

const request = (method, at, body) => ({ method, path: at, body });

// once is a change that cannot be undone.
const once = (what, ...of) => ({ what, requests: [request(...of)], back: [] });

const detectorPath = (camera, detector) => path('cameras', camera, 'detectors', detector);

const done = { enable: 'enabled', disable: 'disabled', pause: 'paused', resume: 'resumed', arm: 'armed', disarm: 'disarmed' };

// turn is a change by one of two opposite verbs.
function turn(name, at, verbs, on) {
	const [verb, other] = on ? verbs : verbs.toReversed();
	return { what: `${name} ${done[verb]}`, requests: [request('POST', `${at}/${verb}`)], back: [request('POST', `${at}/${other}`)] };
}

// toggle is a change to the opposite of what was asked last, or of what is shown if that is old.
function toggle(name, at, verbs, shown) {
	const last = asked.findLast((a) => verbs.some((verb) => a.path === `${at}/${verb}`));
	const recent = last && (last.snapshot === store.snapshot || performance.now() - last.time < effect);
	return turn(name, at, verbs, recent ? last.path !== `${at}/${verbs[0]}` : !shown);
}

export const toggleDetector = (camera, name, shown) => toggle(`${name} on ${camera}`, detectorPath(camera, name), ['enable', 'disable'], shown);
export const toggleRule = (camera, event, shown, verbs = ['enable', 'disable']) => toggle(`${event} on ${camera}`, path('cameras', camera, 'rules', event), verbs, shown);
export const toggleArmed = (camera, event, shown) => toggleRule(camera, event, shown, ['arm', 'disarm']);
export const toggleCamera = ({ name, state }) => toggle(name, path('cameras', name), ['resume', 'pause'], state !== 'paused');

// armAll arms or disarms all rules with hours, on all cameras.
export const armAll = (on) => turn('every rule with hours', 'cameras/all/rules/all', ['arm', 'disarm'], on);

export const saveClip = (camera) => once(`saving a clip of ${camera}`, 'POST', path('cameras', camera, 'clips'));
export const detach = (camera, name) => once(`${name} detached from ${camera}`, 'DELETE', detectorPath(camera, name));
export const removeCamera = (name) => once(`camera ${name} removed`, 'DELETE', path('cameras', name));
export const write = (diff) => once(`written to ${diff.file}`, 'POST', 'config/write', { id: diff.id });
export const reload = () => once('configuration reloaded', 'POST', 'reload');
export const testOutput = (name) => once(`${name} accepted a test message`, 'POST', path('outputs', name, 'test'));
export const resend = (name, id = 'all') => once(`resending to ${name}`, 'POST', path('outputs', name, 'aside', id, 'resend'));
export const discard = (name, id = 'all') => once(`messages for ${name} discarded`, 'DELETE', path('outputs', name, 'aside', id));
export const logout = () => once('logged out', 'POST', 'logout');

export function setRate(camera, { name, max_fps: before }, fps) {
	const put = (rate) => [request('PUT', detectorPath(camera, name) + '/rate', { fps: rate })];
	return { what: `${name} on ${camera}: at most ${fps} runs per second`, requests: put(fps), back: put(before) };
}

export function attach(camera, config) {
	const requests = [request('POST', path('cameras', camera, 'detectors'), config)];
	return { what: `${config.name} attached`, requests, back: [request('DELETE', detectorPath(camera, config.name))] };
}

// addCamera adds a camera if its source delivers a frame.
export function addCamera(config) {
	const requests = [request('POST', 'sources/try', config), request('POST', 'cameras', config)];
	return { what: `camera ${config.name} added`, requests, back: [request('DELETE', path('cameras', config.name))] };
}

export function acknowledge(alert) {
	const requests = [request('POST', path('alerts', alert.id, 'acknowledge'))];
	return { what: `${alert.acknowledged ? 'no longer acknowledged' : 'acknowledged until it clears'}: ${alert.title}`, requests, back: requests };
}

// edit changes zones and lines in the configuration file.
export function edit(what, edits) {
	const revert = (diff) => [request('POST', 'config/revert', { id: diff.id })];
	return { what, requests: [request('POST', 'config/edit', { edits, write: true })], back: revert };
}

let notices = []; // {id, text, kind}
let next = 1;

// say shows a notice for some seconds. kind is "good", "bad" or "info".
export function say(text, kind = 'info') {
	const id = next++;
	notices = [...notices, { id, text, kind }].slice(-3);
	setTimeout(() => {
		notices = notices.filter((n) => n.id !== id);
		changed();
	}, noticed);
	changed();
}

// copy copies a text to the clipboard. what is its name for the notice.
export function copy(text, what) {
	navigator.clipboard.writeText(text).then(() => say('copied: ' + what, 'good'), () => say('this browser does not allow copying here', 'bad'));
}

export const Notices = () => html`
	<div class="notices" role="status" aria-live="polite">
		${notices.map((n) => html`<p key=${n.id} class=${n.kind}>${clean(n.text)}</p>`)}
	</div>`;
