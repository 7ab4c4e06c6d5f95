// Why detectors and rules stand as they do, in the words of the terminal.

import { ago, second, steady } from './units.js';

const because = (reason) => (reason ? ': ' + reason : '');

// detectorState returns the look and the words for the state of a detector. A running one
// keeps that name between two runs.
export function detectorState(d, snapshot) {
	switch (d.state) {
	case 'disabled': return ['dim', 'disabled'];
	case 'starting': return ['info', 'starting' + because(d.reason)];
	case 'stuck': return ['bad', 'stuck past ' + ago(d.timeout_ns)];
	case 'failed': return ['bad', 'failed' + (d.until_ns > 0 ? ` (retry ${ago(Math.round(d.until_ns / second) * second)})` : '') + because(d.reason)];
	case 'backoff': return ['warn', 'backoff ' + steady(d.until_ns)];
	}
	const quiet = (Date.parse(snapshot.at) - Date.parse(d.last_run)) * 1e6;
	if (d.runs > 0 && quiet < Math.max(second, (3 * second) / Math.max(d.max_fps, 0.1))) {
		if (d.state === 'running' && quiet > d.timeout_ns / 2) return ['warn', 'running, slow'];
		if (d.error) return ['warn', 'error: ' + d.error];
		return d.age_ns === 0 ? ['warn', 'no answer yet'] : ['good', 'running'];
	}
	switch (d.reason) {
	case 'needs': return ['info', 'needs ' + d.needs.join(', ')];
	case 'no_frame': case 'frame': return ['dim', 'no frame'];
	case 'slot': return ['warn', 'waiting for a slot'];
	case '': return ['good', d.state];
	}
	return ['info', `${d.state}: ${d.reason}`];
}

export const errorsOf = (d) => d.errors.reduce((n, e) => n + e.n, d.timeouts);

export const ruleLook = { potential: 'warn', confirmed: 'good', cooldown: 'info', idle: 'dim', inactive: 'dim', disabled: 'dim' };

// tenths writes seconds without more digits than one can read.
export const tenths = (ns) => (ns < 10 * second ? (ns / second).toFixed(1) + 's' : ago(ns));

// ruleProgress returns how far the clock of a rule's state has run: a share and words.
export function ruleProgress(r) {
	const s = r.status;
	switch (s.state) {
	case 'potential': return [s.progress, `${tenths(s.progress * r.for_ns)} of ${ago(r.for_ns)}`];
	case 'confirmed': case 'cooldown': return s.remaining_ns > 0 ? [1, 'cooldown ' + tenths(s.remaining_ns)] : [1, 'true'];
	case 'inactive': case 'disabled': return [0, '-'];
	}
	return [0, r.for_ns > 0 ? 'for ' + ago(r.for_ns) : 'immediate'];
}

// lacks returns what a rule still needs to fire.
export function lacks(r) {
	const s = r.status;
	if (s.state === 'disabled') return 'it is disabled';
	if (s.state === 'inactive') return r.hours?.override === 'disarmed' ? 'it is disarmed' : `it is active at other hours: ${(r.hours?.active ?? []).join(', ')}`;
	if (s.state === 'potential') return `its condition has to stay true for another ${tenths(r.for_ns * (1 - s.progress))}`;
	if (s.remaining_ns > 0) return `its cooldown has to end, in ${tenths(s.remaining_ns)}`;
	if (s.state === 'confirmed') return 'its condition has to become false first: it has fired';
	const unknown = r.clauses.filter((c) => c.truth === 'unknown').map((c) => `${c.text} (${c.unknown_because})`);
	const untrue = r.clauses.filter((c) => c.truth === 'false').map((c) => c.text);
	let text = 'its condition has to become true';
	if (r.for_ns > 0) text += ` for ${ago(r.for_ns)}`;
	if (unknown.length > 0) text += `; unknown: ${unknown.join(', ')}`;
	if (untrue.length > 0) text += `; false: ${untrue.join(', ')}`;
	return text;
}

// tree returns the condition of a rule as nested nodes {text, clause, truth, kids}.
export function tree(r) {
	const root = { kids: [] };
	const path = [root];
	for (const line of r.outline) {
		const node = { text: line.text, clause: r.clauses[line.clause], kids: [] };
		path.length = line.depth + 1;
		path.at(-1).kids.push(node);
		path.push(node);
	}
	root.kids.forEach(judge);
	return root.kids[0];
}

// judge gives each node of a tree its truth, in three values.
function judge(node) {
	node.kids.forEach(judge);
	const kids = node.kids.map((k) => k.truth);
	const either = (decisive, other) => (kids.includes(decisive) ? decisive : kids.includes('unknown') ? 'unknown' : other);
	if (node.clause) node.truth = node.clause.truth;
	else if (node.text === 'not') node.truth = { true: 'false', false: 'true' }[kids[0]] ?? 'unknown';
	else if (node.text === 'any of') node.truth = either('true', 'false');
	else if (node.text === 'all of') node.truth = either('false', 'true');
	else node.truth = 'unknown';
}

export const truthLook = { true: 'good', false: 'dim', unknown: 'warn' };

// losses returns what a detector has lost since the start.
export function losses(d) {
	const own = [['timeouts', d.timeouts], ['late answers', d.late], ['expired', d.expired], ['backoffs', d.backoffs], ['restarts', d.restarts]];
	return [...own, ...d.errors.map((e) => [e.reason, e.n])].filter(([, n]) => n > 0);
}
