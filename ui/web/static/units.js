// Numbers, durations and times, formatted as in the terminal. Durations are nanoseconds.

export const ms = 1e6, second = 1e9, hour = 3600e9;

// clean replaces control and text direction characters with spaces.
export function clean(text) {
	return String(text ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

const pad = (n) => String(n).padStart(2, '0');

// ago formats a duration in at most six characters: "850µs", "12.3ms", "1h05m".
export function ago(ns) {
	if (ns === null || !(ns >= 0)) return '-';
	if (ns < 1e3) return Math.trunc(ns) + 'ns';
	if (ns < ms) return Math.trunc(ns / 1e3) + 'µs';
	if (ns < 10 * ms) return (ns / ms).toFixed(1) + 'ms';
	if (ns < second) return Math.trunc(ns / ms) + 'ms';
	const s = Math.trunc(ns / second);
	if (s < 10) return (ns / second).toFixed(1) + 's';
	if (s < 100) return s + 's';
	if (s < 3600) return `${Math.trunc(s / 60)}m${pad(s % 60)}s`;
	if (s < 360000) return `${Math.trunc(s / 3600)}h${pad(Math.trunc(s / 60) % 60)}m`;
	return Math.trunc(s / 86400) + 'd';
}

// steady formats a growing duration in steps of 50 ms, so that it does not flicker.
export function steady(ns) {
	if (ns >= 0 && ns < 50 * ms) return '<50ms';
	return ago(ns < second ? Math.round(ns / (50 * ms)) * 50 * ms : ns);
}

// uptime formats how long something has been running: "01:05:09", "2d 01:05:09".
export function uptime(ns) {
	const s = Math.trunc(ns / second), h = Math.trunc(s / 3600);
	const rest = `${pad(Math.trunc(s / 60) % 60)}:${pad(s % 60)}`;
	return h < 24 ? `${pad(h)}:${rest}` : `${Math.trunc(h / 24)}d ${pad(h % 24)}:${rest}`;
}

// count formats a number in at most five characters.
export function count(n) {
	if (n < 1e4) return String(Math.trunc(n));
	if (n < 1e5) return (n / 1e3).toFixed(1) + 'k';
	if (n < 1e6) return Math.trunc(n / 1e3) + 'k';
	if (n < 1e8) return (n / 1e6).toFixed(1) + 'M';
	if (n < 1e9) return Math.trunc(n / 1e6) + 'M';
	return (n / 1e9).toFixed(1) + 'G';
}

// number formats the value of a signal. null: unknown.
export function number(v) {
	if (v === null || v === undefined || Number.isNaN(v)) return '-';
	const a = Math.abs(v);
	if (Number.isInteger(v) && a < 1e6) return String(v);
	if (a < 10) return v.toFixed(3);
	if (a < 1000) return v.toFixed(1);
	return a < 1e6 ? v.toFixed(0) : v.toExponential(1);
}

// rate formats frames or runs per second.
export function rate(v) {
	if (!(v >= 0.05)) return '0';
	return v < 99.95 ? v.toFixed(1) : v.toFixed(0);
}

// limit formats a maximum rate with up to three digits.
export const limit = (v) => String(Number(v.toPrecision(3)));

// amount formats bytes.
export function amount(n) {
	if (n < 1e3) return n + ' B';
	if (n < 1e6) return (n / 1e3).toFixed(1) + ' kB';
	if (n < 1e9) return (n / 1e6).toFixed(1) + ' MB';
	return (n / 1e9).toFixed(2) + ' GB';
}

// bits formats bits per second.
export const bits = (n) => (n < 1e6 ? (n / 1e3).toFixed(0) + ' kbit/s' : (n / 1e6).toFixed(1) + ' Mbit/s');

const zones = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' });

// zone returns the abbreviated time zone of a time, as this browser shows it.
export function zone(time) {
	return zones.formatToParts(new Date(time)).find((p) => p.type === 'timeZoneName').value;
}

// clock formats the time of day without its zone, which is in the column's head.
export function clock(time) {
	const t = new Date(time);
	return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
}

// day formats a date.
export function day(time) {
	const t = new Date(time);
	return `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
}

// stamp formats a time with its date and zone.
export const stamp = (time) => `${day(time)} ${clock(time)} ${zone(time)}`;

// column returns the head and the format of a column of times. The zone is in the head; if it
// changed between first and last, each time has its own, too.
export function column(first, last) {
	const head = zone(last), mixed = zone(first) !== head;
	return { head, of: (time) => (mixed ? `${clock(time)} ${zone(time)}` : clock(time)) };
}
