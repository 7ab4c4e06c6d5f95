// Timing of frames: a camera's clock, and the delay for results.

const most = 400; // milliseconds that a frame waits for results at most
const kept = 40; // result ages per detector
const slack = 15; // milliseconds that the delay may differ from its target

// now returns milliseconds since 1970. Unlike Date.now, it never jumps.
export const now = () => performance.timeOrigin + performance.now();

// Clock tracks the shortest time from capture to arrival, by this browser's clock.
export class Clock {
	behind = Infinity;
	interval = 40; // milliseconds between frames
	last = 0;

	arrived(captured, at) {
		const behind = at - captured;
		// It rises slowly, so one late frame hardly changes it.
		this.behind = behind < this.behind ? behind : this.behind + (behind - this.behind) * 0.002;
		const step = captured - this.last;
		if (step > 0 && step < 2000) this.interval += (step - this.interval) * 0.05;
		this.last = Math.max(this.last, captured);
	}

	// due returns when a frame should be shown.
	due(captured, delay) {
		return captured + (this.behind === Infinity ? 0 : this.behind) + delay;
	}
}

// Delay is how long frames wait for results: the 95th percentile of their ages plus one frame.
export class Delay {
	ages = new Map(); // ages of results with detections, by detector
	value = 0;

	result(detector, age) {
		const ages = this.ages.get(detector) ?? [];
		ages.push(age);
		if (ages.length > kept) ages.shift();
		this.ages.set(detector, ages);
	}

	// update adjusts the delay. Call it once per animation frame.
	update(interval) {
		let p95 = 0;
		for (const ages of this.ages.values()) {
			p95 = Math.max(p95, ages.toSorted((a, b) => a - b)[Math.floor(ages.length * 0.95 - 0.01)]);
		}
		const wanted = Math.min(p95 + interval, most);
		if (wanted > this.value + slack) this.value = wanted;
		else if (wanted < this.value - slack) this.value -= 0.5; // slow enough that no frame is skipped
	}
}
