// Keys of the page and of the current view. They are off while an input has the focus.

import { useEffect, useRef } from './vendor/preact-htm.js';

const layers = []; // the last one has precedence

// useKeys binds keys while a component is mounted: { key: [help, function] }.
export function useKeys(keys, ofPage = false) {
	const layer = useRef({});
	layer.current.keys = keys;
	useEffect(() => {
		if (ofPage) layers.unshift(layer.current);
		else layers.push(layer.current);
		return () => layers.splice(layers.indexOf(layer.current), 1);
	}, []);
}

// allKeys lists the keys bound now: [key, help].
export function allKeys() {
	const all = new Map();
	for (const { keys } of layers) for (const [key, [what]] of Object.entries(keys)) all.set(key, what);
	return [...all];
}

const typing = (at) => at.closest('input, textarea, select, [contenteditable], dialog') !== null;

function press(event) {
	if (event.ctrlKey || event.altKey || event.metaKey || typing(event.target)) return;
	if (event.key === ' ' && event.target.closest('button, a, summary, video')) return;
	for (const { keys } of layers.toReversed()) {
		const found = keys[event.key];
		if (!found) continue;
		event.preventDefault();
		found[1](event);
		return;
	}
	const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
	if (step && move(step)) event.preventDefault();
}

// move moves the focus by rows. It reports whether there are any.
function move(step) {
	const rows = [...document.querySelectorAll('main [data-row]')];
	if (rows.length === 0) return false;
	const at = rows.indexOf(document.activeElement.closest('[data-row]'));
	rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
	return true;
}

addEventListener('keydown', press);
