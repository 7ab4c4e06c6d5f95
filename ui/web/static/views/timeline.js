// The timeline: events and clips of all cameras over minutes to days, one row per rule.

import { html, useMemo } from '../vendor/preact-htm.js';
import { get } from '../api.js';
import { history } from '../history.js';
import { Name, useAnswer } from '../parts.js';
import { go, href, replace } from '../route.js';
import { now, store } from '../store.js';
import { clock, day, stamp, zone } from '../units.js';

const spans = { '10m': 600e3, '1h': 3600e3, '6h': 6 * 3600e3, '1d': 86400e3, '7d': 7 * 86400e3 };
const steps = [60e3, 300e3, 600e3, 3600e3, 6 * 3600e3, 12 * 3600e3, 86400e3]; // between two labels
const page = 1000, most = 10_000; // clips per request, and in total
const every = 30_000, none = [];
const pasts = { fired: 'good', true: 'info', false: 'dim', unknown: 'warn', 'not watched': 'grid' }; // states of a rule and their colours

// allClips returns the clips of a period "FROM TO", newest first.
async function allClips(time) {
	const all = [];
	let [from, to] = time.split(' ');
	for (let n = page; n === page && all.length < most; to = all.at(-1)?.end_time) {
		const { clips } = await get('clips?' + new URLSearchParams({ from, to, limit: page }));
		n = clips.length;
		all.push(...clips);
	}
	return all;
}

// collect merges events and clips to {id, camera, rule, from, to, time, clip}, sorted by time.
function collect(events, clips) {
	const all = new Map();
	for (const { event: e } of events) {
		const time = Date.parse(e.time);
		all.set(e.event_id, { id: e.event_id, camera: e.camera, rule: e.event_type, time, from: time - (e.duration_ms ?? 0), to: time, phase: e.phase });
	}
	for (const c of clips) {
		const own = { id: c.event_id, camera: c.camera, rule: c.event_type, time: Date.parse(c.time), from: Date.parse(c.start_time), to: Date.parse(c.end_time) };
		all.set(c.event_id, { ...own, ...all.get(c.event_id), clip: [own.from, own.to] });
	}
	return [...all.values()].sort((a, b) => a.time - b.time);
}

export default function Timeline({ route }) {
	const span = spans[route.query.span] ? route.query.span : '10m';
	const length = spans[span], grain = Math.max(length / 600, 1000);
	const fixed = Date.parse(route.query.end ?? '');
	const end = fixed || Math.ceil(now() / grain) * grain;
	const from = end - length;
	// The requested period is rounded outwards, so that it rarely changes as time passes.
	const coarse = length / 10, iso = (time) => new Date(time).toISOString();
	const asked = `${iso(Math.floor(from / coarse) * coarse)} ${iso(Math.ceil(end / coarse) * coarse)}`;
	const { answer: clips = none, problem } = useAnswer(store.snapshot.clips ? asked : '', every, allClips);
	const { events } = store;
	const all = useMemo(() => collect(events, clips), [events, clips]);
	const items = useMemo(() => all.filter((i) => i.to >= from && i.from <= end), [all, from]);
	const at = items.findIndex((i) => i.id === route.query.at), chosen = items[at];
	const strip = useMemo(() => html`<${Strip} items=${items} rows=${rowsOf(items)} from=${from} length=${length} at=${at} />`, [items, at]);
	const pan = (by) => replace({ end: end + by * length >= now() ? '' : new Date(end + by * length).toISOString() });
	return html`
		<h1>Timeline <small>${zone(end)}, ${items.length} events and clips</small></h1>
		<p class="tools">
			<span role="group" aria-label="span">${Object.keys(spans).map((s) => html`<button aria-pressed=${s === span ? 'true' : 'false'} onClick=${() => replace({ span: s })}>${s}</button>`)}</span>
			<button onClick=${() => pan(-0.5)}>Earlier</button>
			<button disabled=${!fixed} onClick=${() => pan(0.5)}>Later</button>
			<button disabled=${!fixed} onClick=${() => replace({ end: '' })}>Now</button>
		</p>
		${problem && html`<p class="bad" role="alert">No clips are shown: <${Name} of=${problem.message} /></p>`}${strip}
		<p class="dim legend"><i class="mark"></i> event <i class="mark lasted"></i> its duration <i class="clip"></i> clip;
			the rule was${Object.keys(pasts).map((was) => html` <span><${Past} spans=${[[0, 1, was]]} of=${(x) => x} /> ${was}</span>`)} (since this page was opened). The newest ${events.length} events are in memory,
			since ${events.length > 0 ? stamp(events[0].event.time) : 'now'}; older ones are shown if they have clips${clips.length >= most && html`, up to the newest ${most}`}.</p>
		${chosen && html`<p class="card" role="status"><a href=${href('events', '', chosen.id)}><${Name} of=${chosen.rule} /></a> on <${Name} of=${chosen.camera} />, ${stamp(chosen.time)}
			${chosen.phase}${chosen.clip && html`<img class="thumb" alt="" src="api/clips/${encodeURIComponent(chosen.id)}/thumb.jpg" />`}</p>`}`;
}

