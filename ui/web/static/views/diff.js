// How what runs differs from the configuration file, and writing it there.

import { html } from '../vendor/preact-htm.js';
import { make, reload, write } from '../changes.js';
import { Action, Name, useAnswer } from '../parts.js';
import { store } from '../store.js';

const refresh = 3000; // milliseconds

export default function Diff() {
	const { answer: diff, problem } = useAnswer('config/diff', refresh);
	const head = html`<h1>Diff <small><${Name} of=${diff?.file ?? store.about?.config} /></small></h1>`;
	const again = html`<p class="tools"><${Action} onClick=${() => make(reload())}>Reload the configuration<//> what has not changed keeps running</p>`;
	if (problem) return html`${head}<p class="bad"><${Name} of=${problem.message} /></p>${again}`;
	if (!diff) return html`${head}<p class="dim">comparing</p>`;
	return html`
		${head}
		${diff.changes.length + diff.unwritable.length === 0 && html`<p class="empty">What runs is what the file says.</p>`}
		<${Changes} of=${diff} />
		${diff.unwritable.length > 0 && html`<h2>What a file cannot say</h2>
			<ul>${diff.unwritable.map((u) => html`<li><${Name} of=${u.what} />: <span class="dim"><${Name} of=${u.why} /></span></li>`)}</ul>`}
		${diff.changes.length > 0 && (diff.refused ? html`<h2>To put into the file by hand</h2><p class="warn"><${Name} of=${diff.refused} /></p><pre tabindex="0">${diff.toml}</pre>`
			: html`<p class="tools"><${Action} onClick=${() => make(write(diff))}>Write to the file<//> comments, order and everything else in it stay</p>`)}
		${again}`;
}

// Changes shows the changes of a file, line by line.
export const Changes = ({ of }) => of.changes.map((c, i) => html`<section class="card" key=${i}>
	<h2><${Name} of=${c.what} /> <small>line ${c.line}</small></h2>
	<pre tabindex="0"><${Lines} of=${c.old} mark="-" look="bad" /><${Lines} of=${c.new} mark="+" look="good" /></pre>
</section>`);

// Lines writes the lines of a text, each behind a mark.
const Lines = ({ of, mark, look }) => of.split('\n').filter(Boolean).map((line) => html`<span class=${look}>${mark} ${line}${'\n'}</span>`);

// Modified links to the difference while there is one, and while the file is not as it was read.
export const Modified = () => html`${store.snapshot.modified > 0 && html`<a class="info" href="#/diff">modified</a>`}
	${store.snapshot.reload.changed && html`<a class="warn" href="#/diff">file changed</a>`}`;
