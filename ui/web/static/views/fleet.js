// The fleet: one line a camera.

import { html } from '../vendor/preact-htm.js';
import { history } from '../history.js';
import { alertsOf, alertTone, inTrouble, Name, Spark, State } from '../parts.js';
import { href, replace } from '../route.js';
import { store } from '../store.js';
import { ago, clean, count, ms, rate } from '../units.js';

// The orders of the fleet, by their names: what is compared, and the column that it heads.
const orders = {
	trouble: [(a, b) => a.trouble - b.trouble, 'camera'],
	name: [(a, b) => a.camera.name.localeCompare(b.camera.name), ''],
	fps: [(a, b) => a.camera.fps - b.camera.fps, 'fps'],
	latency: [(a, b) => b.latency - a.latency, 'latency'],
	events: [(a, b) => b.events - a.events, 'events/h'],
	drops: [(a, b) => b.drops - a.drops, 'drops/s'],
};

function rowOf(camera, alerts) {
	const its = alertsOf(alerts, camera.name);
	return {
		camera, alerts: its, trouble: inTrouble(its), latency: history.latency(camera.name),
		events: history.eventRate(store.snapshot, camera) ?? -1, drops: history.dropRate(camera.name) ?? -1,
	};
}

// Counts writes how many there are of each, in its colour: [number, class, mark, word].
function Counts({ of }) {
	const some = of.filter(([n]) => n > 0);
	if (some.length === 0) return '-';
	return some.map(([n, look, mark, word]) => html`<span class=${look} title="${n} ${word}" aria-label="${n} ${word}">${n}${mark}</span> `);
}

function detectorCounts({ camera, alerts }) {
	const n = { failed: 0, slow: 0, well: 0, idle: 0, off: 0 };
	for (const d of camera.detectors) {
		const its = alertsOf(alerts, camera.name, d.name);
		if (inTrouble(its) === 0 || d.state === 'failed' || d.state === 'stuck') n.failed++;
		else if (its.length > 0) n.slow++;
		else if (d.state === 'disabled') n.off++;
		else if (camera.state !== 'live') n.idle++;
		else n.well++;
	}
	return [[n.failed, 'bad', '✗', 'failed'], [n.slow, 'warn', '▲', 'slow'], [n.well, 'good', '✓', 'well'], [n.idle, 'dim', '●', 'without frames'], [n.off, 'dim', '○', 'disabled']];
}

function ruleCounts({ camera }) {
	const n = { confirmed: 0, potential: 0, unknown: 0, idle: 0, off: 0 };
	for (const { status } of camera.rules) {
		if (status.state === 'disabled') n.off++;
		else if (status.state === 'confirmed' || status.state === 'cooldown') n.confirmed++;
		else if (status.state === 'potential') n.potential++;
		else if (status.truth === 'unknown') n.unknown++;
		else n.idle++;
	}
	return [[n.confirmed, 'good', '●', 'confirmed'], [n.potential, 'warn', '●', 'potential'], [n.unknown, 'warn', '?', 'unknown'], [n.idle, 'dim', '●', 'idle'], [n.off, 'dim', '○', 'disabled']];
}

function LastEvent({ camera, now }) {
	const last = store.events.findLast((e) => e.event.camera === camera);
	if (!last) return html`<span class="dim">none yet</span>`;
	const age = Math.max(now - Date.parse(last.event.time), 0);
	return html`<a href=${href('events', '', last.event.id)}>${clean(last.event.event_type)}</a> <span class="dim">${ago(Math.trunc(age / 1000) * 1e9)} ago</span>`;
}

function Row({ row, now }) {
	const c = row.camera;
	return html`
		<tr>
			<th scope="row">
				<i class=${['bad', 'warn', 'good'][row.trouble]} aria-hidden="true">${row.trouble < 2 ? '▲' : '●'}</i>
				<a data-row href=${href('live', c.name)}><${Name} of=${c.name} /></a>
				${row.alerts.map((a) => html`<a class="why ${alertTone(a)}" href=${href('alerts', '', '', { id: a.id })}><${Name} of=${a.cause ? `${a.title}: ${a.cause}` : a.title} /></a>`)}
			</th>
			<td>${store.link !== 'live' ? html`<span class="warn">not known</span>` : html`<${State} of=${c.state} />`}</td>
			<td class="wide"><${Spark} values=${history.values(c.name)} label="frames a second" /></td>
			<td class="number">${rate(c.fps)}</td>
			<td class="number">${row.latency > 0 ? ago(row.latency) : '-'}</td>
			<td><a href=${href('detectors', c.name)}><${Counts} of=${detectorCounts(row)} /></a></td>
			<td><a href=${href('rules', c.name)}><${Counts} of=${ruleCounts(row)} /></a></td>
			<td class="number">${row.events < 0 ? '-' : count(row.events + 0.5)}</td>
			<td class="number ${row.drops >= 0.05 ? 'warn' : ''}">${row.drops < 0 ? '-' : rate(row.drops)}</td>
			<td class="wide"><${LastEvent} camera=${c.name} now=${now} /></td>
		</tr>`;
}

function Head({ name, order, number }) {
	const by = Object.keys(orders).find((o) => orders[o][1] === name);
	const look = number ? 'number' : '';
	if (!by) return html`<th scope="col" class=${look}>${name}</th>`;
	const next = name === 'camera' && order === 'trouble' ? 'name' : by;
	const on = order === by || (name === 'camera' && order === 'name');
	return html`<th scope="col" class=${look} aria-sort=${on ? 'other' : 'none'}><button class="sort" onClick=${() => replace({ sort: next })}>${name}${on && ' ▾'}</button></th>`;
}

export function Fleet({ route }) {
	const { cameras, alerts, at } = store.snapshot;
	const order = orders[route.query.sort] ? route.query.sort : 'trouble';
	const needle = (route.query.filter ?? '').toLowerCase();
	const found = cameras.filter((c) => `${c.name} ${c.state} ${c.reason}`.toLowerCase().includes(needle));
	const rows = found.map((c) => rowOf(c, alerts)).sort(orders[order][0]);
	return html`
		<h1>Fleet <small>${rows.length} of ${cameras.length} cameras, by ${order}</small></h1>
		<p class="tools"><input type="search" placeholder="filter" aria-label="filter cameras" value=${route.query.filter ?? ''} onInput=${(e) => replace({ filter: e.target.value })} /></p>
		<div class="scroll"><table>
			<thead><tr>
				<${Head} name="camera" order=${order} /><th scope="col">state</th><th scope="col" class="wide"><span class="hidden">history of fps</span></th>
				<${Head} name="fps" order=${order} number /><${Head} name="latency" order=${order} number />
				<th scope="col">detectors</th><th scope="col">rules</th>
				<${Head} name="events/h" order=${order} number /><${Head} name="drops/s" order=${order} number />
				<th scope="col" class="wide">last event</th>
			</tr></thead>
			<tbody>${rows.map((r) => html`<${Row} key=${r.camera.name} row=${r} now=${Date.parse(at)} />`)}</tbody>
		</table></div>
		${rows.length === 0 && html`<p class="empty">${needle ? `No camera contains “${route.query.filter}”.` : 'No camera.'}</p>`}`;
}
