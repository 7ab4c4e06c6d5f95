// History of earlier snapshots, as in the terminal.

import { cameraGauges, programGauges } from './gauges.js';
import { decode, quantile, total } from './histogram.js';
import { hour } from './units.js';

const step = 500; // milliseconds between the values of a series
const length = 120; // values per series
const changes = 1000; // state changes kept per rule
const window = 10; // seconds that a histogram covers
const gap = 3000; // milliseconds without snapshots, as while the page is hidden, after which series begin anew; more if they are rare

const stages = ['capture', 'queue', 'schedule', 'inference', 'publish']; // from the camera to a result

const key = (...parts) => parts.join('\n');

class History {
	series = new Map();
	rules = new Map(); // changes of each rule as {at, was}, oldest first
	newest = 0;
	pause = 0; // milliseconds between the last two snapshots
	windows = new Map();
	hour = []; // {at, fired: events by camera}, one per minute, oldest first
	pushed = 0;
	sampled = 0;

	clear() {
		Object.assign(this, new History());
	}

	add(snapshot) {
		const at = Date.parse(snapshot.at);
		const pause = at - this.newest;
		if (pause < 0) Object.assign(this, { pushed: 0, sampled: 0, hour: [], rules: new Map() }); // the server's clock was set back
		else if (pause > Math.max(gap, 3 * this.pause)) this.renew();
		Object.assign(this, { newest: at, pause });
		const push = at - this.pushed >= step - 20;
		if (push) this.pushed = at;
		for (const c of snapshot.cameras) {
			this.note(key(c.name), c.state === 'live' ? c.fps : null, push);
			for (const s of c.signals) this.note(key(c.name, s.name), s.unknown ? null : s.value, push);
			for (const d of c.detectors) this.note(key(c.name, d.name, 'fps'), d.fps, push);
			for (const k of c.rules.flatMap((r) => r.clauses)) {
				if (clauseSeries(k) !== k.signal) this.note(key(c.name, clauseSeries(k)), k.truth === 'unknown' ? null : k.value, push);
			}
		}
		if (at - this.sampled < 980) return;
		this.sampled = at;
		this.sample(snapshot);
		if (at - (this.hour.at(-1)?.at ?? 0) < 60000) return;
		this.hour = [...this.hour, { at, fired: new Map(snapshot.cameras.map((c) => [c.name, fired(c)])) }].slice(-61);
	}

	// renew forgets all series, and notes that the rules were not watched since the last snapshot.
	renew() {
		Object.assign(this, { series: new Map(), windows: new Map() });
		for (const rule of this.rules.keys()) this.judge(rule, 'not watched');
	}

	// note adds a value to a series, which keeps the highest value per step. null: unknown.
	note(name, value, push) {
		let s = this.series.get(name);
		if (!s) this.series.set(name, (s = { values: [], peak: null }));
		s.at = this.newest;
		if (value !== null && (s.peak === null || value > s.peak)) s.peak = value;
		if (!push) return;
		s.values = [...s.values, s.peak].slice(-length);
		s.peak = null;
	}

	// judge records a change of a rule.
	judge(name, was) {
		const all = this.rules.get(name) ?? [];
		if (all.at(-1)?.was !== was) this.rules.set(name, [...all, { at: this.newest, was }].slice(-changes));
	}

	// rule returns the states of a rule between two times, as [begin, end, state].
	rule(camera, event, from, to) {
		const all = [{ at: 0, was: 'not watched' }, ...(this.rules.get(key(camera, event)) ?? [])];
		const spans = all.map((t, i) => [t.at, all[i + 1]?.at ?? this.newest, t.was]);
		return spans.filter(([begin, end]) => end > from && begin < to);
	}

	// values returns a series, oldest first, null where unknown. what names it, as noted above and
	// below: a signal; nothing for the camera's frames per second.
	values(camera, ...what) {
		return this.series.get(key(camera, ...what))?.values ?? [];
	}

