// Signals of a camera: value, history, age and TTL.

import { html } from '../vendor/preact-htm.js';
import { caption } from '../overlay.js';
import { history } from '../history.js';
import { Facts, Listing, Meter, Name, ofCamera, scaleOf, Spark, Table } from '../parts.js';
import { href } from '../route.js';
import { ago, number, steady } from '../units.js';

export default ofCamera(({ camera, route }) => html`
	<h1>Signals</h1>
	<${Listing} view="signals" what="signal" camera=${camera} item=${route.item} columns=${['>value', 'last minute', '>age', 'TTL left']} empty="No signals: no detectors attached."
		list=${camera.signals} Cells=${Cells} Details=${Details} />`);

function Cells({ it: s, camera }) {
	const values = history.values(camera.name, s.name);
	const left = s.ttl_ns > 0 ? 1 - s.age_ns / s.ttl_ns : 0;
	return html`
		<td class="number ${s.unknown ? 'warn' : 'strong'}">${s.unknown ? 'unknown' : number(s.value)}</td>
		<td><${Spark} values=${values} label="history of ${s.name}" /></td>
		${s.unknown ? html`<td colspan="2" class="warn">${s.unknown}</td>`
			: html`<td class="number">${steady(s.age_ns)}</td><td><${Meter} share=${left} look=${left < 0.34 ? 'warn' : 'good'} label="TTL left" /></td>`}`;
}

// Details shows one signal in full.
function Details({ it: s, camera }) {
	const values = history.values(camera.name, s.name);
	return html`
		<${Facts} of=${[
			['value', s.unknown ? html`<span class="warn">unknown: ${s.unknown}</span>` : html`<strong>${number(s.value)}</strong>`],
			['from', s.detector ? html`detector <a href=${href('detectors', camera.name, s.detector)}><${Name} of=${s.detector} /></a>` : 'its detector was detached'],
			['age', `${steady(s.age_ns)}, fresh for ${ago(s.ttl_ns)} after capture`],
		]} />
		<${Spark} values=${values} width=${600} height=${120} label="history of ${s.name}" />
		<p class="dim">last minute, from 0 to ${number(scaleOf(values))}</p>
		${s.detections.length > 0 && html`<h3>Detections</h3>
			<${Table} columns=${['label', '>score', '>at', '>size']} rows=${s.detections.map((d, i) => html`<tr key=${i}>
				<th scope="row"><${Name} of=${caption(d, s.name)} /></th><td class="number">${Math.round(100 * d.score)} %</td>
				<td class="number">${d.box.x.toFixed(2)} ${d.box.y.toFixed(2)}</td><td class="number">${d.box.w.toFixed(2)} × ${d.box.h.toFixed(2)}</td>
			</tr>`)} />`}`;
}
