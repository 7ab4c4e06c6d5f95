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
				found.push({ ...s, colour, frame: r.frame, exact: r.frame === frame, trails: this.trails(list, r, s) });
			}
		}
		return found;
	}

	// trails returns the points of each track of a signal, up to a result.
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

// paintPlaces draws zones and lines of a camera.
export function paintPlaces(g, width, height, { zones, lines }) {
	const size = Math.max(11, Math.round(height / 45));
	g.font = `${size}px system-ui, sans-serif`;
	g.textBaseline = 'top';
	g.lineWidth = Math.max(1, size / 9);
	for (const place of [...zones, ...lines]) {
		trace(g, width, height, place.points);
		if (place.points.length > 2) g.closePath();
		g.strokeStyle = place.points.length > 2 ? '#7aa2f7' : '#f7b87a';
		g.fillStyle = place.points.length > 2 && !place.privacy ? '#7aa2f71f' : 'transparent';
		g.fill();
		g.stroke();
		g.fillStyle = '#fff';
		g.shadowColor = '#000';
		g.shadowBlur = 3;
		const [x, y] = place.points[0];
		g.fillText(clean(place.name), Math.min(x * width + 3, width - size * 4), Math.min(y * height + 3, height - size * 1.3));
		g.shadowBlur = 0;
	}
}

function trace(g, width, height, points) {
	g.beginPath();
	for (const [x, y] of points) g.lineTo(x * width, y * height);
}

// paintTrails draws where the tracks of what was found have been, as far as results are
// kept: by the middle of the bottom edge.
export function paintTrails(g, width, height, found) {
	g.lineWidth = Math.max(1.5, height / 300);
	for (const [points, colour] of found.flatMap((s) => s.trails.map((points) => [points, s.colour]))) {
		trace(g, width, height, points);
		g.strokeStyle = colour;
		g.stroke();
	}
}
