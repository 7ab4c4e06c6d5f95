// Latency by stage from camera to event, over the last ten seconds.

import { html, useEffect, useRef } from '../vendor/preact-htm.js';
import { bars, firstBar, quantile, total } from '../histogram.js';
import { history } from '../history.js';
import { ofCamera, Table } from '../parts.js';
import { ago } from '../units.js';

const stages = ['capture', 'queue', 'schedule', 'inference', 'publish', 'event'];

const dark = matchMedia('(prefers-color-scheme: dark)');
const height = 110;

// inkOf returns the colour of a stage.
const inkOf = (stage) => (stage === 'step' ? 'dim' : 'stage-' + stages.indexOf(stage));

export default ofCamera(({ camera }) => {
	const rows = ['step', ...stages].map((stage) => {
		const counts = history.recent(camera.name, stage);
		return { stage, counts, n: total(counts), most: (stage === 'step' ? camera.tick : camera.stages[stage])?.max_ns ?? 0 };
	});
	return html`
		<h1>Latency <small>last 10 s</small></h1>
		<${AgeBar} rows=${rows.slice(1, 6)} />
		<${Table} columns=${['stage', '>p50', '>p99', '>p99.9', '>max since start', '>samples']} rows=${rows.map((r) => html`<tr key=${r.stage}>
			<th scope="row"><i class=${inkOf(r.stage)} aria-hidden="true">●</i>${'\u00a0'}${r.stage}</th>
			${[0.5, 0.99, 0.999].map((q) => html`<td class="number">${r.n > 0 ? ago(quantile(r.counts, q)) : '-'}</td>`)}
			<td class="number dim">${r.most > 0 ? ago(r.most) : '-'}</td><td class="number dim">${r.n}</td>
		</tr>`)} />
		<div class="plots">${rows.map((r) => html`<figure key=${r.stage}>
			<figcaption>${r.stage} <span class="dim">${r.n > 0 ? `p50 ${ago(quantile(r.counts, 0.5))}, p99 ${ago(quantile(r.counts, 0.99))}` : 'no samples'}</span></figcaption>
			<${Bars} counts=${bars(r.counts)} ink=${inkOf(r.stage)} label="samples of ${r.stage} by duration" />
		</figure>`)}</div>`;
});

// AgeBar shows the median age of a result, split by stage.
function AgeBar({ rows }) {
	const parts = rows.map((r) => [r.stage, r.n > 0 ? quantile(r.counts, 0.5) : 0]);
	const all = parts.reduce((sum, [, ns]) => sum + ns, 0);
	if (all === 0) return html`<p class="dim">no results yet</p>`;
	const words = parts.map(([stage, ns]) => `${stage} ${ago(ns)}`).join(', ');
	return html`<p>end-to-end latency <strong>${ago(all)}</strong></p>
		<div class="meter agebar" role="img" aria-label=${words}>${parts.map(([stage, ns]) => html`
			<i class=${inkOf(stage)} style=${{ width: (100 * ns) / all + '%' }} title="${stage} ${ago(ns)}"></i>`)}</div>`;
}

// optionsIn returns the plot options for a box, with the current colours.
function optionsIn(box, ink, length) {
	const colour = (name) => {
		box.className = 'plot ' + name;
		return getComputedStyle(box).color;
	};
	const axis = { stroke: colour('dim'), grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false }, font: '11px sans-serif' };
	return {
		width: box.clientWidth, height, legend: { show: false }, cursor: { show: false, drag: { setScale: false } },
		scales: { x: { time: false, range: [-0.5, length - 0.5] }, y: { range: (_, low, high) => [0, Math.max(high ?? 1, 1)] } },
		axes: [
			{ ...axis, size: 26, grid: { show: false }, incrs: [5], space: 20, values: (_, all) => all.map((i) => ago(firstBar * 2 ** i)) },
			{ ...axis, size: 44, values: (_, all) => all.map((v) => (Number.isInteger(v) ? v : '')) },
		],
		series: [{}, { fill: colour(ink), stroke: colour(ink), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.9] }) }],
	};
}

// Bars plots counts by duration. It redraws when size or colours change.
function Bars({ counts, ink, label }) {
	const place = useRef(), plot = useRef();
	const data = [counts.map((_, i) => i), counts];
	useEffect(() => {
		const box = place.current;
		const draw = () => {
			plot.current?.destroy();
			plot.current = new uPlot(optionsIn(box, ink, counts.length), data, box);
		};
		draw();
		const watch = new ResizeObserver(() => plot.current.setSize({ width: box.clientWidth, height }));
		watch.observe(box);
		dark.addEventListener('change', draw);
		return () => {
			watch.disconnect();
			dark.removeEventListener('change', draw);
			plot.current.destroy();
		};
	}, []);
	useEffect(() => plot.current.setData(data), [counts.join()]);
	return html`<div class="plot" role="img" aria-label=${label} ref=${place}></div>`;
}
