// Components and helpers that several views share.

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { get } from './api.js';
import { barred } from './changes.js';
import { href } from './route.js';
import { camera } from './store.js';
import { clean } from './units.js';

const tones = { live: 'good', failed: 'bad', paused: 'dim', ended: 'dim' };

// State shows the state of a camera with a coloured dot.
export const State = ({ of }) => html`<span class="state ${tones[of] ?? 'warn'}"><i aria-hidden="true">●</i> ${of}</span>`;

// Name shows text from outside, such as a name, a label or an error.
export const Name = ({ of }) => html`<bdi>${clean(of)}</bdi>`;

// scaleOf returns the upper end of a scale, rounded up so that it rarely changes.
export function scaleOf(values) {
	const most = Math.max(0, ...values);
	if (most === 0) return 1;
	const scale = 10 ** Math.floor(Math.log10(most));
	return scale * ([1, 2, 5].find((step) => most <= step * scale) ?? 10);
}

// Spark draws values as a line, newest on the right, and mark as a dashed threshold.
export function Spark({ values, high, width = 90, height = 18, mark = 0, label }) {
	const top = high ?? scaleOf([...values, mark]);
	const y = (v) => height - 1 - (Math.max(v, 0) / top) * (height - 2);
	const x = (i) => ((i + 120 - values.length) / 119) * width;
	let line = '', pen = 'M';
	values.forEach((v, i) => {
		if (v !== null) line += `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
		pen = v === null ? 'M' : 'L';
	});
	return html`<svg class="spark" viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label=${label}><path d=${line} />
		${mark > 0 && html`<path class="mark" d="M0 ${y(mark)}H${width}" />`}</svg>`;
}

export const ruleLook = { potential: 'warn', confirmed: 'good', cooldown: 'info', idle: 'dim', inactive: 'dim', disabled: 'dim' };
export const truthLook = { true: 'good', false: 'dim', unknown: 'warn' };

const glyph = { true: '✓', false: '✗', unknown: '?' };

// Truth shows true, false or unknown.
export const Truth = ({ of }) => html`<span class=${truthLook[of]}><span aria-hidden="true">${glyph[of]}</span><span class="hidden">${of}</span></span>`;

// alertTone returns the CSS class of an alert.
export function alertTone(alert) {
	if (alert.acknowledged) return 'dim';
	return alert.severe ? 'bad' : 'warn';
}

// alertsOf returns the alerts of a camera, or of one of its detectors.
export function alertsOf(alerts, camera, detector) {
	const about = ['detector_failed', 'detector_slow', 'detector_ttl', 'frames_sparse'];
	return alerts.filter((a) => a.cameras.includes(camera) && (!detector || (a.subject === detector && about.includes(a.kind))));
}

// inTrouble ranks alerts: 0 severe, 1 some, 2 none.
export function inTrouble(alerts) {
	if (alerts.some((a) => a.severe && !a.acknowledged)) return 0;
	return alerts.length > 0 ? 1 : 2;
}

// useAnswer calls ask(what), by default GET of an API path, when what changes, and again so many
// milliseconds after each answer. It returns {of: what, answer} or {of: what, problem}; {} if what is ''.
export function useAnswer(what, every = 0, ask = get) {
	const [last, set] = useState({});
	useEffect(() => {
		let over = what === '', timer;
		const again = async () => {
			const next = await ask(what).then((answer) => ({ of: what, answer }), (problem) => ({ of: what, problem }));
			if (over) return;
			set(next);
			if (every > 0) timer = setTimeout(again, every);
		};
		if (!over) again();
		return () => {
			over = true;
			clearTimeout(timer);
		};
	}, [what, every]);
	return last;
}

// ofCamera wraps a view of one camera: it passes the camera from the snapshot, if there is one.
export function ofCamera(View) {
	const OfCamera = ({ route }) => {
		const of = camera(route.camera);
		if (of) return html`<${View} key=${of.name} camera=${of} route=${route} />`;
		return html`<p class="empty">${route.camera ? html`There is no camera <${Name} of=${route.camera} />.` : 'No camera.'}</p>`;
	};
	return Object.assign(OfCamera, { ofCamera: true });
}

// Listing is a table of a camera's items, with the details of the one in the URL below it.
// Cells are the cells of a row after the name.
export function Listing({ view, what, camera, item, columns, empty, list, Cells, Details }) {
	const shown = list.find((it) => it.name === item), heading = useRef();
	useEffect(() => {
		if (heading.current?.getBoundingClientRect().top > 0.6 * innerHeight) heading.current.scrollIntoView({ block: 'center' });
	}, [item]);
	return html`
		<${Table} columns=${[what, ...columns]} empty=${empty} rows=${list.map((it) => html`
			<tr key=${it.name} class=${it === shown ? 'selected' : ''} data-name=${it.name}>
				<th scope="row"><a data-row href=${href(view, camera.name, it.name)} aria-current=${it === shown ? 'true' : null}><${Name} of=${it.name} /></a></th>
				<${Cells} it=${it} camera=${camera} />
			</tr>`)} />
		${shown && html`<section class="card" aria-labelledby="shown">
			<h2 id="shown" ref=${heading}><${Name} of=${shown.title ?? `${item} on ${camera.name}`} /></h2>
			<${Details} key=${item} it=${shown} camera=${camera} />
		</section>`}
		${!shown && item && html`<p class="empty">There is no ${what} <${Name} of=${item} /> on this camera.</p>`}`;
}

// Facts is a list of names and values. Empty values are left out.
export const Facts = ({ of }) => html`<dl class="facts">${of.filter(([, value]) => value || value === 0)
	.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;

// Meter draws a share, 0..1.
export function Meter({ share, look = 'good', label }) {
	const percent = Math.round(100 * Math.min(Math.max(share || 0, 0), 1));
	return html`<span class="meter ${look}" role="meter" aria-label=${label} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
		<i style=${{ width: percent + '%' }}></i></span>`;
}

// Action is a button that changes something. It is disabled while changes are barred.
export const Action = ({ children, off, ...more }) => html`<button disabled=${off || barred() !== ''} title=${barred()} ...${more}>${children}</button>`;

// Confirmed is an action that asks first because it cannot be undone.
export function Confirmed({ label, what, act }) {
	const [asked, ask] = useState(false);
	if (!asked) return html`<${Action} onClick=${() => ask(true)}>${label}…<//>`;
	return html`<span role="group" aria-label=${what}>This cannot be undone. <${Action} class="danger" onClick=${act}>${what}<//>
		<button onClick=${() => ask(false)}>Cancel</button></span>`;
}

// Toggle is a switch. flip is called with the state that is shown.
export const Toggle = ({ on, label, flip }) => html`<${Action} class="toggle" role="switch" aria-checked=${on ? 'true' : 'false'} aria-label=${label}
	onClick=${() => flip(on)}><i aria-hidden="true">${on ? '●' : '○'}</i> ${on ? 'on' : 'off'}<//>`;

// Table is a table, or the text empty if there are no rows. A column is its name, with ">"
// before it for numbers, or {name, number, wide, on, sort}.
export function Table({ columns, rows, empty }) {
	if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
	const heads = columns.map((c) => (c.name ? c : { name: c.replace('>', ''), number: c[0] === '>' }));
	return html`
		<div class="scroll"><table>
			<thead><tr>${heads.map(({ name, number, wide, on, sort }) => html`
				<th scope="col" class="${number ? 'number' : ''} ${wide ? 'wide' : ''}" aria-sort=${sort ? (on ? 'other' : 'none') : null}>
					${sort ? html`<button class="sort" onClick=${sort}>${name}${on && ' ▾'}</button>` : name}</th>`)}</tr></thead>
			<tbody>${rows}</tbody>
		</table></div>`;
}
