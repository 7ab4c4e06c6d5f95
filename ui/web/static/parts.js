// Parts that several views have.

import { html, useEffect, useState } from './vendor/preact-htm.js';
import { clean } from './units.js';

// tone returns the colour of a state, as the terminal has it: a class of style.css.
export function tone(state) {
	switch (state) {
	case 'live': case 'running': case 'ok': case 'confirmed': case 'true': return 'good';
	case 'failed': case 'stuck': case 'degraded': return 'bad';
	case 'paused': case 'ended': case 'disabled': case 'idle': case 'waiting': case 'false': return 'dim';
	}
	return 'warn';
}

// State is a state with a dot in its colour.
export const State = ({ of, text = of }) => html`<span class="state ${tone(of)}"><i aria-hidden="true">●</i> ${text}</span>`;

// Name is text from outside: a name, a label, an error.
export const Name = ({ of }) => html`<bdi>${clean(of)}</bdi>`;

// Spark draws values as a line, the newest on the right; null leaves a gap. Mark is a
// threshold across it.
export function Spark({ values, low = 0, high, width = 90, height = 18, mark, label }) {
	const known = values.filter((v) => v !== null);
	const top = high ?? Math.max(...known, low);
	const y = (v) => (top > low ? height - 1 - ((v - low) / (top - low)) * (height - 2) : height - 1);
	const x = (i) => ((i + 120 - values.length) / 119) * width;
	let line = '', pen = 'M';
	values.forEach((v, i) => {
		if (v === null) {
			pen = 'M';
			return;
		}
		line += `${pen}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
		pen = 'L';
	});
	return html`<svg class="spark" viewBox="0 0 ${width} ${height}" role="img" aria-label=${label}><path d=${line} />
		${mark >= low && mark <= top && html`<path class="mark" d="M0 ${y(mark)}H${width}" />`}</svg>`;
}

// alertTone returns how an alert is drawn.
export function alertTone(alert) {
	if (alert.acknowledged) return 'dim';
	return alert.severe ? 'bad' : 'warn';
}

// alertsOf returns the alerts of a camera, and of one detector of it where one is named.
export function alertsOf(alerts, camera, detector) {
	const about = ['detector_failed', 'detector_slow', 'frames_sparse'];
	return alerts.filter((a) => a.cameras.includes(camera) && (!detector || (a.subject === detector && about.includes(a.kind))));
}

// inTrouble says how bad alerts are: 0 severe, 1 some, 2 none.
export function inTrouble(alerts) {
	if (alerts.some((a) => a.severe && !a.acknowledged)) return 0;
	return alerts.length > 0 ? 1 : 2;
}

// useTick renders a component again every so many milliseconds.
export function useTick(every) {
	const [, set] = useState(0);
	useEffect(() => {
		const timer = setInterval(() => set((n) => n + 1), every);
		return () => clearInterval(timer);
	}, [every]);
}
