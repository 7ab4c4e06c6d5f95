// Histograms. docs/api.md describes their buckets.

// decode returns the counts of all buckets up to the last non-empty one.
export function decode(bins) {
	const bytes = atob(bins);
	const counts = [];
	let at = 0;
	const number = () => {
		let n = 0;
		for (let shift = 1; ; shift *= 128) {
			const b = bytes.charCodeAt(at++);
			n += (b & 127) * shift;
			if (!(b & 128)) return n;
		}
	};
	while (at < bytes.length) {
		for (let gap = number(); gap > 0; gap--) counts.push(0);
		counts.push(number());
	}
	return counts;
}

// lower returns the lower bound of a bucket in nanoseconds.
export function lower(bucket) {
	if (bucket < 16) return bucket;
	return (16 + (bucket % 16)) * 2 ** (Math.trunc(bucket / 16) - 1);
}

// total returns the number of values.
export const total = (counts) => counts.reduce((sum, n) => sum + n, 0);

// quantile returns the middle of the bucket that contains the quantile; null: there are no values.
export function quantile(counts, q) {
	const rank = Math.max(1, Math.ceil(q * total(counts)));
	let sum = 0;
	for (let i = 0; i < counts.length; i++) {
		sum += counts[i];
		if (sum >= rank) return (lower(i) + lower(i + 1)) / 2;
	}
	return null;
}

export const firstBar = 1e3; // nanoseconds
const barCount = 24;

// bars returns counts by powers of two of the duration, from 1 µs.
export function bars(counts) {
	const out = new Array(barCount).fill(0);
	counts.forEach((n, bucket) => {
		const power = Math.floor(Math.log2(Math.max(lower(bucket), 1) / firstBar));
		out[Math.min(Math.max(power, 0), barCount - 1)] += n;
	});
	return out;
}
