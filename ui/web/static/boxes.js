// Boxes of detections on a canvas, in the colours of the terminal.

import { clean } from './units.js';

const colours = ['#ffd65c', '#78dcff', '#ff82c8', '#8cff96', '#ffa05a'];

// drawBoxes draws what signals found, [{signal, detections, colour, exact}], over a frame of
// w × h pixels. Without a colour a signal has that of its place in the list. What was found
// in another frame (exact: false) is paler.
export function drawBoxes(context, found, w, h) {
	const size = Math.max(12, Math.round(h / 45));
	context.font = `600 ${size}px system-ui, sans-serif`;
	context.textBaseline = 'top';
	context.lineWidth = Math.max(1.5, size / 7);
	found.forEach(({ signal, detections, colour, exact }, n) => {
		context.strokeStyle = colour ?? colourOf(n);
		context.globalAlpha = exact === false ? 0.6 : 1;
		context.setLineDash(exact === false ? [size / 2, size / 3] : []);
		for (const d of detections) drawBox(context, d, caption(d, signal), w, h, size);
	});
	context.globalAlpha = 1;
	context.setLineDash([]);
}

// colourOf returns the colour of the nth signal.
export const colourOf = (n) => colours[n % colours.length];

function drawBox(context, d, text, w, h, size) {
	const [x, y, width, height] = [d.box.x * w, d.box.y * h, d.box.w * w, d.box.h * h];
	context.save();
	if (d.angle) {
		context.translate(x + width / 2, y + height / 2);
		context.rotate(d.angle);
		context.translate(-x - width / 2, -y - height / 2);
	}
	context.strokeRect(x, y, width, height);
	context.restore();
	const wide = context.measureText(text).width + size / 2;
	const [left, top] = [Math.max(Math.min(x - 1, w - wide), 0), Math.max(y - size * 1.3, 0)];
	context.fillStyle = '#000a';
	context.fillRect(left, top, wide, size * 1.3);
	context.fillStyle = context.strokeStyle;
	context.fillText(text, left + size / 4, top + size * 0.15);
	const dot = size / 3;
	for (const point of d.keypoints ?? []) context.fillRect(point.x * w - dot / 2, point.y * h - dot / 2, dot, dot);
}

// caption says what a detection is, with its attributes.
export function caption(d, signal) {
	const found = (d.attributes ?? []).map((a) => {
		if (a.unknown) return ` ${a.name} ?`;
		return a.label && a.label !== a.name ? ` ${a.name} ${a.label}` : ` ${a.name} ${Number(a.value.toPrecision(4))}`;
	});
	return clean((d.label || signal) + (d.track ? ` #${d.track}` : '') + found.join(''));
}
