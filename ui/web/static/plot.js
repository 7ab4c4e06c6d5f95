// Plots, drawn by uPlot.

import { html, useEffect, useRef } from './vendor/preact-htm.js';
import { firstBar } from './histogram.js';
import { ago, number } from './units.js';

const dark = matchMedia('(prefers-color-scheme: dark)');

// colourIn returns what gives the colours of the style sheet's classes, as they are now.
const colourIn = (box) => (name) => {
	box.className = 'plot ' + name;
	return getComputedStyle(box).color;
};

// Plot draws data with the options that make returns, and again when size or colours change.
function Plot({ data, make, height, label }) {
	const place = useRef(), plot = useRef();
	useEffect(() => {
		const box = place.current;
		const draw = () => {
			plot.current?.destroy();
			plot.current = new uPlot({ ...make(colourIn(box)), width: box.clientWidth, height, legend: { show: false } }, data, box);
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
	useEffect(() => plot.current.setData(data), [data]);
	return html`<div class="plot" role="img" aria-label=${label} ref=${place}></div>`;
}

const axis = (colour, more) => ({ stroke: colour('dim'), grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false }, font: '11px sans-serif', ...more });

const still = { show: false, drag: { setScale: false } };

// Lines draws the values of a series, one each half second, the newest at 0 s. Null leaves
// a gap.
export function Lines({ values, label }) {
	const data = [values.map((_, i) => (i - values.length + 1) / 2), values];
	const make = (colour) => ({
		cursor: still,
		scales: { x: { time: false, range: [-60, 0] }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1e-9) * 1.1] } },
		axes: [axis(colour, { values: (_, all) => all.map((v) => v + ' s') }), axis(colour, { size: 56, values: (_, all) => all.map(number) })],
		series: [{}, { stroke: colour('stage-0'), width: 2, points: { show: false } }],
	});
	return html`<${Plot} data=${data} make=${make} height=${160} label=${label} />`;
}

// Bars draws counts by power of two of a duration, from 1 µs.
export function Bars({ counts, ink, label }) {
	const make = (colour) => ({
		cursor: still,
		scales: { x: { time: false, range: [-0.5, counts.length - 0.5] }, y: { range: (_, low, high) => [0, Math.max(high ?? 1, 1)] } },
		axes: [
			axis(colour, { size: 26, grid: { show: false }, incrs: [5], space: 20, values: (_, all) => all.map((i) => ago(firstBar * 2 ** i)) }),
			axis(colour, { size: 44, values: (_, all) => all.map((v) => (Number.isInteger(v) ? v : '')) }),
		],
		series: [{}, { fill: colour(ink), stroke: colour(ink), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.9] }) }],
	});
	return html`<${Plot} data=${[counts.map((_, i) => i), counts]} make=${make} height=${110} label=${label} />`;
}
