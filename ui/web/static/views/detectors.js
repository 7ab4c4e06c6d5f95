// Detectors of a camera: states, switches, rates, and the details of one.

import { html, useState } from '../vendor/preact-htm.js';
import { detach, make, setRate, toggleDetector } from '../changes.js';
import { AttachForm } from '../form.js';
import { quantile, total } from '../histogram.js';
import { errorsOf, growth, history } from '../history.js';
import { Action, alertsOf, Confirmed, Facts, inTrouble, Listing, Meter, Name, ofCamera, Spark, Toggle } from '../parts.js';
import { go, href } from '../route.js';
import { store } from '../store.js';
import { ago, count, limit, rate, second, steady } from '../units.js';
import { about, fold, Line } from './log.js';

export default ofCamera(({ camera, route }) => {
	if ('attach' in route.query) return html`<${AttachForm} camera=${camera} />`;
	const { alerts, slots } = store.snapshot;
	const trouble = (d) => inTrouble(alertsOf(alerts, camera.name, d.name));
	const list = camera.detectors.toSorted((a, b) => trouble(a) - trouble(b));
	return html`
		<h1>Detectors <small>slots ${slots.busy}/${slots.size}${slots.waiting > 0 && ` +${slots.waiting} waiting`}</small></h1>
		<p class="tools"><a class="button" href=${href('detectors', camera.name, '', { attach: 'yes' })}>Attach a detector</a></p>
		<${Listing} view="detectors" what="detector" camera=${camera} item=${route.item} columns=${['on', 'state', '>fps of max', '>p50', '>p99', '>age', '>runs', '>errors']}
			empty="No detectors attached." list=${list} Cells=${Cells} Details=${Details} />`;
});

function Cells({ it: d, camera }) {
	const exec = history.recent(camera.name, d.name, 'exec');
	const failed = errorsOf(d);
	return html`
		<td><${Toggle} label="${d.name} enabled" on=${d.state !== 'disabled'} flip=${(shown) => make(toggleDetector(camera.name, d.name, shown))} /></td>
		<td class="words ${d.words.tone}"><i aria-hidden="true">●</i> <${Name} of=${d.words.text} /></td>
		<td class="number">${rate(d.fps)} <span class="dim">of ${limit(d.max_fps)}</span></td>
		<td class="number">${ago(quantile(exec, 0.5))}</td>
		<td class="number">${ago(quantile(exec, 0.99))}</td>
		<td class="number">${d.runs > 0 && d.age_ns > 0 ? steady(d.age_ns) : '-'}</td>
		<td class="number">${count(d.runs)}</td>
		<td class="number ${failed > 0 ? 'warn' : ''}">${count(failed)}</td>`;
}

