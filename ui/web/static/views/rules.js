// Rules of a camera: state and progress, and why one fires or does not.

import { html } from '../vendor/preact-htm.js';
import { armAll, make, toggleArmed, toggleRule } from '../changes.js';
import { clauseSeries, history } from '../history.js';
import { Action, Facts, Listing, Meter, Name, ofCamera, ruleLook, Spark, Toggle, Truth, truthLook } from '../parts.js';
import { href } from '../route.js';
import { store } from '../store.js';
import { ago, count, number, steady } from '../units.js';

export default ofCamera(({ camera, route }) => html`
	<h1>Rules</h1>
	${camera.rules.some((r) => r.hours) && html`<p class="tools">rules with hours, on all cameras:
		<${Action} onClick=${() => make(armAll(true))}>Arm all<//> <${Action} onClick=${() => make(armAll(false))}>Disarm all<//></p>`}
	<${Listing} view="rules" what="rule for" camera=${camera} item=${route.item} columns=${['on', 'state', 'progress', 'why', '>fired']} empty="No rule applies to this camera."
		list=${camera.rules.map((r) => ({ ...r, name: r.event }))} Cells=${Cells} Details=${Details} />`);

function Cells({ it: r, camera }) {
	const look = ruleLook[r.status.state];
	return html`
		<td><${Toggle} label="rule for ${r.event} enabled" on=${r.status.state !== 'disabled'} flip=${(shown) => make(toggleRule(camera.name, r.event, shown))} /></td>
		<td class=${look}><i aria-hidden="true">●</i> ${r.status.state}</td>
		<td><${Meter} share=${r.words.share} look=${r.words.tone} label="progress" /> ${r.words.text}</td>
		<td class="words">${r.clauses.map((c) => html`<span class="clause ${truthLook[c.truth]}" title=${c.text}><${Truth} of=${c.truth} /> <${Name} of=${c.text} /></span> `)}</td>
		<td class="number">${count(r.status.fired)}</td>`;
}

// Details shows one rule: what it lacks to fire, its condition as a tree, and its clocks.
function Details({ it: r, camera }) {
	const last = store.events.findLast((e) => e.event.camera === camera.name && e.event.event_type === r.event);
	return html`
		<${Facts} of=${[
			['state', html`<span class=${ruleLook[r.status.state]}>${r.status.state}</span>, fired ${count(r.status.fired)} times`],
			['to fire', html`<${Name} of=${r.to_fire} />`],
			['hours', r.hours && html`${r.hours.active.join(', ')} <${Action} onClick=${() => make(toggleArmed(camera.name, r.event, r.status.state !== 'inactive'))}>${r.status.state === 'inactive' ? 'Arm' : 'Disarm'}<//>`],
			['last event', last && html`<a href=${href('events', '', last.event.event_id)}>${last.event.phase}</a>`],
		]} />
		<h3>Condition</h3>
		<ul class="tree">${r.outline.map((line, i) => html`<${Line} key=${i} line=${line} c=${r.clauses[line.clause]} camera=${camera} />`)}</ul>
		<h3>Clocks</h3>
		<${Facts} of=${[
			['now', html`<${Meter} share=${r.words.share} look=${r.words.tone} label="progress" /> ${r.words.text}
				${r.status.state === 'potential' && r.status.truth === 'unknown' && html`<span class="warn">, paused: the condition is unknown</span>`}`],
			['for', r.for_ns > 0 ? ago(r.for_ns) : 'none: fires at once'],
			['cooldown', r.cooldown_ns > 0 ? ago(r.cooldown_ns) : 'none'],
		]} />`;
}

// Line shows one line of a condition, indented by depth.
function Line({ line, c, camera }) {
	return html`
		<li style=${{ marginLeft: 1.4 * line.depth + 'rem' }}><span class="hidden">level ${line.depth + 1}</span>
			<${Truth} of=${line.truth} /> ${c ? html`<code><${Name} of=${line.text} /></code>` : html`<em>${line.text}</em>`}
			${c && html` ${c.age_ms !== null && `is ${number(c.value)}`}${c.other && ` to ${number(c.threshold)}`} ${c.unknown_because ? html`<span class="warn">${c.unknown_because}</span>`
				: html`<span class="dim">age ${steady(c.age_ms * 1e6)}</span>`}`}
			${c && html`<${ClauseHistory} c=${c} camera=${camera} />`}
		</li>`;
}

// ClauseHistory plots the signal of a clause against its threshold.
function ClauseHistory({ c, camera }) {
	const values = history.values(camera.name, clauseSeries(c));
	if (values.length === 0) return null;
	return html`<span class="history"><${Spark} values=${values} mark=${c.threshold} label="history of ${c.signal}" />
		<a href=${href('signals', camera.name, c.signal)}><${Name} of=${c.signal} /></a> <span class="dim">threshold ${number(c.threshold)}</span></span>`;
}
