// Filters of events and log lines, such as "camera=yard rule=blind since=10m parcel".

import { now } from './store.js';

const scale = { s: 1e3, m: 60e3, h: 3600e3 };

// milliseconds parses a duration such as "1h30m". 0: it is invalid.
function milliseconds(text) {
	const parts = text.match(/^(\d+(\.\d+)?[smh])+$/) ? text.match(/\d+(\.\d+)?[smh]/g) : [];
	return parts.reduce((sum, p) => sum + parseFloat(p) * scale[p.at(-1)], 0);
}

// parse parses a filter. An invalid duration matches everything: it may still be being typed.
export function parse(line) {
	const query = { camera: '', rule: '', since: 0, words: [] };
	for (const word of line.toLowerCase().split(/\s+/).filter(Boolean)) {
		const [key, value] = word.split(/=(.*)/s);
		if (key === 'camera' || key === 'rule') query[key] = value ?? '';
		else if (key === 'since') query.since = milliseconds(value ?? '');
		else query.words.push(word);
	}
	return query;
}

const recent = (query, time) => query.since <= 0 || now() - Date.parse(time) <= query.since;

const has = (query, text) => query.words.every((w) => text.toLowerCase().includes(w));

export const matchesEvent = (query, e) => recent(query, e.time) && e.camera.toLowerCase().includes(query.camera) &&
	e.event_type.toLowerCase().includes(query.rule) && has(query, `${e.event_type} ${e.camera} ${e.phase}`);

export function matchesLine(query, line) {
	const text = line.text.toLowerCase();
	return recent(query, line.time) && (!query.camera || text.includes('camera=' + query.camera) || text.includes('camera="' + query.camera)) &&
		text.includes(query.rule) && has(query, `${text} ${line.level}`);
}
