// The page: its head, the view that the address names, and what stands over it.

import { html, render, useEffect, useMemo, useRef, useState } from './vendor/preact-htm.js';
import { call } from './api.js';
import { logout, make, Notices, undo, undoable } from './changes.js';
import { allKeys, useKeys } from './keys.js';
import { alertTone, Name } from './parts.js';
import { go, href, route } from './route.js';
import { again, connect, session, store, subscribe } from './store.js';
import { clean, clock, count, uptime, zone } from './units.js';
import { Alerts } from './views/alerts.js';
import { Detectors } from './views/detectors.js';
import { Diff, Modified } from './views/diff.js';
import { Events } from './views/events.js';
import { Fleet } from './views/fleet.js';
import { Latency } from './views/latency.js';
import { Live } from './views/live.js';
import { Log } from './views/log.js';
import { Queues } from './views/queues.js';
import { Rules } from './views/rules.js';
import { Signals } from './views/signals.js';
import { Timeline } from './views/timeline.js';
import { Wall } from './views/wall.js';

// The views, in the order of the navigation. One of one camera is given its name.
const views = [
	{ id: 'fleet', View: Fleet },
	{ id: 'live', View: Live, ofCamera: true },
	{ id: 'wall', View: Wall },
	{ id: 'alerts', View: Alerts },
	{ id: 'detectors', View: Detectors, ofCamera: true },
	{ id: 'signals', View: Signals, ofCamera: true },
	{ id: 'rules', View: Rules, ofCamera: true },
	{ id: 'latency', View: Latency, ofCamera: true },
	{ id: 'queues', View: Queues, ofCamera: true },
	{ id: 'events', View: Events },
	{ id: 'timeline', View: Timeline },
	{ id: 'log', View: Log },
	{ id: 'diff', View: Diff },
];

// Health says whether all is well, and if not, what is not.
function Health() {
	const { snapshot } = store;
	if (!snapshot) return html`<span class="dim">waiting for the first snapshot</span>`;
	const list = snapshot.alerts;
	if (snapshot.cameras.length === 0 && list.length === 0) return html`<span class="warn">▲ no camera</span>`;
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

// Trouble says what is wrong with the connection.
function Trouble() {
	switch (store.link) {
	case 'lost': return html`<p class="banner bad" role="alert">▲ The connection is lost since ${clock(store.since)} ${zone(store.since)}. This is what was; trying again.</p>`;
	case 'full': return html`<p class="banner warn" role="alert">▲ Too many pages of this rvo-tui are visible in this browser. Close or hide one: this one goes on by itself.</p>`;
	case 'incompatible': return html`<p class="banner warn" role="alert">▲ This page is of another version of rvo-tui. <button onClick=${() => location.reload()}>Reload it</button></p>`;
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
		${names.length > 0 && html`<select aria-label="camera" onChange=${(e) => go(shown.ofCamera ? shown.id : 'live', e.target.value)}>
			${names.map((name) => html`<option value=${name} selected=${name === camera}>${clean(name)}</option>`)}</select>`}
		${views.map((v) => html`<a key=${v.id} href=${href(v.id, v.ofCamera ? camera : '')} aria-current=${v === shown ? 'page' : null}>${v.id}</a>`)}`,
	[names.join('\n'), shown, camera]);
	return html`
		<header>
			<a class="skip" href="#main" onClick=${skip}>to the content</a>
			<p class="health"><strong><a href=${href('fleet')}>rvo-tui</a></strong> <${Health} /></p>
			<${Figures} />
			<nav aria-label="views">
				${places}
				${store.readOnly && store.about && html`<span class="chip warn" title="This token may only look.">read only</span>`}
				${undoable() && html`<button class="plain" title="undo: ${undoable()}" onClick=${undo}>Undo</button>`}
				${session.known && html`<button class="plain" onClick=${leave}>Log out</button>`}
				<button class="plain" aria-label="keys" onClick=${() => document.getElementById('keys').showModal()}>?</button>
			</nav>
		</header>`;
}

function skip(event) {
	event.preventDefault();
	document.querySelector('main').focus();
}

function Login() {
	const [problem, setProblem] = useState('');
	const field = useRef();
	useEffect(() => field.current.focus(), []);
	const submit = async (event) => {
		event.preventDefault();
		try {
			await call('POST', 'login', { token: field.current.value.trim() });
			session.known = true;
			again();
		} catch (e) {
			setProblem(e.message);
			field.current.select();
		}
	};
	return html`
		<main class="login">
			<form onSubmit=${submit}>
				<h1>rvo-tui</h1>
				<input type="text" name="user" value="rvo-tui" autocomplete="username" readonly hidden />
				<label for="token">Token</label>
				<input id="token" ref=${field} type="password" autocomplete="current-password" required aria-describedby="problem" />
				<p id="problem" class="bad" role="alert">${problem}</p>
				<button>Log in</button>
				<p class="dim">It is <code>control.token</code> of the configuration, or <code>control.read_token</code> to look only.</p>
			</form>
		</main>`;
}

function Keys() {
	return html`
		<dialog id="keys" aria-label="keys">
			<h2>Keys</h2>
			<dl class="keys">${allKeys().map(([key, what]) => html`<dt><kbd>${key === ' ' ? 'space' : key}</kbd></dt><dd>${what}</dd>`)}</dl>
			<form method="dialog"><button>Close</button></form>
		</dialog>`;
}

// Alarm reads new alerts out.
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

function pageKeys(shown) {
	const keys = { '!': ['alerts', () => go('alerts')], '?': ['these keys', () => document.getElementById('keys').showModal()] };
	keys['/'] = ['filter', () => document.querySelector('main input[type=search]')?.focus()];
	keys.u = ['undo the last change', undo];
	keys['0'] = ['the table of all cameras', () => go('fleet')];
	for (let n = 1; n <= 9; n++) {
		keys[n] = [`camera ${n}`, () => {
			const camera = store.snapshot?.cameras[n - 1];
			if (camera) go(shown.ofCamera ? shown.id : 'live', camera.name);
		}];
	}
	return keys;
}

function App() {
	const at = route();
	const shown = views.find((v) => v.id === at.view) ?? views[0];
	const camera = at.camera || (store.snapshot?.cameras[0]?.name ?? '');
	useKeys(pageKeys(shown), true);
	document.title = `${shown.id}${at.camera ? ' ' + clean(at.camera) : ''} · rvo-tui`;
	if (store.link === 'login') return html`<${Login} />`;
	return html`
		<${Head} shown=${shown} camera=${camera} />
		<${Trouble} />
		<main id="main" tabindex="-1" data-view=${shown.id} class=${store.link === 'live' ? '' : 'stale'}>
			${store.snapshot ? html`<${shown.View} key=${shown.id} route=${{ ...at, camera }} />` : html`<p class="empty">Not connected yet.</p>`}
		</main>
		<${Notices} />
		<${Alarm} />
		<${Keys} />`;
}

const root = document.getElementById('app');
const draw = () => render(html`<${App} />`, root);
addEventListener('hashchange', draw);
subscribe(draw);
draw();
connect();
