// When frames are shown: the clock of a camera, and how long its frames wait for results.

const most = 400; // milliseconds that a frame waits for results
const kept = 40; // ages of results of a detector
const slack = 15; // milliseconds that the delay may be off

// now returns milliseconds since 1970, without the steps of the system's clock.
export const now = () => performance.timeOrigin + performance.now();

// Clock is how far behind its capture a frame arrives, at best, by this browser's clock.
export class Clock {
	behind = Infinity;
	interval = 40; // milliseconds between frames
	last = 0;

	arrived(captured, at) {
		const behind = at - captured;
		// It rises slowly, so that one late frame moves it by nothing.
		this.behind = behind < this.behind ? behind : this.behind + (behind - this.behind) * 0.002;
		const step = captured - this.last;
		if (step > 0 && step < 2000) this.interval += (step - this.interval) * 0.05;
		this.last = Math.max(this.last, captured);
	}

	// due returns when a frame is to be shown.
	due(captured, delay) {
		return captured + (this.behind === Infinity ? 0 : this.behind) + delay;
	}
}

// Delay is how long frames wait for results: as 95 of 100 take, and one frame.
export class Delay {
	ages = new Map(); // of the results with detections, by detector
	value = 0;

	result(detector, age) {
		const ages = this.ages.get(detector) ?? [];
		ages.push(age);
		if (ages.length > kept) ages.shift();
		this.ages.set(detector, ages);
	}

	// update takes in what has come. It is called once a frame of the browser.
	update(interval) {
		let p95 = 0;
		for (const ages of this.ages.values()) {
			p95 = Math.max(p95, ages.toSorted((a, b) => a - b)[Math.floor(ages.length * 0.95 - 0.01)]);
		}
		const wanted = Math.min(p95 + interval, most);
		if (wanted > this.value + slack) this.value = wanted;
		else if (wanted < this.value - slack) this.value -= 0.5; // unnoticed: frames are not skipped
	}
}
