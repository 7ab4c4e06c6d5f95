// Pages that are visible in one browser share six connections to a server, of which each
// needs up to three: so two pages are live, and further ones wait until one is closed.

const places = ['rvo-tui-page-1', 'rvo-tui-page-2'];
const soon = 300; // milliseconds within which a place that is free is given

// enter waits for a place and returns what gives it back. It calls full where it has to
// wait, and fails when the signal ends it. A browser without locks has no bound.
export async function enter(signal, full) {
	if (!navigator.locks) return () => {};
	const other = new AbortController(), waiting = setTimeout(full, soon);
	let entered = false;
	const first = (leave) => {
		if (entered) return leave(); // both were given at once
		entered = true;
		other.abort();
		return leave;
	};
	const either = AbortSignal.any([signal, other.signal]);
	return Promise.any(places.map((name) => take(name, either).then(first))).finally(() => clearTimeout(waiting));
}

// take resolves with what releases a lock.
function take(name, signal) {
	return new Promise((given, failed) => {
		navigator.locks.request(name, { signal }, () => new Promise((leave) => given(leave))).catch(failed);
	});
}
