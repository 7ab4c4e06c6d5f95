// What lies on a frame: boxes with labels, keypoints, trails of tracks, zones and lines.
// Coordinates are fractions of the frame.

import { clean } from './units.js';

const colours = ['#ffd65c', '#78dcff', '#ff82c8', '#8cff96', '#ffa05a'];
const trailLength = 50;
const hold = 1000; // milliseconds that boxes stay after their frame
const maxResults = 64; // of a detector

// Results are the newest results of each detector of a camera.
export class Results {
	constructor() {
		this.reset();
	}

	reset() {
		this.of = new Map(); // {frame, captured, signals}, by detector, oldest first
		this.names = []; // signals with detections, in the order in which they were seen
		this.trails = new Map(); // points by track
	}

	add(frame, captured, { detector, signals }) {
		const list = this.of.get(detector) ?? [];
		list.push({ frame, captured, signals });
		list.sort((a, b) => a.captured - b.captured); // a remote one may answer out of order
		if (list.length > maxResults) list.shift();
		this.of.set(detector, list);
		for (const s of signals) {
			if (s.detections.length > 0 && !this.names.includes(s.signal)) this.names.push(s.signal);
		}
	}

	// at returns what lies on a frame: {signal, colour, detections, frame, exact}. Of a
	// detector that has not looked at this frame it is what it found last, for a while.
	at(frame, captured) {
		const found = [];
		for (const list of this.of.values()) {
			const r = list.findLast((e) => e.frame === frame) ?? list.findLast((e) => e.captured <= captured && captured - e.captured < hold);
			if (!r) continue;
			for (const s of r.signals) {
				if (s.detections.length === 0) continue;
				const colour = colours[this.names.indexOf(s.signal) % colours.length];
				found.push({ ...s, colour, frame: r.frame, exact: r.frame === frame });
			}
		}
		return found;
	}
}

// paint draws what was found on a frame of so many pixels.
export function paint(g, width, height, found) {
	const size = Math.max(11, Math.round(height / 40));
	g.font = `600 ${size}px system-ui, sans-serif`;
	g.textBaseline = 'top';
	for (const s of found) {
		g.globalAlpha = s.exact ? 1 : 0.6;
		g.setLineDash(s.exact ? [] : [size / 2, size / 3]);
		for (const d of s.detections) paintDetection(g, width, height, size, s, d);
	}
	g.globalAlpha = 1;
	g.setLineDash([]);
}

function paintDetection(g, width, height, size, signal, d) {
	const x = d.box.x * width, y = d.box.y * height, w = d.box.w * width, h = d.box.h * height;
	g.strokeStyle = g.fillStyle = signal.colour;
	g.lineWidth = Math.max(1.5, size / 7);
	g.strokeRect(x, y, w, h);
	for (const k of d.keypoints ?? []) {
		g.beginPath();
		g.arc(k.x * width, k.y * height, size / 5, 0, 7);
		g.fill();
	}
	const text = caption(signal.signal, d);
	const wide = g.measureText(text).width + size / 2;
	const left = Math.max(0, Math.min(x, width - wide)), top = y >= size * 1.3 ? y - size * 1.3 : y;
	g.fillRect(left, top, wide, size * 1.3);
	g.fillStyle = '#101318';
	g.fillText(text, left + size / 4, top + size * 0.15);
}

// caption says what a detection is.
export function caption(signal, d) {
	const words = [clean(d.label || signal)];
	if (d.score > 0 && d.score <= 1) words.push(d.score.toFixed(2));
	for (const a of d.attributes ?? []) words.push(clean(a.unknown ? `${a.name} ?` : a.label || `${a.name} ${a.value}`));
	return words.join(' ');
}

// paintPlaces draws zones and lines of a camera.
export function paintPlaces(g, width, height, zones, lines) {
	const size = Math.max(11, Math.round(height / 45));
	g.font = `${size}px system-ui, sans-serif`;
	g.textBaseline = 'top';
	g.lineWidth = Math.max(1, size / 9);
	const path = (points) => {
		g.beginPath();
		for (const [x, y] of points) g.lineTo(x * width, y * height);
	};
	for (const z of zones) {
		path(z.points);
		g.closePath();
		g.fillStyle = '#7aa2f7';
		g.globalAlpha = 0.12;
		if (!z.privacy) g.fill();
		g.globalAlpha = 0.9;
		g.strokeStyle = '#7aa2f7';
		g.stroke();
		named(g, z.name, z.points[0], width, height, size);
	}
	for (const l of lines) {
		path(l.points);
		g.globalAlpha = 0.9;
		g.strokeStyle = '#f7b87a';
		g.stroke();
		named(g, l.name, l.points[0], width, height, size);
	}
	g.globalAlpha = 1;
}

function named(g, name, [x, y], width, height, size) {
	g.fillStyle = '#fff';
	g.shadowColor = '#000';
	g.shadowBlur = 3;
	g.fillText(clean(name), Math.min(x * width + 3, width - size * 4), Math.min(y * height + 3, height - size * 1.3));
	g.shadowBlur = 0;
}
