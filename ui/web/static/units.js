// Numbers, durations and times as the terminal writes them. Durations are nanoseconds.

export const ms = 1e6, second = 1e9, hour = 3600e9;

// clean removes what could disturb a line: control characters and marks of direction.
export function clean(text) {
	return String(text ?? '').replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ' ');
}

const pad = (n) => String(n).padStart(2, '0');

// ago writes a duration in at most six characters: "850µs", "12.3ms", "1h05m".
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

// steady writes a duration that is still running, in steps that do not flicker.
export function steady(ns) {
	if (ns >= 0 && ns < 50 * ms) return '<50ms';
	return ago(ns < second ? Math.round(ns / (50 * ms)) * 50 * ms : ns);
}

// uptime writes how long something has been up.
export function uptime(ns) {
	const s = Math.trunc(ns / second), h = Math.trunc(s / 3600);
	const rest = `${pad(Math.trunc(s / 60) % 60)}:${pad(s % 60)}`;
	return h < 24 ? `${pad(h)}:${rest}` : `${Math.trunc(h / 24)}d ${pad(h % 24)}:${rest}`;
}

// count writes a number in at most five characters.
export function count(n) {
	if (n < 1e4) return String(Math.trunc(n));
	if (n < 1e5) return (n / 1e3).toFixed(1) + 'k';
	if (n < 1e6) return Math.trunc(n / 1e3) + 'k';
	if (n < 1e8) return (n / 1e6).toFixed(1) + 'M';
	if (n < 1e9) return Math.trunc(n / 1e6) + 'M';
	return (n / 1e9).toFixed(1) + 'G';
}

// number writes the value of a signal; null: not a number.
export function number(v) {
	if (v === null || v === undefined || Number.isNaN(v)) return '-';
	const a = Math.abs(v);
	if (Number.isInteger(v) && a < 1e6) return String(v);
	if (a < 10) return v.toFixed(3);
	if (a < 1000) return v.toFixed(1);
	return a < 1e6 ? v.toFixed(0) : v.toExponential(1);
}

// rate writes frames or runs a second.
export function rate(v) {
	if (!(v >= 0.05)) return '0';
	return v < 99.95 ? v.toFixed(1) : v.toFixed(0);
}

// limit writes an allowed rate without needless digits.
export const limit = (v) => String(Number(v.toPrecision(3)));

// amount writes bytes.
export function amount(n) {
	if (n < 1e3) return n + ' B';
	if (n < 1e6) return (n / 1e3).toFixed(1) + ' kB';
	if (n < 1e9) return (n / 1e6).toFixed(1) + ' MB';
	return (n / 1e9).toFixed(2) + ' GB';
}

// bits writes bits a second.
export const bits = (n) => (n < 1e6 ? (n / 1e3).toFixed(0) + ' kbit/s' : (n / 1e6).toFixed(1) + ' Mbit/s');

const zones = new Intl.DateTimeFormat(undefined, { timeZoneName: 'short' });

// zone returns the zone of a time, in which this browser shows it.
export function zone(time) {
	return zones.formatToParts(new Date(time)).find((p) => p.type === 'timeZoneName').value;
}

// clock writes the time of day, without its zone: a column's head has it.
export function clock(time) {
	const t = new Date(time);
	return `${pad(t.getHours())}:${pad(t.getMinutes())}:${pad(t.getSeconds())}`;
}

// day writes a date.
export function day(time) {
	const t = new Date(time);
	return `${t.getFullYear()}-${pad(t.getMonth() + 1)}-${pad(t.getDate())}`;
}

// stamp writes a time with its date and zone.
export const stamp = (time) => `${day(time)} ${clock(time)} ${zone(time)}`;

// column returns how a column of times is written: the zone stands in its head, or,
// where the clocks were changed in between, behind each time.
export function column(first, last) {
	const head = zone(last), mixed = zone(first) !== head;
	return { head, of: (time) => (mixed ? `${clock(time)} ${zone(time)}` : clock(time)) };
}