// rowsOf returns one row per rule, with its items as [item, index].
function rowsOf(items) {
	const rows = new Map();
	const row = (camera, rule) => {
		const key = camera + '\n' + rule;
		if (!rows.has(key)) rows.set(key, { key, camera, rule, items: [] });
		return rows.get(key);
	};
	for (const c of store.snapshot.cameras) for (const r of c.rules) row(c.name, r.event);
	items.forEach((i, n) => row(i.camera, i.rule).items.push([i, n]));
	return [...rows.values()];
}

// Strip draws the rows. Arrow keys select an event, Enter opens it.
function Strip({ items, rows, from, length, at }) {
	const place = (a, b = a) => ({ left: (100 * (Math.max(a, from) - from)) / length + '%', width: (100 * (Math.min(b, from + length) - Math.max(a, from))) / length + '%' });
	const spot = (i) => Math.floor((600 * (i.time - from)) / length); // items on the same spot are drawn as one
	const select = (n) => items.length > 0 && replace({ at: items[Math.min(Math.max(n, 0), items.length - 1)].id });
	const keys = {
		ArrowLeft: () => select(at < 0 ? items.length - 1 : at - 1), ArrowRight: () => select(at + 1), Home: () => select(0), End: () => select(items.length - 1),
		Enter: () => at >= 0 && go('events', '', items[at].id),
	};
	const press = (event) => {
		if (!keys[event.key]) return;
		event.preventDefault();
		event.stopPropagation();
		keys[event.key]();
	};
	return html`
		<div class="strip" role="slider" tabindex="0" aria-label="events by time: arrow keys select one, Enter opens it" aria-valuemin="0" aria-valuemax=${items.length}
			aria-valuenow=${at + 1} aria-valuetext=${at < 0 ? `none of ${items.length} selected` : `${items[at].rule} on ${items[at].camera}, ${stamp(items[at].time)}`}
			onKeyDown=${press} onClick=${({ target: { dataset: { id } } }) => id && replace({ at: id })}>
			${rows.map((r) => html`<div class="row" key=${r.key}>
				<span class="name"><${Name} of=${r.rule} /> <span class="dim"><${Name} of=${r.camera} /></span></span>
				<div class="lane">
					<${Past} spans=${history.rule(r.camera, r.rule, from, from + length)} of=${(t) => Math.min(Math.max((t - from) / length, 0), 1)} />
					${r.items.filter(([i, n], k) => n === at || k === 0 || spot(i) !== spot(r.items[k - 1][0])).map(([i, n]) => html`
						${i.clip && html`<i class="clip" data-id=${i.id} style=${place(...i.clip)}></i>`}
						<i key=${i.id} class="mark ${i.phase === 'ended' ? 'lasted' : ''} ${n === at ? 'on' : ''}" data-id=${i.id} title="${i.rule} ${clock(i.time)}"
							style=${place(i.phase === 'ended' ? i.from : i.time, i.time)}></i>`)}
				</div>
			</div>`)}
			<div class="row scale" aria-hidden="true"><span class="name"></span><div class="lane">${labels(from, length).map(([t, text]) => html`<b style=${{ left: place(t).left }}>${text}</b>`)}</div></div>
		</div>`;
}

// Past draws the states of a rule over time. of maps a time to a position from 0 to 1.
const Past = ({ spans, of }) => html`<svg class="past" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
	${Object.entries(pasts).map(([kind, ink]) => html`<path class=${ink}
		d=${spans.filter(([,, was]) => was === kind).map(([a, b]) => `M${of(a).toFixed(4)} .5H${of(b).toFixed(4)}`).join('')} />`)}</svg>`;

// labels returns the time labels below the strip.
function labels(from, length) {
	const step = steps.find((s) => length / s <= 8) ?? steps.at(-1);
	const shift = new Date(from).getTimezoneOffset() * 60e3; // labels are at round local times
	const all = [];
	for (let t = Math.ceil((from - shift) / step) * step + shift; t < from + length; t += step) all.push([t, step >= 86400e3 ? day(t).slice(5) : clock(t).slice(0, 5)]);
	return all;
}
