// What lies on a frame of a camera: what detectors found in it, zones and lines. Coordinates
// are fractions of the frame.

import { colourOf } from './boxes.js';
import { clean } from './units.js';

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
				const colour = colourOf(this.names.indexOf(s.signal));
				found.push({ ...s, colour, frame: r.frame, exact: r.frame === frame });
			}
		}
		return found;
	}
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
