// Gauges of all bounded resources, as {name, of, depth, capacity, text, drops, normal}.

import { ago, amount, count, ms, second } from './units.js';

const queue = (q, of) => ({ name: q.name.replace(/^sink:/, ''), of, depth: q.depth, capacity: q.capacity, drops: q.drops, normal: q.name === 'frame' });

// cameraGauges returns the gauges of a camera.
export function cameraGauges(snapshot, camera) {
	const rings = (snapshot.clips?.rings ?? []).filter((r) => r.camera === camera.name).flatMap((r) => [{
		name: 'evidence', of: camera.name, depth: r.bytes, capacity: r.bytes_capacity, text: `${amount(r.bytes)} ${ago(Math.round(r.span_ns / second) * second)}`,
		drops: [{ reason: 'evicted', n: r.evicted }, { reason: 'failed', n: r.failed }],
	}, {
		name: 'encoder', of: camera.name, depth: r.queue, capacity: r.queue_capacity, drops: [{ reason: 'skipped', n: r.skipped }],
	}]);
	return [...camera.queues.map((q) => queue(q, camera.name)), ...rings];
}

// programGauges returns the gauges of the whole program.
export function programGauges(snapshot) {
	const { slots, clips, outbox } = snapshot;
	return [
		{ name: 'slots', of: 'program', depth: slots.busy, capacity: slots.size, drops: [{ reason: 'revoked', n: slots.revoked }] },
		...(clips ? [diskGauge(clips)] : []),
		...(outbox ? outputGauges(outbox, Date.parse(snapshot.at)) : []),
		...snapshot.queues.map((q) => queue(q, 'program')),
	];
}

function diskGauge(clips) {
	const removed = ['age', 'bytes', 'free', 'inodes'].map((reason) => ({ reason, n: clips.removed[reason] ?? 0 }));
	return { name: 'disk', of: 'program', depth: clips.clips, text: `${clips.clips}, ${amount(clips.bytes)}`, drops: removed };
}

// outputGauges returns the gauges of the outbox and of each output's backlog.
function outputGauges(outbox, now) {
	const outputs = outbox.outputs.map((o) => ({
		name: o.name, of: 'outbox', depth: o.backlog, text: `${count(o.backlog)} waiting${o.backlog > 0 ? ' ' + ago((now - Date.parse(o.oldest)) * ms) : ''}`,
		drops: [{ reason: 'refused', n: o.aside_count }, { reason: 'retries', n: o.retries }, ...o.drops],
	}));
	return [{
		name: 'stored', of: 'outbox', depth: outbox.bytes, capacity: outbox.max_bytes, text: amount(outbox.bytes),
		drops: [{ reason: 'not durable', n: outbox.not_durable }],
	}, ...outputs];
}

// troubled tells whether there is an alert about a gauge.
export const troubled = (g, alerts) => alerts.some(({ kind, subject }) => (kind === 'clips_degraded' ? g.name === 'clips' : subject === g.name)
	&& (kind === 'clips_degraded' || kind === 'sink_degraded' || kind.startsWith('output_')));
