// Drawing zones and lines on the live frame, and writing them to the configuration file.

import { html, useRef } from '../vendor/preact-htm.js';
import { call } from '../api.js';
import { edit, make } from '../changes.js';
import { Field, problems } from '../form.js';
import { Action, Name, useAnswer } from '../parts.js';
import { store } from '../store.js';
import { Changes } from './diff.js';

const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const step = 0.005; // share of the frame that an arrow key moves; with shift ten times that
const kinds = ['polygon', 'rectangle', 'line'];

const round = (v, to = 1e3) => Math.round(v * to) / to;
const within = (p) => p.map((v) => round(Math.min(Math.max(v, 0), 1)));
const same = (a, b) => a[0] === b[0] && a[1] === b[1];

// A shape is the zone or line being drawn. The points of a rectangle are two opposite corners.
// held is the index of the point being moved; -1: none. old is the zone or line being changed;
// null: it is new.
export const fresh = (kind) => ({ kind, name: '', points: [], directions: ['in', 'out'], privacy: false, closed: kind !== 'polygon', held: -1, old: null });

function shapeOf(place) {
	const of = { ...fresh('polygon'), ...place, closed: true, old: place };
	const [a, b, c, d] = place.points;
	if (place.directions) return { ...of, kind: 'line' };
	const upright = place.points.length === 4 && same([a[0], a[1]], [d[0], b[1]]) && same([c[0], c[1]], [b[0], d[1]]);
	return upright ? { ...of, kind: 'rectangle', points: [a, c] } : of;
}

// cornersOf returns the outline of a shape.
const cornersOf = ({ kind, points, points: [a, b] }) =>
	(kind === 'rectangle' && b ? [a, [b[0], a[1]], b, [a[0], b[1]]] : points);

// added returns a shape with one more point, which is held.
function added(shape, p) {
	const { kind, points, closed } = shape;
	if (kind !== 'polygon') {
		const [first] = points.length === 2 && !same(...points) ? [p] : points;
		return { ...shape, points: [first ?? p, p], held: 1 };
	}
	const detour = (a, b) => Math.hypot(p[0] - a[0], p[1] - a[1]) + Math.hypot(p[0] - b[0], p[1] - b[1]) - Math.hypot(a[0] - b[0], a[1] - b[1]);
	const detours = points.map((a, i) => detour(a, points[(i + 1) % points.length]));
	const held = closed && points.length > 1 ? detours.indexOf(Math.min(...detours)) + 1 : points.length;
	return { ...shape, points: points.toSpliced(held, 0, p), held };
}

const moved = (shape, n, p) => ({ ...shape, points: shape.points.with(n, within(p)) });

// keysOf returns the configuration keys of a shape. null removes a key from the file.
function keysOf({ kind, points, directions, privacy, old }) {
	if (kind === 'line') return { points, directions };
	const flags = { privacy: privacy || null, histogram: old?.dwell ? true : null };
	if (kind === 'polygon') return { points, rect: null, ...flags };
	const [[x, y] = [], [u, v] = []] = points;
	return { points: null, rect: [Math.min(x, u), Math.min(y, v), Math.abs(u - x), Math.abs(v - y)].map((n) => round(n, 1e6)), ...flags };
}

const tableOf = (shape) => (shape.kind === 'line' ? 'line' : 'zone');

// changeOf returns the change that writes a shape to the file.
function changeOf(shape, camera) {
	const { old, name } = shape, table = tableOf(shape);
	if (!old) return edit(`${table} ${name} added`, [{ table, name, camera, set: keysOf(shape) }]);
	const before = { ...keysOf(shapeOf(old)), name: old.name }, after = { ...keysOf(shape), name };
	const equal = (...keys) => keys.every((key) => JSON.stringify(before[key]) === JSON.stringify(after[key]));
	const isMoved = !equal('points', 'rect'); // the file may have either key, so set both
	const changed = Object.entries(after).filter(([key]) => (key === 'points' || key === 'rect' ? isMoved : !equal(key)));
	return edit(`${table} ${old.name} changed`, [{ table, name: old.name, camera, set: Object.fromEntries(changed) }]);
}

// removalOf returns the change that removes the zone or line from the file.
function removalOf(shape, camera) {
	const table = tableOf(shape), { name } = shape.old;
	return edit(`${table} ${name} removed`, [{ table, name, camera, remove: true }]);
}

// camerasOf returns the cameras that share the zone or line being changed.
function camerasOf(shape) {
	const { old } = shape;
	const is = (p) => p.name === old?.name && JSON.stringify(p.points) === JSON.stringify(old.points);
	return store.snapshot.cameras.filter((c) => c[tableOf(shape) + 's'].some(is)).map((c) => c.name);
}