	// sample adds counters and histograms, and drops series that ended. It runs once per second.
	sample(snapshot) {
		this.latencies = new Map(); // a cache for latency, by camera
		const add = (name, histogram) => {
			if (!histogram) return;
			const last = this.windows.get(name), was = last?.counts.at(-1);
			const now = last?.bins === histogram.bins ? was : decode(histogram.bins);
			const before = was && total(now) < total(was) ? [[]] : last?.counts ?? []; // it is a new one, as of a replaced detector
			this.windows.set(name, { bins: histogram.bins, counts: [...before, now].slice(-window - 1), at: this.newest });
		};
		for (const c of snapshot.cameras) {
			for (const r of c.rules) this.judge(key(c.name, r.event), wasOf(r.status));
			add(key(c.name, 'step'), c.tick);
			for (const [stage, h] of Object.entries(c.stages)) add(key(c.name, stage), h);
			for (const d of c.detectors) {
				add(key(c.name, d.name, 'exec'), d.exec);
				this.note(key(c.name, d.name, 'median'), quantile(this.recent(c.name, d.name, 'exec'), 0.5), true);
				this.note(key(c.name, d.name, 'errors'), errorsOf(d), true);
			}
		}
		const cameras = snapshot.cameras.flatMap((c) => cameraGauges(snapshot, c));
		for (const g of [...cameras, ...programGauges(snapshot)]) {
			this.note(key(g.of, 'queue', g.name, 'depth'), g.depth, true);
			for (const d of g.drops) if (d.n > 0) this.note(key(g.of, 'queue', g.name, d.reason), d.n, true);
		}
		for (const c of snapshot.cameras) this.note(key(c.name, 'queue', 'drops'), c.queues.flatMap((q) => (q.name === 'frame' ? [] : q.drops)).reduce((n, d) => n + d.n, 0), true);
		for (const all of [this.windows, this.series]) {
			for (const [name, of] of all) if (of.at !== this.newest) all.delete(name);
		}
	}

	// recent returns the counts of a histogram's buckets over the last ten seconds.
	recent(camera, ...what) {
		const w = this.windows.get(key(camera, ...what));
		if (!w) return [];
		const old = w.counts[0], now = w.counts.at(-1);
		return now.map((n, i) => n - (old[i] ?? 0));
	}

	// latency returns the median latency of a result in nanoseconds; 0: no result.
	latency(camera) {
		const of = (stage) => quantile(this.recent(camera, stage), 0.5) ?? 0;
		if (!this.latencies.has(camera)) this.latencies.set(camera, stages.reduce((sum, stage) => sum + of(stage), 0));
		return this.latencies.get(camera);
	}

	// growing returns a counter's growth per second over the last five seconds; null: unknown.
	growing(...what) {
		const values = this.values(...what).slice(-6);
		return values.length > 1 ? Math.max(values.at(-1) - values[0], 0) / (values.length - 1) : null;
	}

	// eventRate returns the events per hour of a camera; null: it is too new.
	eventRate(snapshot, camera) {
		if (snapshot.uptime_ns <= hour) return fired(camera);
		const old = this.hour.find((h) => this.newest - h.at < 3660e3 && h.fired.has(camera.name));
		const since = old ? Date.parse(snapshot.at) - old.at : 0;
		if (since < 60000) return null;
		return (Math.max(fired(camera) - old.fired.get(camera.name), 0) * 3600000) / since;
	}
}

// errorsOf returns the number of errors and timeouts of a detector.
export const errorsOf = (d) => d.errors.reduce((n, e) => n + e.n, d.timeouts);

// clauseSeries returns the name of the series that a clause compares.
export const clauseSeries = (c) => (c.where || c.zone || c.line ? 'clause ' + c.text : c.signal);

// growth returns the increases of a counter between values.
export const growth = (values) => values.slice(1).map((v, i) => Math.max(v - values[i], 0));

// wasOf returns the state of a rule for the timeline.
function wasOf({ state, truth }) {
	if (state === 'disabled' || state === 'inactive') return 'off';
	if (truth === 'unknown') return 'unknown';
	return state === 'confirmed' ? 'fired' : truth;
}

// fired returns the number of events of a camera since the program started.
const fired = (camera) => camera.rules.reduce((n, r) => n + r.status.fired, 0);

export const history = new History();
