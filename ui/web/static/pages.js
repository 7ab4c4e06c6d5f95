// A browser opens six connections to a server, and a visible page needs up to three. So two
// pages are live, and further ones wait until one is closed or hidden.

const places = ['rvo-tui-page-1', 'rvo-tui-page-2'];
const soon = 300; // milliseconds within which a free place is granted

// enter waits for a place and resolves with a function that releases it. It calls full if it
// has to wait, and fails when the signal aborts it. Without Web Locks there is no limit.
export async function enter(signal, full) {
	if (!navigator.locks) return () => {};
	const other = new AbortController(), waiting = setTimeout(full, soon);
	let entered = false;
	const first = (leave) => {
		if (entered) return leave(); // both were granted at once
		entered = true;
		other.abort();
		return leave;
	};
	const either = AbortSignal.any([signal, other.signal]);
	return Promise.any(places.map((name) => take(name, either).then(first))).finally(() => clearTimeout(waiting));
}

// take resolves with a function that releases the lock.
function take(name, signal) {
	return new Promise((given, failed) => {
		navigator.locks.request(name, { signal }, () => new Promise((leave) => given(leave))).catch(failed);
	});
}
