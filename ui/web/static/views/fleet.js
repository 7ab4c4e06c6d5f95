// The fleet: one row per camera.

import { html, useMemo } from '../vendor/preact-htm.js';
import { CameraForm } from '../form.js';
import { history } from '../history.js';
import { alertsOf, alertTone, inTrouble, Name, Spark, State, Table } from '../parts.js';
import { href, replace } from '../route.js';
import { store } from '../store.js';
import { ago, clean, count, rate } from '../units.js';

// Sort orders by name: a comparison, and the column that selects it.
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
		events: history.eventRate(store.snapshot, camera) ?? -1, drops: history.growing(camera.name, 'queue', 'drops') ?? -1,
	};
}

// States of detectors and rules with their tone and glyph, worst first.
const looks = {
	failed: ['bad', '✗'], slow: ['warn', '▲'], confirmed: ['good', '●'], potential: ['warn', '●'], unknown: ['warn', '?'],
	ok: ['good', '✓'], 'without frames': ['dim', '●'], idle: ['dim', '●'], disabled: ['dim', '○'],
};

// Counts shows the number of each state.
function Counts({ of }) {
	if (of.length === 0) return '-';
	const words = Object.keys(looks).map((word) => [word, of.filter((w) => w === word).length]).filter(([, n]) => n > 0);
	return words.map(([word, n]) => html`<span class=${looks[word][0]} title="${n} ${word}" aria-label="${n} ${word}">${n}${looks[word][1]}</span> `);
}

function detectorWord(d, { camera, alerts }) {
	const its = alertsOf(alerts, camera.name, d.name);
	if (inTrouble(its) === 0 || d.state === 'failed' || d.state === 'stuck') return 'failed';
	if (its.length > 0) return 'slow';
	if (d.state === 'disabled') return 'disabled';
	return camera.state === 'live' ? 'ok' : 'without frames';
}

function ruleWord({ status }) {
	if (status.state === 'cooldown') return 'confirmed';
	if (['disabled', 'confirmed', 'potential'].includes(status.state)) return status.state;
	return status.truth === 'unknown' ? 'unknown' : 'idle';
}

// Row is rendered only when something visible has changed.
function Row({ row, now }) {
	const { camera: c, trouble, alerts } = row;
	const state = store.link === 'live' ? c.state : '', values = history.values(c.name), fps = rate(values.at(-1) ?? c.fps); // updated twice per second
	const detectors = c.detectors.map((d) => detectorWord(d, row)), rules = c.rules.map(ruleWord);
	const latency = row.latency > 0 ? ago(row.latency) : '-', events = row.events < 0 ? '-' : count(row.events + 0.5), drops = row.drops < 0 ? '-' : rate(row.drops);
	const why = alerts.map((a) => [href('alerts', '', '', { id: a.id }), alertTone(a), a.cause ? `${a.title}: ${a.cause}` : a.title]);
	const last = store.events.findLast((e) => e.event.camera === c.name)?.event;
	const age = last && ago(Math.max(Math.trunc(now / 1e3) - Math.trunc(Date.parse(last.time) / 1e3), 0) * 1e9); // all rows change at once
	return useMemo(() => html`
		<tr>
			<th scope="row">
				<i class=${['bad', 'warn', 'good'][trouble]} aria-hidden="true">${trouble < 2 ? '▲' : '●'}</i>${' '}
				<a data-row href=${href('live', c.name)}><${Name} of=${c.name} /></a>
				${why.map(([to, tone, text]) => html`<a class="why ${tone}" href=${to}><${Name} of=${text} /></a>`)}
			</th>
			<td>${state ? html`<${State} of=${state} />` : html`<span class="warn">unknown</span>`}</td>
			<td class="wide"><${Spark} values=${values} label="frames per second" /></td>
			<td class="number">${fps}</td>
			<td class="number">${latency}</td>
			<td><a href=${href('detectors', c.name)}><${Counts} of=${detectors} /></a></td>
			<td><a href=${href('rules', c.name)}><${Counts} of=${rules} /></a></td>
			<td class="number">${events}</td>
			<td class="number ${row.drops >= 0.05 ? 'warn' : ''}">${drops}</td>
			<td class="wide">${last ? html`<a href=${href('events', '', last.event_id)}>${clean(last.event_type)}</a> <span class="dim">${age} ago</span>` : html`<span class="dim">none yet</span>`}</td>
		</tr>`, [trouble, state, fps, latency, events, drops, values, last, age, detectors.join(), rules.join(), why.join()]);
}

// heading returns the head of a sortable column.
function heading(name, order) {
	const by = Object.keys(orders).find((o) => orders[o][1] === name);
	const next = name === 'camera' && order === 'trouble' ? 'name' : by;
	const on = order === by || (name === 'camera' && order === 'name');
	return { name, on, sort: () => replace({ sort: next }), number: name !== 'camera' };
}

export default function Fleet({ route }) {
	if ('add' in route.query) return html`<${CameraForm} />`;
	const { cameras, alerts, at } = store.snapshot;
	const order = orders[route.query.sort] ? route.query.sort : 'trouble';
	const needle = (route.query.filter ?? '').toLowerCase();
	const found = cameras.filter((c) => `${c.name} ${c.state} ${c.reason}`.toLowerCase().includes(needle));
	const rows = found.map((c) => rowOf(c, alerts)).sort(orders[order][0]);
	const by = (name) => heading(name, order);
	const columns = [by('camera'), 'state', { name: 'last minute', wide: true }, by('fps'), by('latency'), 'detectors', 'rules', by('events/h'), by('drops/s'), { name: 'last event', wide: true }];
	return html`
		<h1>Fleet <small>${rows.length} of ${cameras.length} cameras, by ${order}</small></h1>
		<p class="tools"><input type="search" placeholder="filter" aria-label="filter cameras" value=${route.query.filter ?? ''} onInput=${(e) => replace({ filter: e.target.value })} />
			<a class="button" href=${href('fleet', '', '', { add: 'yes' })}>Add a camera</a></p>
		<${Table} columns=${columns} rows=${rows.map((r) => html`<${Row} key=${r.camera.name} row=${r} now=${Date.parse(at)} />`)}
			empty=${needle ? `No camera matches “${route.query.filter}”.` : 'No cameras.'} />`;
}
