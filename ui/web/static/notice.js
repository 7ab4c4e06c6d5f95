// Notices: what the last actions came to. They are read out, too.

import { html } from './vendor/preact-htm.js';
import { changed } from './store.js';
import { clean } from './units.js';

const shown = 8000; // milliseconds
let notices = []; // {id, text, kind}
let next = 1;

// say shows a text for a while; kind: "good", "bad" or "info".
export function say(text, kind = 'info') {
	const id = next++;
	notices = [...notices, { id, text, kind }].slice(-3);
	setTimeout(() => {
		notices = notices.filter((n) => n.id !== id);
		changed();
	}, shown);
	changed();
}

// act does something that the server may refuse, and says what came of it. It returns
// whether it is done.
export async function act(done, action) {
	try {
		await action();
		if (done) say(done, 'good');
		return true;
	} catch (problem) {
		say(problem.message, 'bad');
		return false;
	}
}

export const Notices = () => html`
	<div class="notices" role="status" aria-live="polite">
		${notices.map((n) => html`<p key=${n.id} class=${n.kind}>${clean(n.text)}</p>`)}
	</div>`;
