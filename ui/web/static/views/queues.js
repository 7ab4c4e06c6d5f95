// Queues and drops: depth and drops of every bounded resource, and the messages of outputs.

import { html } from '../vendor/preact-htm.js';
import { discard, make, resend, testOutput } from '../changes.js';
import { cameraGauges, programGauges, troubled } from '../gauges.js';
import { growth, history } from '../history.js';
import { Action, Confirmed, Facts, Listing, Meter, Name, ofCamera, Spark, Table } from '../parts.js';
import { store } from '../store.js';
import { clean, count, rate, stamp } from '../units.js';

export default ofCamera(({ camera, route }) => {
	const { snapshot } = store;
	const last = (g) => (troubled(g, snapshot.alerts) ? 0 : 1);
	const list = allOf(snapshot, camera).toSorted((a, b) => last(a) - last(b));
	return html`
		<h1>Queues and drops</h1>
		<${Listing} view="queues" what="queue" camera=${camera} item=${route.item} columns=${['of', 'depth', 'dropped (now)']} list=${list} Cells=${Cells} Details=${Details} />`;
});

// allOf returns all gauges, the camera's first, each with a unique name.
function allOf(snapshot, camera) {
	const all = [...cameraGauges(snapshot, camera), ...programGauges(snapshot)];
	return all.map((g) => {
		const first = all.find((o) => o.name === g.name) === g;
		return { ...g, gauge: g.name, name: first ? g.name : `${g.name} of ${g.of}`, title: `${g.name} of ${g.of}` };
	});
}

const Depth = ({ g }) => html`${g.capacity > 0 && html`<${Meter} share=${g.depth / g.capacity} look=${g.depth / g.capacity > 0.75 && g.capacity > 1 ? 'warn' : 'good'} label="depth" /> `}
	${g.text ?? `${count(g.depth)}/${count(g.capacity)}`}`;

function Cells({ it }) {
	const dropped = it.drops.filter((d) => d.n > 0).map((d) => [d, history.growing(it.of, 'queue', it.gauge, d.reason) ?? 0]);
	return html`
		<td class="dim"><${Name} of=${it.of} /></td>
		<td><${Depth} g=${it} /></td>
		<td class="words">${dropped.length === 0 ? html`<span class="dim">none</span>` : dropped.map(([d, lately], i) => html`${i > 0 && ' · '}
			<span class=${lately >= 0.05 && !it.normal ? 'warn' : 'dim'}><${Name} of=${d.reason} /> ${count(d.n)}${lately >= 0.05 && ` (${rate(lately)}/s)`}</span>`)}</td>`;
}

const kept = ['refused', 'retries']; // messages of an output that are not lost
// Details shows the contents of a queue, its history, and what to do.
function Details({ it }) {
	const output = it.of === 'outbox' && store.snapshot.outbox.outputs.find((o) => o.name === it.name);
	const text = store.about?.queues[it.gauge] ?? { holds: `events for ${it.name}`, full: `${output ? 'the oldest' : 'new'} events are dropped`, remedy: 'check why it does not accept them' };
	const values = (what) => history.values(it.of, 'queue', it.gauge, what);
	return html`
		<${Facts} of=${[
			['holds', text.holds],
			['depth', html`<${Depth} g=${it} />`],
			['history', html`<${Spark} values=${values('depth')} high=${it.capacity} label="depth in the last two minutes" /> <span class="dim">last two minutes</span>`],
			['when full', text.full],
			...it.drops.map((d) => [d.reason, d.n > 0 && html`<${Spark} values=${growth(values(d.reason))} label="drops in the last two minutes" /> ${count(d.n)}${kept.includes(d.reason) ? '' : ' dropped'}`]),
			['do', it.drops.some((d) => d.n > 0) && text.remedy],
		]} />
		${output && html`<${Output} o=${output} />`}`;
}

// Output shows the state of an output and the messages that it refused.
function Output({ o }) {
	const time = (t) => (Date.parse(t) > 0 ? stamp(t) : 'never');
	return html`
		<h3>Messages</h3>
		<${Facts} of=${[
			['to', html`<${Name} of=${o.to} />`],
			['state', html`<span class=${o.state === 'ok' ? 'good' : 'bad'}>${o.state}</span> ${o.connection} <${Name} of=${o.reason} />`],
			['do', o.remedy && html`<${Name} of=${o.remedy} />`],
			['delivered', `${count(o.delivered)}, last ${time(o.last_ok)}; ${count(o.retries)} retries, ${count(o.folded)} folded`],
			['next retry', Date.parse(o.next_try) > 0 && stamp(o.next_try)],
		]} />
		<p class="tools"><${Action} onClick=${() => make(testOutput(o.name))}>Send a test message<//>
			${o.aside_count > 0 && html`<${Action} onClick=${() => make(resend(o.name))}>Resend all ${o.aside_count}<//>
				<${Confirmed} label="Discard all" what="Discard all ${o.aside_count}" act=${() => make(discard(o.name))} />`}</p>
		<${Table} columns=${['refused message', 'camera', 'time', 'reason', '>attempts', '']} empty="No refused messages." rows=${o.aside.map((m) => html`<tr key=${m.id}>
			<th scope="row"><${Name} of=${m.event} /></th><td><${Name} of=${m.camera} /></td><td>${stamp(m.time)}</td><td class="words"><${Name} of=${m.reason} /></td><td class="number">${m.tries}</td>
			<td><${Action} aria-label="Resend ${clean(m.event)}" onClick=${() => make(resend(o.name, m.id))}>Resend<//>${' '}
				<${Confirmed} label="Discard" what="Discard it" act=${() => make(discard(o.name, m.id))} /></td>
		</tr>`)} />
		${o.aside_count > o.aside.length && html`<p class="dim">Showing the newest ${o.aside.length} of ${o.aside_count}.</p>`}`;
}
