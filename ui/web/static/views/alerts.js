// Alerts: current problems, each with its remedy.

import { html } from '../vendor/preact-htm.js';
import { acknowledge, make } from '../changes.js';
import { Action, alertTone, Facts, Name } from '../parts.js';
import { href } from '../route.js';
import { store } from '../store.js';
import { ago, clean, ms, stamp } from '../units.js';

// placeOf returns a link to the subject of an alert.
function placeOf(alert) {
	const camera = alert.cameras[0] ?? '';
	if (alert.kind.startsWith('detector') || alert.kind === 'frames_sparse') return href('detectors', camera, alert.subject);
	if (camera) return href('live', camera);
	if (alert.kind.startsWith('output')) return href('queues', store.snapshot.cameras[0]?.name, alert.subject);
	return href({ clips_degraded: 'events', reload_failed: 'diff' }[alert.kind] ?? 'log');
}

function Alert({ alert, now, selected }) {
	return html`
		<li class="card alert ${alertTone(alert)} ${selected ? 'selected' : ''}">
			<h2>
				<i aria-hidden="true">${alert.acknowledged ? '○' : '▲'}</i> <a data-row href=${placeOf(alert)}><${Name} of=${alert.title} /></a>
				${alert.acknowledged && html`<small> acknowledged</small>`}
			</h2>
			<${Facts} of=${[
				['active', `${ago((now - Date.parse(alert.since)) * ms)}, since ${stamp(alert.since)}`],
				['cause', alert.cause && html`<span class=${alertTone(alert)}><${Name} of=${alert.cause} /></span>`],
				['do', html`<${Name} of=${alert.remedy} />`],
				['cameras', alert.cameras.length > 0 && alert.cameras.map((c) => html`<a href=${href('live', c)}>${clean(c)}</a> `)],
			]} />
			<${Action} onClick=${() => make(acknowledge(alert))}>${alert.acknowledged ? 'Unacknowledge' : 'Acknowledge'}<//>
		</li>`;
}

export default function Alerts({ route }) {
	const { alerts, at } = store.snapshot;
	const known = alerts.filter((a) => a.acknowledged).length;
	return html`
		<h1>Alerts ${known > 0 && html`<small>${known} acknowledged</small>`}</h1>
		${alerts.length === 0 && html`<p class="empty">No alerts.</p>`}
		<ul class="cards">
			${alerts.map((a) => html`<${Alert} key=${a.id} alert=${a} now=${Date.parse(at)} selected=${route.query.id === a.id} />`)}
		</ul>`;
}
