// The page: header, the view that the URL selects, and overlays.

import { html, render, useEffect, useMemo, useRef, useState } from './vendor/preact-htm.js';
import { call } from './api.js';
import { barred, logout, make, Notices, reload, saveClip, say, toggleCamera, undo, undoable } from './changes.js';
import { allKeys, useKeys } from './keys.js';
import { alertTone, Name } from './parts.js';
import { go, href, route } from './route.js';
import { again, camera as find, connect, freeze, session, store, subscribe } from './store.js';
import { clean, clock, count, uptime, zone } from './units.js';
import { Modified } from './views/diff.js';

// The views in navigation order. Each is the default export of the module of the same name.
const views = ['fleet', 'live', 'wall', 'alerts', 'detectors', 'signals', 'rules', 'latency', 'queues', 'events', 'timeline', 'log', 'diff'].map((id) => ({ id }));
const loading = Promise.all(views.map(async (v) => (v.View = (await import(`./views/${v.id}.js`)).default)));

// Health shows the worst alert, or that there is none.
function Health() {
	const { snapshot } = store;
	if (!snapshot) return html`<span class="dim">waiting for the first snapshot</span>`;
	const list = snapshot.alerts;
	if (snapshot.cameras.length === 0 && list.length === 0) return html`<a class="warn" href=${href('fleet', '', '', { add: 'yes' })}>▲ no camera: add one</a>`;
	const first = list[0];
	if (!first || (first.acknowledged && !first.severe)) {
		const known = list.length > 0 && html` <a class="dim" href=${href('alerts')}>${list.length} acknowledged</a>`;
		return html`<span class="good"><i aria-hidden="true">●</i> healthy</span>${known}`;
	}
	return html`
		<a class="trouble ${alertTone(first)}" href=${href('alerts')}>
			<i aria-hidden="true">▲</i> <${Name} of=${first.cause ? `${first.title}: ${first.cause}` : first.title} />
		</a>${list.length > 1 && html`<a class="more ${alertTone(first)}" href=${href('alerts')}>+${list.length - 1} more</a>`}`;
}

// Trouble shows connection problems.
function Trouble() {
	switch (store.link) {
	case 'lost': return html`<p class="banner bad" role="alert">▲ Connection lost at ${clock(store.since)} ${zone(store.since)}${store.why && html`: <${Name} of=${store.why} />`}. The data shown is old. Reconnecting…</p>`;
	case 'full': return html`<p class="banner warn" role="alert">▲ Too many pages of this rvo-tui are visible in this browser. Close or hide one, and this page continues.</p>`;
	case 'incompatible': return html`<p class="banner warn" role="alert">▲ This page is from another version of rvo-tui. <button onClick=${() => location.reload()}>Reload</button></p>`;
	}
	return null;
}

function Figures() {
	const { snapshot, about, events } = store;
	if (!snapshot) return null;
	const now = Date.parse(snapshot.at);
	return html`
		<p class="figures dim">
			<${Modified} />
			${store.frozen && html`<button class="plain info" onClick=${freeze}>frozen at ${clock(now)} ${zone(now)}</button>`}
			<span title="uptime">up ${uptime(snapshot.uptime_ns)}</span>
			${snapshot.log.errors > 0 && html`<a class="bad" href=${href('log')}>errors ${count(snapshot.log.errors)}</a>`}
			<span>events ${count(events.at(-1)?.seq ?? 0)}</span>
			${snapshot.clips && html`<span>clips ${count(snapshot.clips.saved)}</span>`}
			<span class="host">${clean(about?.host)} ${clean(about?.version)}</span>
			<time>${clock(now)} ${zone(now)}</time>
		</p>`;
}

async function leave() {
	if (await make(logout())) return;
	session.known = false;
	again();
}

function Head({ shown, camera }) {
	const { snapshot } = store;
	const names = snapshot?.cameras.map((c) => c.name) ?? [];
	const places = useMemo(() => html`
		${names.length > 0 && html`<select aria-label="camera" onChange=${(e) => go(shown.View.ofCamera ? shown.id : 'live', e.target.value)}>
			${names.map((name) => html`<option value=${name} selected=${name === camera}>${clean(name)}</option>`)}</select>`}
		${views.map((v) => html`<a key=${v.id} href=${href(v.id, v.View?.ofCamera ? camera : '')} aria-current=${v === shown ? 'page' : null}>${v.id}</a>`)}`,
	[names.join('\n'), shown.View, camera]);
	return html`
		<header>
			<a class="skip" href="#main" onClick=${(e) => { e.preventDefault(); document.querySelector('main').focus(); }}>skip to content</a>
			<p class="health"><strong><a href=${href('fleet')}>rvo-tui</a></strong> <${Health} /></p>
			<${Figures} />
			<nav aria-label="views">
				${places}
				${store.readOnly && store.about && html`<span class="chip warn" title="This token allows no changes.">read-only</span>`}
				${undoable() && html`<button class="plain" title="undo: ${undoable()}" onClick=${undo}>Undo</button>`}
				${session.known && html`<button class="plain" onClick=${leave}>Log out</button>`}
				<button class="plain" aria-label="keys" onClick=${() => document.getElementById('keys').showModal()}>?</button>
			</nav>
		</header>`;
}

