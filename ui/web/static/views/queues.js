// Queues and drops: every bound, how full it is, what it dropped, and how fast it does now.

import { html } from '../vendor/preact-htm.js';
import { history } from '../history.js';
import { Meter, Name, ofCamera, Table } from '../parts.js';
import { store } from '../store.js';
import { ago, amount, count, ms, rate, second } from '../units.js';

export const Queues = ofCamera(({ camera }) => {
	const all = gauges(store.snapshot, camera);
	const { snapshot, seconds } = history.before(5);
	const old = snapshot?.cameras.find((c) => c.name === camera.name);
	const was = new Map(old && gauges(snapshot, old).flatMap((g) => g.drops.map((d) => [key(g, d), d.n])));
	const lately = (g, d) => (seconds > 0 ? Math.max(d.n - (was.get(key(g, d)) ?? d.n), 0) / seconds : 0);
	return html`
		<h1>Queues and drops</h1>
		<${Table} columns=${['queue', 'of', 'depth', 'dropped (now)']} rows=${all.map((g) => html`<${Row} key=${g.of + '/' + g.name} g=${g} lately=${lately} />`)} />`;
});

// key names a counter of drops.
const key = (g, d) => [g.of, g.name, d.reason].join('\n');

function Row({ g, lately }) {
	const share = g.capacity > 0 ? g.depth / g.capacity : 0;
	const dropped = g.drops.filter((d) => d.n > 0).map((d) => ({ ...d, now: lately(g, d) }));
	return html`
		<tr>
			<th scope="row"><${Name} of=${g.name} /></th>
			<td class="dim"><${Name} of=${g.of} /></td>
			<td>${g.capacity > 0 && html`<${Meter} share=${share} look=${share > 0.75 && g.capacity > 1 ? 'warn' : 'good'} label="depth" /> `}
				${g.text ?? `${count(g.depth)}/${count(g.capacity)}`}</td>
			<td class="words">${dropped.length === 0 ? html`<span class="dim">none</span>` : dropped.map((d, i) => html`${i > 0 && ' · '}
				<span class=${d.now >= 0.05 && !g.normal ? 'warn' : 'dim'}><${Name} of=${d.reason} /> ${count(d.n)}${d.now >= 0.05 && ` (${rate(d.now)}/s)`}</span>`)}</td>
		</tr>`;
}

// gauges lists every bound in a snapshot, those of the camera first.
function gauges(snapshot, camera) {
	const queue = (q, of) => ({
		name: q.name.replace(/^sink:/, ''), of, depth: q.depth, capacity: q.capacity, drops: q.drops, normal: q.name === 'frame',
	});
	const { slots, clips, outbox } = snapshot;
	return [
		...camera.queues.map((q) => queue(q, camera.name)),
		{ name: 'slots', of: 'program', depth: slots.busy, capacity: slots.size, drops: [{ reason: 'revoked', n: slots.revoked }] },
		...(clips ? clipGauges(clips, camera.name) : []),
		...(outbox ? outputGauges(outbox, Date.parse(snapshot.at)) : []),
		...snapshot.queues.map((q) => queue(q, 'program')),
	];
}

function clipGauges(clips, camera) {
	const rings = clips.rings.filter((r) => r.camera === camera).flatMap((r) => [{
		name: 'evidence', of: camera, depth: r.bytes, capacity: r.bytes_capacity, text: `${amount(r.bytes)} ${ago(Math.round(r.span_ns / second) * second)}`,
		drops: [{ reason: 'evicted', n: r.evicted }, { reason: 'failed', n: r.failed }],
	}, {
		name: 'encoder', of: camera, depth: r.queue, capacity: r.queue_capacity, drops: [{ reason: 'skipped', n: r.skipped }],
	}]);
	const removed = ['age', 'bytes', 'free'].map((reason) => ({ reason, n: clips.removed[reason] ?? 0 }));
	return [...rings, { name: 'disk', of: 'program', text: `${clips.clips}, ${amount(clips.bytes)}`, drops: removed }];
}

// outputGauges lists the store of the outbox, and what waits for each output.
function outputGauges(outbox, now) {
	const outputs = outbox.outputs.map((o) => ({
		name: o.name, of: 'outbox', text: `${count(o.backlog)} wait${o.backlog > 0 ? ' ' + ago((now - Date.parse(o.oldest)) * ms) : ''}`,
		drops: [{ reason: 'refused', n: o.aside_count }, { reason: 'retries', n: o.retries }, ...o.drops],
	}));
	return [{
		name: 'stored', of: 'outbox', depth: outbox.bytes, capacity: outbox.max_bytes, text: amount(outbox.bytes),
		drops: [{ reason: 'not durable', n: outbox.not_durable }],
	}, ...outputs];
}
