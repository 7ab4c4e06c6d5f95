// Keys, of the whole page and of the view shown. They do nothing while something is typed.

import { useEffect, useRef } from './vendor/preact-htm.js';

const layers = []; // of which the last one comes first

// useKeys binds keys while a component is shown: { key: [what it does, function] }.
export function useKeys(keys, ofPage = false) {
	const layer = useRef({});
	layer.current.keys = keys;
	useEffect(() => {
		if (ofPage) layers.unshift(layer.current);
		else layers.push(layer.current);
		return () => layers.splice(layers.indexOf(layer.current), 1);
	}, []);
}

// allKeys lists the keys that do something now: [key, what it does].
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

// move takes the focus to another row, and returns whether there are rows.
function move(step) {
	const rows = [...document.querySelectorAll('main [data-row]')];
	if (rows.length === 0) return false;
	const at = rows.indexOf(document.activeElement.closest('[data-row]'));
	rows[at < 0 ? 0 : Math.min(Math.max(at + step, 0), rows.length - 1)].focus();
	return true;
}

addEventListener('keydown', press);