// login is the form in index.html. useLogin shows it.
const login = document.getElementById('login');
const token = login.elements.token, refused = document.getElementById('refused');

login.addEventListener('submit', async (event) => {
	event.preventDefault();
	try {
		await call('POST', 'login', { token: token.value.trim() });
		session.known = true;
		refused.textContent = token.value = '';
		again();
	} catch (e) {
		refused.textContent = e.message;
		token.select();
	}
});

function useLogin(shown) {
	useEffect(() => {
		login.parentElement.hidden = !shown;
		if (shown) token.focus();
	}, [shown]);
}

function Keys() {
	return html`
		<dialog id="keys" aria-label="keys">
			<h2>Keys</h2>
			<dl class="keys">${allKeys().map(([key, what]) => html`<dt><kbd>${key === ' ' ? 'space' : key}</kbd></dt><dd>${what}</dd>`)}</dl>
			<form method="dialog"><button>Close</button></form>
		</dialog>`;
}

// Alarm announces new alerts to screen readers.
function Alarm() {
	const told = useRef(new Set());
	const [text, setText] = useState('');
	const alerts = store.snapshot?.alerts ?? [];
	useEffect(() => {
		const fresh = alerts.filter((a) => !told.current.has(a.id));
		const gone = [...told.current].some((id) => !alerts.some((a) => a.id === id));
		told.current = new Set(alerts.map((a) => a.id));
		if (fresh.length > 0) setText(fresh.map((a) => clean(`${a.title}. ${a.remedy}`)).join(' '));
		else if (gone && alerts.length === 0) setText('healthy');
	}, [alerts.map((a) => a.id).join()]);
	return html`<div class="hidden" role="log" aria-live="assertive">${text}</div>`;
}

// may makes the change of a key unless changes are barred.
const may = (change) => (barred() ? say(barred(), 'bad') : make(change()));

function pageKeys(shown, camera) {
	const of = (change) => (find(camera) ? may(() => change(find(camera))) : say('there is no camera', 'bad'));
	const keys = {
		'!': ['current alerts', () => go('alerts')],
		'0': ['all cameras in a table', () => go('fleet')],
		w: ['all cameras side by side', () => go('wall')],
		t: ['history of rules and their events', () => go('timeline')],
		D: ['compare the running configuration with the file', () => go('diff')],
		'/': ['filter the list', () => document.querySelector('main input[type=search]')?.focus()],
		a: ['attach a detector', () => go('detectors', camera, '', { attach: 'yes' })],
		A: ['add a camera', () => go('fleet', '', '', { add: 'yes' })],
		c: ['save a clip of the camera', () => of(({ name }) => saveClip(name))],
		p: ['pause or resume the camera', () => of(toggleCamera)],
		r: ['reload the configuration', () => may(reload)],
		u: ['undo the last change', undo],
		f: ['freeze or unfreeze the page', freeze],
		'?': ['this help', () => document.getElementById('keys').showModal()],
	};
	for (let n = 1; n <= 9; n++) {
		keys[n] = [`camera ${n}`, () => {
			const camera = store.snapshot?.cameras[n - 1];
			if (camera) go(shown.View?.ofCamera ? shown.id : 'live', camera.name);
		}];
	}
	return keys;
}

function App() {
	const at = route();
	const shown = views.find((v) => v.id === at.view) ?? views[0];
	const camera = at.camera || (store.snapshot?.cameras[0]?.name ?? '');
	useKeys(pageKeys(shown, camera), true);
	document.title = `${shown.id}${at.camera ? ' ' + clean(at.camera) : ''} · rvo-tui`;
	useEffect(() => {
		const at = document.querySelector('nav [aria-current]');
		if (at) at.parentElement.scrollLeft = at.offsetLeft - innerWidth / 2;
	}, [shown, store.link]);
	useLogin(store.link === 'login');
	if (store.link === 'login') return null;
	return html`
		<${Head} shown=${shown} camera=${camera} />
		<${Trouble} />
		<main id="main" tabindex="-1" data-view=${shown.id} class=${store.link === 'live' ? '' : 'stale'}>
			${store.snapshot && shown.View ? html`<${shown.View} key=${shown.id} route=${{ ...at, camera }} />` : html`<p class="empty">Not connected yet.</p>`}
		</main>
		<${Notices} />
		<${Alarm} />
		<${Keys} />`;
}

const draw = () => render(html`<${App} />`, document.getElementById('app'));
addEventListener('hashchange', draw);
subscribe(draw);
draw();
loading.then(connect);