// Details shows one detector in full.
function Details({ it: d, camera }) {
	const rates = history.values(camera.name, d.name, 'fps');
	const exec = history.recent(camera.name, d.name, 'exec');
	const skips = Object.entries(d.skips).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
	const lost = losses(d);
	const all = skips.reduce((sum, [, n]) => sum + n, 0);
	const gone = async () => (await make(detach(camera.name, d.name))) || go('detectors', camera.name);
	const errors = growth(history.values(camera.name, d.name, 'errors')), told = fold(about({ camera: camera.name, detector: d.name })).slice(-4);
	const where = d.endpoint ? `, computed at ${d.endpoint}` : d.remote ? ', computed elsewhere' : '';
	return html`
		<${Facts} of=${[
			['state', html`<span class=${d.words.tone}><${Name} of=${d.words.text} /></span>`],
			['kind', `${d.kind}, ${d.cost} cost${where}`],
			['outputs', d.provides.map((s, i) => html`${i > 0 && ', '}<a href=${href('signals', camera.name, s)}>${s}</a>`)],
			['needs', d.needs.join(', ')],
			['looks at', d.crops_of && `boxes of ${d.crops_of}, at most ${d.max_crops} per frame`],
			['model', d.model && html`<${Name} of=${d.model} />`],
			['bounds', `max_fps ${limit(d.max_fps)}, timeout ${ago(d.timeout_ns)}, ttl ${ago(d.ttl_ns)}`], ...d.settings.map((s) => [s.key, html`<${Name} of=${s.value} />`]),
			['last error', d.error && html`<span class="bad"><${Name} of=${d.error} /></span>`],
		]} />
		<div class="tools"><${RateForm} d=${d} camera=${camera} /><${Confirmed} label="Detach" what="Detach ${d.name}" act=${gone} /></div>
		<h3>Rate and run time</h3>
		<${Facts} of=${[
			['runs/s', html`<${Spark} values=${rates} high=${Math.max(d.max_fps, ...rates)} label="runs per second" /> ${rate(d.fps)} of ${limit(d.max_fps)}`],
			['run time', total(exec) > 0 && html`<${Spark} values=${history.values(camera.name, d.name, 'median')} label="run time" />
				p50 ${ago(quantile(exec, 0.5))}, p99 ${ago(quantile(exec, 0.99))}, max ${ago(d.exec.max_ns)}`],
			['answer age', d.answer_age?.count > 0 && `p50 ${ago(d.answer_age.p50_ns)}, p99 ${ago(d.answer_age.p99_ns)} since start`],
			['errors', errorsOf(d) > 0 && html`<${Spark} values=${errors} label="errors" /> ${count(errorsOf(d))} in total`],
		]} />
		${told.map((l) => html`<p><${Line} of=${l} /></p>`)}
		<h3>Skipped frames</h3>
		${all === 0 ? html`<p class="dim">none</p>` : html`<${Facts} of=${skips.map(([gate, n]) => [gate, html`<${Share} share=${n / all} label=${gate} /> ${count(n)}`])} />`}
		${!d.remote && html`<${Slots} />`}
		<h3>Losses since start</h3>
		${lost.length === 0 ? html`<p class="dim">none</p>` : html`<${Facts} of=${lost.map(([what, n]) => [what, html`<span class="warn">${count(n)}</span>`])} />`}`;
}

// losses returns the losses of a detector by reason since the program started.
function losses(d) {
	const own = [['timeouts', d.timeouts], ['late answers', d.late], ['expired', d.expired], ['backoffs', d.backoffs], ['restarts', d.restarts]];
	return [...own, ...d.errors.map((e) => [e.reason, e.n])].filter(([, n]) => n > 0);
}

const Share = ({ share, label }) => html`<${Meter} share=${share} look="warn" label=${label} /> <span class="dim">${Math.round(100 * share)} %</span>`;

function RateForm({ d, camera }) {
	const [fps, set] = useState('');
	const send = async (event) => {
		event.preventDefault();
		if (!(await make(setRate(camera.name, d, Number(fps))))) set('');
	};
	return html`<form onSubmit=${send}>
		<label>max. runs per second <input name="fps" type="number" min="0.01" step="any" required placeholder=${limit(d.max_fps)} value=${fps}
			onInput=${(e) => set(e.target.value)} /></label> <${Action}>Set<//>
	</form>`;
}

// Slots shows which detectors of all cameras hold the slots, by their recent run times.
function Slots() {
	const { cameras, slots } = store.snapshot;
	const median = (c, d) => quantile(history.recent(c.name, d.name, 'exec'), 0.5) ?? 0;
	const holders = cameras.flatMap((c) => c.detectors.filter((d) => !d.remote)
		.map((d) => [`${d.name} on ${c.name}`, (d.fps * median(c, d)) / second / Math.max(slots.size, 1)]))
		.filter(([, share]) => share > 0).sort((a, b) => b[1] - a[1]).slice(0, 6);
	return html`<h3>Who holds the ${slots.size} slots</h3>
		<${Facts} of=${holders.map(([name, share]) => [name, html`<${Share} share=${share} label=${name} />`])} />`;
}
