// Events of all cameras, newest first, and the details of one: its clauses and its clip.

import { html, useMemo, useState } from '../vendor/preact-htm.js';
import { useKeys } from '../keys.js';
import { copy, say } from '../changes.js';
import { Facts, Meter, Name, Table, Truth } from '../parts.js';
import { matchesEvent, parse } from '../query.js';
import { go, href, replace } from '../route.js';
import { now, store } from '../store.js';
import { ago, clean, column, count, day, ms, number, stamp } from '../units.js';
import { Evidence } from './clip.js';

export default function Events({ route }) {
	const { filter = '' } = route.query;
	const { events, lost } = store;
	const query = useMemo(() => parse(filter), [filter]);
	const list = useMemo(() => events.filter((e) => matchesEvent(query, e.event)).reverse(), [events, query]);
	if (route.item) return html`<${Event} key=${route.item} id=${route.item} list=${list} filter=${filter} />`;
	const times = events.length > 0 ? column(events[0].event.time, events.at(-1).event.time) : null;
	return html`
		<h1>Events <small>${list.length} of ${events.length} in memory; older ones with clips are in the timeline</small></h1>
		<p class="tools">
			<input type="search" aria-label="filter events" placeholder="camera=yard rule=blind since=10m" value=${filter} onInput=${(e) => replace({ filter: e.target.value })} />
			${lost.events > 0 && html`<span class="warn">${count(lost.events)} events missed: this page was hidden or too slow</span>`}
		</p>
		<${Table} columns=${[times?.head, 'event', 'camera', 'phase', '>confidence', '>age or duration']} empty=${events.length === 0 ? 'No events yet.' : 'No event matches.'}
			rows=${list.map(({ seq, event: e }) => html`<tr key=${seq}>
				<td><time class="dim" datetime=${e.time} title=${stamp(e.time)}>${day(e.time) === day(now()) ? '' : day(e.time) + ' '}${times.of(e.time)}</time></td>
				<th scope="row"><span class=${e.phase === 'ended' ? 'dim' : 'good'} aria-hidden="true">${e.phase === 'ended' ? '○' : '●'}</span>${' '}
					<a data-row href=${href('events', '', e.event_id, { filter })}><${Name} of=${e.event_type} /></a></th>
				<td><a href=${href('live', e.camera)}><${Name} of=${e.camera} /></a></td>
				<td class="dim">${e.phase}</td>
				<td class="number">${Math.round(100 * e.confidence)} %</td>
				<td class="number">${e.phase === 'ended' ? `lasted ${ago(e.duration_ms * ms)}` : ago(e.age_ms * ms)}</td>
			</tr>`)} />`;
}

// Event shows one event. If it is not in memory any more, the data comes from its clip.
function Event({ id, list, filter }) {
	const at = list.findIndex((e) => e.event.event_id === id);
	const known = store.events.findLast((e) => e.event.event_id === id)?.event;
	const [meta, learn] = useState(null); // metadata of its clip
	const e = known ?? (meta && eventOf(meta, id));
	const step = (by) => {
		const next = at < 0 ? undefined : list[at + by];
		if (next) go('events', '', next.event.event_id, { filter });
		else say('no more events');
	};
	const asJSON = () => copy(JSON.stringify(e), 'event as JSON');
	useKeys({ ']': ['next event', () => step(-1)], '[': ['previous event', () => step(1)], y: ['copy the event as JSON', asJSON] });
	return html`
		<h1>${e ? html`Event <${Name} of=${e.event_type} />` : 'Event'}</h1>
		<p class="tools">
			<a class="button" href=${href('events', '', '', { filter })}>All events</a>
			<button onClick=${() => step(1)}>Previous</button><button onClick=${() => step(-1)}>Next</button>
			${e && html`<button onClick=${asJSON}>Copy as JSON</button>`}
		</p>
		<div class="columns">
			<section class="card" aria-label="the event">${e ? html`<${About} e=${e} />` : html`<p class="dim">This event is no longer in memory.</p>`}</section>
			<section class="card" aria-labelledby="evidence"><h2 id="evidence">Evidence</h2><${Evidence} id=${id} event=${known} learned=${learn} /></section>
		</div>`;
}

// eventOf makes an event from the metadata of its clip.
function eventOf(meta, id) {
	const of = meta.events.find((e) => e.event_id === id) ?? meta;
	return { ...of, camera: meta.camera, phase: '', clauses: of.event_id === meta.event_id ? meta.clauses ?? [] : [], confidence: meta.confidence };
}

function About({ e }) {
	const ages = Object.entries(e.age_split_ms ?? {});
	return html`
		<${Facts} of=${[
			['event', html`<a href=${href('rules', e.camera, e.event_type)}><${Name} of=${e.event_type} /></a> ${e.phase}`],
			['camera', html`<a href=${href('live', e.camera)}><${Name} of=${e.camera} /></a>`],
			['time', stamp(e.time)],
			['confidence', `${Math.round(100 * e.confidence)} %`],
			['id', html`<code>${clean(e.event_id)}</code>`],
			['lasted', e.phase === 'ended' && ago(e.duration_ms * ms)],
			['age', e.age_ms !== undefined && `${ago(e.age_ms * ms)} since capture`],
			...ages.map(([stage, age], i) => [html`<span class="dim">${stage}</span>`,
				html`<${Meter} share=${age / e.age_ms} look=${'stage-' + i} label=${stage} /> ${ago(age * ms)}`]),
		]} />
		${e.clauses.length > 0 && html`<h2>Because</h2>
			<ul class="plain">${e.clauses.map((c, i) => html`<li key=${i}><${Truth} of=${c.truth} /> <code><${Name} of=${c.text} /></code>
				${c.age_ms !== null && html` was ${number(c.value)}, <span class="dim">age ${ago(c.age_ms * ms)}</span>`}
				${c.unknown_because && html` <span class="warn">${c.unknown_because}</span>`}</li>`)}</ul>`}`;
}
