// Rules of a camera: how far each is, and of one why it fires, and why it does not.

import { html } from '../vendor/preact-htm.js';
import { armRule, make, setRule } from '../changes.js';
import { lacks, ruleLook, ruleProgress, tenths, tree, truthLook } from '../explain.js';
import { history } from '../history.js';
import { Action, Facts, Meter, Name, ofCamera, Spark, Table, Toggle, Truth } from '../parts.js';
import { href } from '../route.js';
import { store } from '../store.js';
import { ago, count, number, steady } from '../units.js';

export const Rules = ofCamera(({ camera, route }) => {
	const shown = camera.rules.find((r) => r.event === route.item);
	return html`
		<h1>Rules</h1>
		<${Table} columns=${['event', 'on', 'state', 'progress', 'why', '>fired']} empty="No rule applies to this camera."
			rows=${camera.rules.map((r) => html`<${Row} key=${r.event} r=${r} camera=${camera} selected=${r === shown} />`)} />
		${shown && html`<${Rule} key=${shown.event} r=${shown} camera=${camera} />`}
		${!shown && route.item && html`<p class="empty">There is no rule for <${Name} of=${route.item} /> on this camera.</p>`}`;
});

function Row({ r, camera, selected }) {
	const look = ruleLook[r.status.state];
	const [share, words] = ruleProgress(r);
	return html`
		<tr class=${selected ? 'selected' : ''}>
			<th scope="row"><a data-row href=${href('rules', camera.name, r.event)} aria-current=${selected ? 'true' : null}><${Name} of=${r.event} /></a></th>
			<td><${Toggle} label="rule for ${r.event} enabled" on=${r.status.state !== 'disabled'} set=${(on) => make(setRule(camera.name, r.event, on))} /></td>
			<td class=${look}><i aria-hidden="true">●</i> ${r.status.state}</td>
			<td><${Meter} share=${share} look=${look} label="progress" /> ${words}</td>
			<td class="words">${r.clauses.map((c) => html`<span class="clause ${truthLook[c.truth]}" title=${c.text}><${Truth} of=${c.truth} /> <${Name} of=${c.text} /></span> `)}</td>
			<td class="number">${count(r.status.fired)}</td>
		</tr>`;
}

// Rule shows all of one rule: its condition as a tree, its clocks, and what it lacks.
function Rule({ r, camera }) {
	const root = tree(r);
	const last = store.events.findLast((e) => e.event.camera === camera.name && e.event.event_type === r.event);
	return html`
		<section class="card" aria-labelledby="rule">
			<h2 id="rule"><${Name} of=${r.event} /> on <${Name} of=${camera.name} /></h2>
			<${Facts} of=${[
				['state', html`<span class=${ruleLook[r.status.state]}>${r.status.state}</span>, fired ${count(r.status.fired)} times`],
				['to fire', html`<${Name} of=${lacks(r)} />`],
				['hours', r.hours && html`${r.hours.active.join(', ')} <${Action} onClick=${() => make(armRule(camera.name, r.event, r.status.state === 'inactive'))}>${r.status.state === 'inactive' ? 'Arm' : 'Disarm'}<//>`],
				['last event', last && html`<a href=${href('events', '', last.event.event_id)}>${last.event.phase}</a>`],
			]} />
			<h3>Condition</h3>
			${root ? html`<ul class="tree"><${Node} node=${root} camera=${camera} /></ul>` : html`<p><${Name} of=${r.when} /></p>`}
			<h3>Clocks</h3>
			<${Facts} of=${[
				['for', r.for_ns > 0 ? html`<${Meter} share=${r.status.progress} look="warn" label="for" /> ${tenths(r.status.progress * r.for_ns)} of ${ago(r.for_ns)}` : 'none: it fires at once'],
				['cooldown', r.status.remaining_ns > 0 ? `${tenths(r.status.remaining_ns)} left` : 'not running'],
			]} />
		</section>`;
}

function Node({ node, camera }) {
	const c = node.clause;
	return html`
		<li>
			<${Truth} of=${node.truth} /> ${c ? html`<code><${Name} of=${node.text} /></code>` : html`<em>${node.text}</em>`}
			${c && html` ${c.age_ms !== null && `is ${number(c.value)}`}${c.other && ` to ${number(c.threshold)}`} ${c.unknown_because ? html`<span class="warn">${c.unknown_because}</span>`
				: html`<span class="dim">age ${steady(c.age_ms * 1e6)}</span>`}`}
			${c && !c.where && html`<${ClauseHistory} c=${c} camera=${camera} />`}
			${node.kids.length > 0 && html`<ul>${node.kids.map((kid, i) => html`<${Node} key=${i} node=${kid} camera=${camera} />`)}</ul>`}
		</li>`;
}

// ClauseHistory draws the signal of a clause against its threshold.
function ClauseHistory({ c, camera }) {
	const values = history.values(camera.name, c.signal);
	if (values.length === 0) return null;
	return html`<span class="history"><${Spark} values=${values} mark=${c.threshold} label="history of ${c.signal}" />
		<a href=${href('signals', camera.name, c.signal)}><${Name} of=${c.signal} /></a> <span class="dim">threshold ${number(c.threshold)}</span></span>`;
}
