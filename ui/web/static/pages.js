// Pages that are visible in one browser share six connections to a server, of which each
// needs up to three: so two pages are live, and further ones wait until one is closed.

const places = ['rvo-tui-page-1', 'rvo-tui-page-2'];

// enter waits for a place and returns what gives it back. It calls full where it has to
// wait, and fails when the signal ends it. A browser without locks has no bound.
export async function enter(signal, full) {
	if (!navigator.locks) return () => {};
	for (const name of places) {
		const leave = await take(name, { ifAvailable: true });
		if (leave) return leave;
	}
	full();
	const other = new AbortController();
	const either = AbortSignal.any([signal, other.signal]);
	let entered = false;
	const first = (leave) => {
		if (entered) return leave(); // both were given at once
		entered = true;
		other.abort();
		return leave;
	};
	return Promise.any(places.map((name) => take(name, { signal: either }).then(first)));
}

// take resolves with what releases a lock; null: it is not available.
function take(name, options) {
	return new Promise((given, failed) => {
		navigator.locks.request(name, options, (lock) => {
			if (!lock) return given(null);
			return new Promise((leave) => given(leave));
		}).catch(failed);
	});
}