// Overlay draws the shape over the frame and handles pointer and keys.
export function Overlay({ shape, set }) {
	const area = useRef();
	const at = (event) => {
		const of = area.current.getBoundingClientRect();
		return within([(event.clientX - of.left) / of.width, (event.clientY - of.top) / of.height]);
	};
	const down = (event) => {
		if (event.button !== 0) return;
		const n = Number(event.target.dataset.point ?? -1);
		area.current.setPointerCapture(event.pointerId);
		if (n === 0 && !shape.closed && shape.points.length > 2) set({ ...shape, closed: true });
		else set(n < 0 ? added(shape, at(event)) : { ...shape, held: n });
	};
	const move = (event) => shape.held >= 0 && set(moved(shape, shape.held, at(event)));
	const press = (event, n) => {
		const by = arrows[event.key], far = event.shiftKey ? 10 * step : step;
		if (by) set(moved(shape, n, shape.points[n].map((v, i) => v + far * by[i])));
		else if (event.key === 'Delete' || event.key === 'Backspace') set({ ...shape, points: shape.points.toSpliced(n, 1) });
		else return;
		event.preventDefault();
	};
	const outline = cornersOf(shape).join(' ');
	return html`
		<div class="overlay" ref=${area} onPointerDown=${down} onPointerMove=${move} onPointerUp=${() => set({ ...shape, held: -1 })}>
			<svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">${shape.closed ? html`<polygon points=${outline} />` : html`<polyline points=${outline} />`}</svg>
			${shape.points.map(([x, y], n) => html`<button key=${n} data-point=${n} aria-label="point ${n + 1} at ${x}, ${y}: arrows move it, Delete removes it"
				style=${{ left: 100 * x + '%', top: 100 * y + '%' }} onKeyDown=${(e) => press(e, n)}></button>`)}
		</div>`;
}

// Form edits name and keys of the shape, previews the TOML, and writes it.
export function Form({ camera, shape, set }) {
	const { kind, old, name, points, typed } = shape;
	const places = [...camera.zones, ...camera.lines];
	const change = changeOf(shape, camera.name);
	const ready = name !== '' && shape.held < 0 && shape.closed && points.length > 1;
	const asked = ready ? JSON.stringify(change.requests[0].body.edits) : '';
	const { of, answer: diff, problem } = useAnswer(asked, 0, preview);
	const known = ready && of === asked;
	const refused = (known && (problem?.message ?? diff.refused)) || '';
	const wrong = problems(refused, ['name', 'points', 'rect', 'directions']);
	const choices = [...kinds.map((k) => 'a new ' + k), ...places.map((p) => `${p.directions ? 'line' : 'zone'} ${p.name}`)];
	const choose = (choice) => {
		const n = choices.indexOf(choice);
		set({ ...(n < kinds.length ? fresh(kinds[n]) : shapeOf(places[n - kinds.length])), choice });
	};
	const done = async (of) => (await make(of)) || set((now) => (now === shape ? fresh(kind) : now));
	const add = () => {
		const next = added(shape, [0.5, 0.5]);
		set({ ...next, held: -1, typed: undefined });
		requestAnimationFrame(() => document.querySelector(`[data-point="${next.held}"]`)?.focus());
	};
	return html`<form class="card" aria-label="draw" onSubmit=${(e) => { e.preventDefault(); done(change); }}>
		<${Field} option=${{ name: 'draw', choices, fixed: true, help: camerasOf(shape).length > 1 ? 'several cameras share it; it changes on all of them' : 'click on the frame to add a point, drag a point to move it' }}
			text=${shape.choice ?? choices[kinds.indexOf(kind)]} set=${choose} />
		<${Field} option=${{ name: 'name', help: 'used in rules' }} text=${name} wrong=${wrong.name} set=${(text) => set({ ...shape, name: text.trim() })} />
		<${Field} option=${{ name: 'points', help: kind === 'rectangle' ? 'two opposite corners' : 'x and y of each point, from 0 to 1' }} wrong=${wrong.points ?? wrong.rect}
			text=${typed ?? points.map((p) => p.join(' ')).join(', ')} set=${(text) => set({ ...shape, typed: text, points: pointsOf(text), closed: true })} />
		${kind === 'line' ? html`<${Field} option=${{ name: 'directions', help: 'names of crossing left to right and right to left, seen from the first point to the second' }}
			wrong=${wrong.directions} text=${shape.directions.join(' ')} set=${(text) => set({ ...shape, directions: text.split(' ') })} />`
			: html`<p><label><input type="checkbox" checked=${shape.privacy} onChange=${(e) => set({ ...shape, privacy: e.target.checked })} /> private: black wherever frames are shown, recorded or sent</label></p>`}
		${refused && Object.keys(wrong).length === 0 && html`<p class="bad" role="alert"><${Name} of=${refused} /></p>`}
		<div class="tools"><${Action} off=${!known || refused !== ''}>Write to the file<//>
			<button type="button" onClick=${add}>Add a point</button>
			${!shape.closed && html`<button type="button" disabled=${points.length < 3} onClick=${() => set({ ...shape, closed: true })}>Close</button>`}
			${old && html`<${Action} type="button" class="danger" onClick=${() => done(removalOf(shape, camera.name))}>Remove<//>`}
		</div>
		${known && diff && html`<${Changes} of=${diff} />`}
	</form>`;
}

// preview returns the changes that edits would make in the file.
const preview = (edits) => call('POST', 'config/edit', { edits: JSON.parse(edits), write: false });

// pointsOf parses typed points: "0.1 0.5, 0.4 0.9". It leaves out what is not a pair of numbers.
function pointsOf(text) {
	const all = text.split(/[^\w.+-]+/).filter(Boolean).map((n) => round(Number(n)));
	return all.flatMap((y, i) => (i % 2 === 1 && Number.isFinite(all[i - 1] + y) ? [[all[i - 1], y]] : []));
}
