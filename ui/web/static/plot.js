// Plots, drawn by uPlot.

import { html, useEffect, useRef } from './vendor/preact-htm.js';
import { firstBar } from './histogram.js';
import { ago } from './units.js';

const dark = matchMedia('(prefers-color-scheme: dark)');
const height = 110;

// optionsIn returns the options of a plot in a box, with the colours of the style sheet's
// classes as they are now.
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

// Bars draws counts by power of two of a duration, from 1 µs, and again when size or colours
// change.
export function Bars({ counts, ink, label }) {
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
