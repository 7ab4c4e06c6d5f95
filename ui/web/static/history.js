// What is remembered of earlier snapshots, as the terminal does: a minute of values,
// and of histograms what they counted in the last ten seconds.

import { decode, quantile } from './histogram.js';
import { hour } from './units.js';

const step = 500; // milliseconds between two values of a series
const length = 120; // values of a series
const changes = 500; // of the truth of a rule
const window = 10; // seconds of a histogram

const stages = ['capture', 'queue', 'schedule', 'inference', 'publish']; // from the lens to a result

const key = (...parts) => parts.join('\n');

class History {
	constructor() {
		this.clear();
	}

	clear() {
		this.series = new Map();
		this.truths = new Map(); // of each rule: {at, truth}, where it changed, oldest first
		this.newest = 0;
		this.windows = new Map();
		this.past = []; // {at, snapshot, drops by camera}, one a second, oldest first
		this.hour = []; // {at, fired by camera}, one a minute, oldest first
		this.pushed = this.sampled = 0;
	}

	add(snapshot) {
		const at = Date.parse(snapshot.at);
		this.newest = at;
		const push = at - this.pushed >= step - 20;
		if (push) this.pushed = at;
		for (const c of snapshot.cameras) {
			this.note(key(c.name), c.state === 'live' ? c.fps : null, push);
			for (const s of c.signals) this.note(key(c.name, s.name), s.unknown ? null : s.value, push);
			for (const d of c.detectors) this.note(key(c.name, d.name, 'fps'), d.fps, push);
			for (const r of c.rules) this.judge(key(c.name, r.event), r.status.truth, at);
		}
		if (at - this.sampled < 980) return;
		this.sampled = at;
		this.past = [...this.past, { at, snapshot, drops: new Map(snapshot.cameras.map((c) => [c.name, drops(c)])) }].slice(-window);
		this.sample(snapshot);
		if (at - (this.hour.at(-1)?.at ?? 0) < 60000) return;
		this.hour = [...this.hour, { at, fired: new Map(snapshot.cameras.map((c) => [c.name, fired(c)])) }].slice(-61);
	}

	// note takes in a value, of which the highest is kept for each step; null: unknown.
	note(name, value, push) {
		let s = this.series.get(name);
		if (!s) this.series.set(name, (s = { values: [], peak: null }));
		s.at = this.newest;
		if (value !== null && (s.peak === null || value > s.peak)) s.peak = value;
		if (!push) return;
		s.values = [...s.values, s.peak].slice(-length);
		s.peak = null;
	}

	// judge remembers when the truth of a rule changes.
	judge(name, truth, at) {
		const all = this.truths.get(name) ?? [];
		if (all.at(-1)?.truth !== truth) this.truths.set(name, [...all, { at, truth }].slice(-changes));
	}

	// unknown returns when a rule was unknown between two times, as far as it was seen.
	unknown(camera, rule, from, to) {
		const all = this.truths.get(key(camera, rule)) ?? [];
		const spans = all.map((t, i) => [t.at, all[i + 1]?.at ?? this.newest, t.truth]);
		return spans.filter(([begin, end, truth]) => truth === 'unknown' && end > from && begin < to);
	}

	// before returns a snapshot of some seconds ago, and how many they are.
	before(seconds) {
		const old = this.past.findLast((p) => this.newest - p.at >= seconds * 1000 - 100) ?? this.past[0];
		return old ? { snapshot: old.snapshot, seconds: (this.newest - old.at) / 1000 } : {};
	}

	// values returns what a signal was, oldest first, null where it was unknown; of a detector
	// and "fps" its runs a second; of nothing the camera's frames a second.
	values(camera, ...what) {
		return this.series.get(key(camera, ...what))?.values ?? [];
	}

	// sample takes in what histograms count, and forgets what is gone.
	sample(snapshot) {
		this.latencies = new Map(); // by camera, of these windows
		const add = (name, histogram) => {
			if (!histogram) return;
			let w = this.windows.get(name);
			if (!w) this.windows.set(name, (w = { bins: histogram.bins, counts: [decode(histogram.bins)] }));
			else if (w.bins === histogram.bins) w.counts = [...w.counts, w.counts.at(-1)].slice(-window - 1);
			else w.counts = [...w.counts, decode((w.bins = histogram.bins))].slice(-window - 1);
			w.at = this.newest;
		};
		for (const c of snapshot.cameras) {
			add(key(c.name, 'step'), c.tick);
			for (const [stage, h] of Object.entries(c.stages)) add(key(c.name, stage), h);
			for (const d of c.detectors) add(key(c.name, d.name, 'exec'), d.exec);
		}
		for (const all of [this.windows, this.series]) {
			for (const [name, of] of all) if (of.at !== this.newest) all.delete(name);
		}
	}

	// recent returns what a histogram counted in the last seconds, by bucket: what is a
	// stage, "step", or the name of a detector followed by "exec".
	recent(camera, ...what) {
		const w = this.windows.get(key(camera, ...what));
		if (!w) return [];
		const old = w.counts[0], now = w.counts.at(-1);
		return now.map((n, i) => n - (old[i] ?? 0));
	}

	// latency returns the median time from the lens to a result, in nanoseconds; 0: there
	// was none.
	latency(camera) {
		const of = (stage) => quantile(this.recent(camera, stage), 0.5) ?? 0;
		if (!this.latencies.has(camera)) this.latencies.set(camera, stages.reduce((sum, stage) => sum + of(stage), 0));
		return this.latencies.get(camera);
	}

	// dropRate returns what a camera's queues drop a second; null: not known yet.
	dropRate(camera) {
		const now = this.past.at(-1), old = this.past.at(-6) ?? this.past[0];
		if (!now || old === now || !old.drops.has(camera)) return null;
		const n = now.drops.get(camera) - old.drops.get(camera);
		return n < 0 ? null : (n * 1000) / (now.at - old.at);
	}

	// eventRate returns the events of a camera in the last hour, or what they are an hour
	// by the minutes seen; null: too few of them.
	eventRate(snapshot, camera) {
		if (snapshot.uptime_ns <= hour) return fired(camera);
		const old = this.hour.find((h) => h.fired.has(camera.name));
		const since = old ? Date.parse(snapshot.at) - old.at : 0;
		if (since < 60000) return null;
		return (Math.max(fired(camera) - old.fired.get(camera.name), 0) * 3600000) / since;
	}
}

// fired counts the events of a camera since the start.
const fired = (camera) => camera.rules.reduce((n, r) => n + r.status.fired, 0);

// drops counts what a camera's queues have dropped, other than frames that a newer one
// replaced.
function drops(camera) {
	let n = 0;
	for (const q of camera.queues) if (q.name !== 'frame') for (const d of q.drops) n += d.n;
	return n;
}

export const history = new History();
