// The log: its newest lines, with repeated ones folded.

import { html, useLayoutEffect, useMemo, useRef } from '../vendor/preact-htm.js';
import { Name } from '../parts.js';
import { matchesLine, parse } from '../query.js';
import { replace } from '../route.js';
import { store } from '../store.js';
import { clock, column, count } from '../units.js';

const levels = ['DEBUG', 'INFO', 'WARN', 'ERROR'];
const looks = { DEBUG: 'dim', INFO: 'dim', WARN: 'warn', ERROR: 'bad' };

// rank returns the index of a level, also of one such as "WARN+1".
const rank = (level) => levels.indexOf(level.split(/[+-]/)[0]);

const foldLines = 16; // a line folds into one of this many last entries
const foldTime = 600_000; // milliseconds from its first line for which an entry folds
// varying matches the parts that may differ between folded lines: camera, event and numbers.
const varying = /( (camera|event)=("[^"]*"|\S*))|[0-9]+(\.[0-9]+)?(ns|µs|ms|s|m|h)?/g;

// fold merges repeated warnings and errors, such as those of each retry and each camera. An
// entry has the text and the place of its newest line.
export function fold(lines) {
	const out = [];
	for (const line of lines) {
		const entry = { ...line, times: 1, first: line.time, key: '' };
		if (rank(line.level) >= 2) {
			entry.key = line.level + line.text.replace(varying, '#');
			const from = Math.max(out.length - foldLines, 0);
			const at = out.slice(from).findLastIndex((e) => e.key === entry.key && Date.parse(line.time) - Date.parse(e.first) < foldTime);
			if (at >= 0) {
				const [before] = out.splice(from + at, 1);
				entry.times = before.times + 1;
				entry.first = before.first;
			}
		}
		out.push(entry);
	}
	return out;
}

// Line shows an entry with the time of its newest line.
export function Line({ of, clock: write = clock }) {
	const look = looks[levels[rank(of.level)]];
	return html`<time class="dim" datetime=${of.time}>${write(of.time)}</time>${' '}
		<span class=${look}>${of.level.toLowerCase()}</span> <${Name} of=${of.text} />${of.times > 1 && html` <strong class=${look}>×${of.times}</strong>`}`;
}

// about returns the warnings and errors with these attributes, such as {camera: "yard"}.
export function about(values) {
	const has = (text, key, value) => (text + ' ').includes(` ${key}=${value} `) || text.includes(` ${key}=${JSON.stringify(value)}`);
	return store.lines.filter((l) => rank(l.level) >= 2 && Object.entries(values).every(([key, value]) => has(l.text, key, value)));
}

export default function Log({ route }) {
	const { lines, lost, snapshot } = store;
	const { level = '', filter = '' } = route.query;
	const shown = useMemo(() => {
		const query = parse(filter);
		return fold(lines.filter((l) => rank(l.level) >= levels.indexOf(level) && matchesLine(query, l)));
	}, [lines, level, filter]);
	const list = useRef(), follows = useRef(true);
	useLayoutEffect(() => {
		if (follows.current) list.current.scrollTop = list.current.scrollHeight;
	}, [shown]);
	const scrolled = ({ target }) => (follows.current = target.scrollTop + target.clientHeight > target.scrollHeight - 30);
	const times = lines.length > 0 ? column(lines[0].time, lines.at(-1).time) : null;
	return html`
		<h1>Log <small>${times && `${times.head}, `}${count(snapshot.log.errors)} errors, ${count(snapshot.log.warnings)} warnings</small></h1>
		<p class="tools">
			<label>level <select value=${level} onChange=${(e) => replace({ level: e.target.value })}>
				<option value="">all</option>${levels.slice(1).map((l) => html`<option value=${l}>${l.toLowerCase()}${l !== 'ERROR' && ' and above'}</option>`)}</select></label>
			<input type="search" aria-label="filter lines" placeholder="camera=yard since=10m words" value=${filter} onInput=${(e) => replace({ filter: e.target.value })} />
			${lost.log > 0 && html`<span class="warn">${count(lost.log)} lines missed: this page was hidden or too slow</span>`}
		</p>
		<ol class="lines" ref=${list} tabindex="0" aria-label="log lines" onScroll=${scrolled}>
			${shown.map((l) => html`<li key=${l.seq}><${Line} of=${l} clock=${times.of} /></li>`)}
		</ol>
		${shown.length === 0 && html`<p class="empty">${lines.length === 0 ? 'No log lines yet.' : 'No line matches.'}</p>`}`;
}
