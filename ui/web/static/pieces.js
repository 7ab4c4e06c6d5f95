// Pieces that the views of detectors, signals, rules and events have in common.

import { html, useEffect, useState } from './vendor/preact-htm.js';
import { get } from './api.js';
import { barred } from './changes.js';
import { Name } from './parts.js';
import { camera } from './store.js';

// useAnswer asks the API for a path, again when it changes and every so many milliseconds,
// and returns {answer} or {problem} of the last time. An empty path asks for nothing.
export function useAnswer(path, every = 0) {
	const [last, set] = useState({});
	useEffect(() => {
		let over = path === '';
		const ask = () => over || get(path).then((answer) => over || set({ answer }), (problem) => over || set({ problem }));
		ask();
		const timer = every > 0 && setInterval(ask, every);
		return () => {
			over = true;
			clearInterval(timer);
		};
	}, [path, every]);
	return last;
}

// ofCamera makes the view of a camera from one that is given the camera of the snapshot.
export const ofCamera = (View) => function OfCamera({ route }) {
	const of = camera(route.camera);
	if (of) return html`<${View} key=${of.name} camera=${of} route=${route} />`;
	return html`<p class="empty">${route.camera ? html`There is no camera <${Name} of=${route.camera} />.` : 'No camera.'}</p>`;
};

// Facts is a list of names and values; values that are empty are left out.
export const Facts = ({ of }) => html`<dl class="facts">${of.filter(([, value]) => value || value === 0)
	.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

// Meter draws a share, 0..1.
export function Meter({ share, look = 'good', label }) {
	const percent = Math.round(100 * Math.min(Math.max(share || 0, 0), 1));
	return html`<span class="meter ${look}" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
		<i style=${{ width: percent + '%' }}></i></span>`;
}

// Toggle is a switch; set is called with what it is to be.
export function Toggle({ on, label, set }) {
	const why = barred();
	return html`<button class="toggle" role="switch" aria-checked=${on ? 'true' : 'false'} aria-label=${label} disabled=${why !== ''} title=${why}
		onClick=${() => set(!on)}><i aria-hidden="true"></i>${on ? 'on' : 'off'}</button>`;
}

// Action is a button that changes the runtime.
export const Action = ({ children, ...more }) => html`<button disabled=${barred() !== ''} title=${barred()} ...${more}>${children}</button>`;

// Table is a table: names of its columns, of which those that begin with ">" head numbers,
// and rows; where there is none, a text.
export const Table = ({ columns, rows, empty }) => (rows.length === 0 ? html`<p class="empty">${empty}</p>` : html`
	<div class="scroll"><table>
		<thead><tr>${columns.map((name) => html`<th scope="col" class=${name[0] === '>' ? 'number' : ''}>${name.replace('>', '')}</th>`)}</tr></thead>
		<tbody>${rows}</tbody>
	</table></div>`);
