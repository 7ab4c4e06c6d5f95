// The overlay of a frame: detections, zones and lines.

import { clean } from './units.js';

const colours = ['#ffd65c', '#78dcff', '#ff82c8', '#8cff96', '#ffa05a']; // of signals, as in the terminal
const hold = 1000; // milliseconds that boxes stay after their frame
const kept = 64; // results per detector

// Results keeps the newest results of each detector of a camera.
export class Results {
	of = new Map(); // {frame, captured, signals}, by detector, oldest first
	names = []; // signals with detections, in the order of their first one

	constructor(most = kept) {
		this.most = most;
	}

	add(frame, captured, { detector, signals }) {
		const list = this.of.get(detector) ?? [];
		list.push({ frame, captured, signals });
		list.sort((a, b) => a.captured - b.captured); // a remote detector may answer out of order
		if (list.length > this.most) list.shift();
		this.of.set(detector, list);
		for (const s of signals) {
			if (s.detections.length > 0 && !this.names.includes(s.signal)) this.names.push(s.signal);
		}
	}

	// at returns the overlay of a frame as [{signal, colour, detections, frame, exact, trails}].
	// A detector without a result for this frame contributes its last one for a second.
	at(frame, captured) {
		const found = [];
		for (const list of this.of.values()) {
			const r = list.findLast((e) => e.frame === frame) ?? list.findLast((e) => e.captured <= captured && captured - e.captured < hold);
			if (!r) continue;
			for (const s of r.signals) {
				if (s.detections.length === 0) continue;
				const colour = colours[this.names.indexOf(s.signal) % colours.length];
				found.push({ ...s, colour, frame: r.frame, exact: r.frame === frame, trails: this.trails(list, r, s) });
			}
		}
		return found;
	}

	// trails returns the points of each track of a signal up to a result.
	trails(list, result, { signal, detections }) {
		const followed = new Map(detections.filter((d) => d.track).map((d) => [d.track, []]));
		for (const r of followed.size > 0 ? list.slice(0, list.indexOf(result) + 1) : []) {
			for (const d of r.signals.find((s) => s.signal === signal)?.detections ?? []) {
				followed.get(d.track)?.push([d.box.x + d.box.w / 2, d.box.y + d.box.h]);
			}
		}
		return [...followed.values()];
	}
}

// begin sets font and pen for a frame of a height, and returns the font size.
function begin(g, height) {
	const size = Math.max(12, Math.round(height / 45));
	g.font = `600 ${size}px system-ui, sans-serif`;
	g.textBaseline = 'top';
	g.lineWidth = Math.max(1.5, size / 7);
	return size;
}

// label writes a text in the colour of the lines, within a frame of a width.
function label(g, text, x, y, width, size) {
	const wide = g.measureText(text).width + size / 2;
	const left = Math.max(Math.min(x, width - wide), 0), top = Math.max(y, 0);
	g.fillStyle = '#000a';
	g.fillRect(left, top, wide, size * 1.3);
	g.fillStyle = g.strokeStyle;
	g.fillText(text, left + size / 4, top + size * 0.15);
}

// paintPlaces draws the zones and lines of a camera.
export function paintPlaces(g, width, height, { zones, lines }) {
	const size = begin(g, height);
	for (const place of [...zones, ...lines]) {
		trace(g, width, height, place.points);
		if (place.points.length > 2) g.closePath();
		g.strokeStyle = place.points.length > 2 ? '#7aa2f7' : '#f7b87a';
		g.fillStyle = place.points.length > 2 && !place.privacy ? '#7aa2f71f' : 'transparent';
		g.fill();
		g.stroke();
		const [x, y] = place.points[0];
		label(g, clean(place.name), x * width, Math.min(y * height, height - size * 1.3), width, size);
	}
}

function trace(g, width, height, points) {
	g.beginPath();
	for (const [x, y] of points) g.lineTo(x * width, y * height);
}

// paintFound draws what Results.at returns. Detections of another frame are dashed and paler.
export function paintFound(g, width, height, found) {
	const size = begin(g, height);
	for (const { signal, detections, colour, exact, trails } of found) {
		g.strokeStyle = colour;
		g.globalAlpha = exact ? 1 : 0.6;
		for (const points of trails) {
			trace(g, width, height, points);
			g.stroke();
		}
		g.setLineDash(exact ? [] : [size / 2, size / 3]);
		for (const d of detections) drawBox(g, d, caption(d, signal), width, height, size);
		g.setLineDash([]);
	}
	g.globalAlpha = 1;
}

function drawBox(g, d, text, w, h, size) {
	const [x, y, width, height] = [d.box.x * w, d.box.y * h, d.box.w * w, d.box.h * h];
	g.save();
	if (d.angle) {
		g.translate(x + width / 2, y + height / 2);
		g.rotate(d.angle);
		g.translate(-x - width / 2, -y - height / 2);
	}
	g.strokeRect(x, y, width, height);
	g.restore();
	label(g, text, x - 1, y - size * 1.3, w, size);
	const dot = size / 3;
	for (const point of d.keypoints ?? []) g.fillRect(point.x * w - dot / 2, point.y * h - dot / 2, dot, dot);
}

// caption returns the label of a detection, with its track and attributes.
export function caption(d, signal) {
	const found = (d.attributes ?? []).map((a) => {
		if (a.unknown) return ` ${a.name} ?`;
		return a.label && a.label !== a.name ? ` ${a.name} ${a.label}` : ` ${a.name} ${Number(a.value.toPrecision(4))}`;
	});
	return clean((d.label || signal) + (d.track ? ` #${d.track}` : '') + found.join(''));
}
