// Alerts: each present trouble once, with what to do.

import { html } from '../vendor/preact-htm.js';
import { call, path } from '../api.js';
import { act } from '../notice.js';
import { alertTone, Name } from '../parts.js';
import { href } from '../route.js';
import { store } from '../store.js';
import { ago, clean, ms, stamp } from '../units.js';

// placeOf returns the link to what an alert is about.
function placeOf(alert) {
	const camera = alert.cameras[0] ?? '';
	if (alert.kind.startsWith('detector') || alert.kind === 'frames_sparse') return href('detectors', camera, alert.subject);
	if (camera) return href('live', camera);
	return href(alert.kind === 'clips_degraded' ? 'events' : 'log');
}

function acknowledge(alert) {
	const done = alert.acknowledged ? 'no longer acknowledged: ' : 'acknowledged until it ends: ';
	return act(done + alert.title, () => call('POST', path('alerts', alert.id, 'acknowledge')));
}

function Alert({ alert, now, selected }) {
	const lasted = (now - Date.parse(alert.since)) * ms;
	return html`
		<li class="card alert ${alertTone(alert)} ${selected ? 'selected' : ''}">
			<h2>
				<i aria-hidden="true">${alert.acknowledged ? '○' : '▲'}</i>
				<a data-row href=${placeOf(alert)}><${Name} of=${alert.title} /></a>
				${alert.acknowledged && html`<small> acknowledged</small>`}
			</h2>
			<dl>
				<dt>lasted</dt><dd>${ago(lasted)}, since ${stamp(alert.since)}</dd>
				${alert.cause && html`<dt>cause</dt><dd class=${alertTone(alert)}><${Name} of=${alert.cause} /></dd>`}
				<dt>do</dt><dd><${Name} of=${alert.remedy} /></dd>
				${alert.cameras.length > 0 && html`<dt>cameras</dt><dd>${alert.cameras.map((c) => html`<a href=${href('live', c)}>${clean(c)}</a> `)}</dd>`}
			</dl>
			<button disabled=${store.readOnly} onClick=${() => acknowledge(alert)}>
				${alert.acknowledged ? 'Take the acknowledgement back' : 'Acknowledge'}
			</button>
		</li>`;
}

export function Alerts({ route }) {
	const { alerts, at } = store.snapshot;
	const known = alerts.filter((a) => a.acknowledged).length;
	return html`
		<h1>Alerts ${known > 0 && html`<small>${known} acknowledged</small>`}</h1>
		${alerts.length === 0 && html`<p class="empty">No alerts.</p>`}
		<ul class="cards">
			${alerts.map((a) => html`<${Alert} key=${a.id} alert=${a} now=${Date.parse(at)} selected=${route.query.id === a.id} />`)}
		</ul>`;
}
