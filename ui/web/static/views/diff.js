// Differences between the running configuration and the file, and writing them to it.

import { html } from '../vendor/preact-htm.js';
import { make, reload, write } from '../changes.js';
import { Action, Name, useAnswer } from '../parts.js';
import { store } from '../store.js';

const refresh = 3000; // milliseconds

export default function Diff() {
	const { answer: diff, problem } = useAnswer('config/diff', refresh);
	const head = html`<h1>Diff <small><${Name} of=${diff?.file ?? store.about?.config} /></small></h1>`;
	const again = html`<p class="tools"><${Action} onClick=${() => make(reload())}>Reload the configuration<//> unchanged parts keep running</p>`;
	if (problem) return html`${head}<p class="bad"><${Name} of=${problem.message} /></p>${again}`;
	if (!diff) return html`${head}<p class="dim">comparing…</p>`;
	return html`
		${head}
		${diff.changes.length + diff.unwritable.length === 0 && html`<p class="empty">The running configuration matches the file.</p>`}
		<${Changes} of=${diff} />
		${diff.unwritable.length > 0 && html`<h2>Cannot be written to the file</h2>
			<ul>${diff.unwritable.map((u) => html`<li><${Name} of=${u.what} />: <span class="dim"><${Name} of=${u.why} /></span></li>`)}</ul>`}
		${diff.changes.length > 0 && (diff.refused ? html`<h2>Add this to the file by hand</h2><p class="warn"><${Name} of=${diff.refused} /></p><pre tabindex="0">${diff.toml}</pre>`
			: html`<p class="tools"><${Action} onClick=${() => make(write(diff))}>Write to the file<//> comments and order are kept</p>`)}
		${again}`;
}

// Changes shows the changed lines of a file.
export const Changes = ({ of }) => of.changes.map((c, i) => html`<section class="card" key=${i}>
	<h2><${Name} of=${c.what} /> <small>line ${c.line}</small></h2>
	<pre tabindex="0"><${Lines} of=${c.old} mark="-" look="bad" /><${Lines} of=${c.new} mark="+" look="good" /></pre>
</section>`);

// Lines prefixes each line of a text with a mark.
const Lines = ({ of, mark, look }) => of.split('\n').filter(Boolean).map((line) => html`<span class=${look}>${mark} ${line}${'\n'}</span>`);

// Modified links to the differences, if any, and tells if the file was changed but not reloaded.
export const Modified = () => html`${store.snapshot.modified > 0 && html`<a class="info" href="#/diff">modified</a>`}
	${store.snapshot.reload.changed && html`<a class="warn" href="#/diff">file changed</a>`}`;
