// The form that attaches a detector, made from the options of its kind.

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { attach, make } from '../changes.js';
import { Action, Field, problems } from '../parts.js';
import { go, href } from '../route.js';
import { store } from '../store.js';

// value returns what was typed as JSON has it, by the type of the option.
function value(option, text) {
	switch (option.type) {
	case 'number': case 'integer': return Number.isFinite(Number(text)) ? Number(text) : text;
	case 'boolean': return text === 'true';
	case 'list': return text.split('\n').map((line) => line.trim()).filter(Boolean);
	}
	return text;
}

export function AttachForm({ camera }) {
	const kinds = store.about?.kinds ?? [];
	const [kind, choose] = useState(kinds[0]?.name ?? '');
	const [typed, type] = useState({}); // by key, kept when the kind changes
	const [target, aim] = useState(camera.name);
	const [error, fail] = useState(null);
	const form = useRef();
	useEffect(() => form.current?.querySelector('[aria-invalid]')?.focus(), [error]);
	const of = kinds.find((k) => k.name === kind);
	if (!of) return html`<p>No detector may be attached here.</p>`;
	const name = of.common.filter((o) => o.name === 'name');
	const options = [...name, ...of.options, ...of.common.filter((o) => o.name !== 'name')];
	const wrong = problems(error?.message ?? '', options.map((o) => o.name));

	const send = async (e) => {
		e.preventDefault();
		const config = { kind };
		for (const o of options) if (typed[o.name]?.trim()) config[o.name] = value(o, typed[o.name].trim());
		config.name ??= config.signal ?? kind;
		const problem = await make(attach(target, config));
		fail(problem);
		if (!problem) go('detectors', target === 'all' ? camera.name : target, config.name);
	};
	return html`<form class="card attach" ref=${form} onSubmit=${send} aria-labelledby="attach">
		<h1 id="attach">Attach a detector</h1>
		${error && html`<p class="bad" role="alert">${error.message}</p>`}
		<${Field} option=${{ name: 'kind', choices: kinds.map((k) => k.name), fixed: true, help: of.doc }} text=${kind} set=${choose} />
		<${Field} option=${{ name: 'camera', choices: [...store.snapshot.cameras.map((c) => c.name), 'all'], fixed: true, help: 'the camera to watch' }} text=${target} set=${aim} />
		${options.map((o) => html`<${Field} key=${o.name} option=${o} text=${typed[o.name] ?? ''} wrong=${wrong[o.name]}
			preset=${o.name === 'name' ? typed.signal || kind : o.default} set=${(text) => type({ ...typed, [o.name]: text })} />`)}
		<div class="tools"><${Action}>Attach<//>
			<a class="button" href=${href('detectors', camera.name)}>Cancel</a></div>
	</form>`;
}
