// The form that attaches a detector, made from the options of its kind.

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { attach, make } from '../changes.js';
import { Action } from '../pieces.js';
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

// problems returns what the server says of single keys: "detector: max_fps: must be…; ttl: …".
function problems(error, options) {
	const found = {};
	for (const part of error?.detail?.replace(/^detector: /, '').split(/[;\n] */) ?? []) {
		const [key, text] = part.split(/: (.*)/s);
		if (text && options.some((o) => o.name === key)) found[key] = text;
	}
	return found;
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
	const wrong = problems(error, options);

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
		<div class="field"><label for="o-kind">kind</label>
			<select id="o-kind" value=${kind} onChange=${(e) => choose(e.target.value)}>${kinds.map((k) => html`<option value=${k.name}>${k.name}</option>`)}</select>
			<small>${of.doc}</small></div>
		<div class="field"><label for="o-camera">camera</label>
			<select id="o-camera" value=${target} onChange=${(e) => aim(e.target.value)}>
				${store.snapshot.cameras.map((c) => html`<option value=${c.name}>${c.name}</option>`)}<option value="all">all</option>
			</select><small>the camera that it watches</small></div>
		${options.map((o) => html`<${Field} key=${o.name} option=${o} text=${typed[o.name] ?? ''} wrong=${wrong[o.name]}
			preset=${o.name === 'name' ? typed.signal || kind : o.default} set=${(text) => type({ ...typed, [o.name]: text })} />`)}
		<div class="tools"><${Action}>Attach<//>
			<a class="button" href=${href('detectors', camera.name)}>Cancel</a></div>
	</form>`;
}

// Field is one option: what was typed, else its default as a hint.
function Field({ option: o, text, wrong, preset, set }) {
	const id = 'o-' + o.name;
	const about = { id, name: o.name, value: text, 'aria-describedby': id + '-help', 'aria-invalid': wrong ? 'true' : null, onInput: (e) => set(e.target.value) };
	const choices = o.type === 'boolean' ? ['true', 'false'] : o.choices;
	const number = o.type === 'number' || o.type === 'integer';
	const unset = preset ? `default: ${preset}` : 'default';
	return html`<div class="field"><label for=${id}>${o.name}</label>
		${choices ? html`<select ...${about}><option value="">${unset}</option>${choices.map((c) => html`<option value=${c}>${c}</option>`)}</select>`
			: o.type === 'list' ? html`<textarea rows="2" placeholder=${preset} ...${about}></textarea>`
			: html`<input type=${number ? 'number' : 'text'} step=${o.type === 'integer' ? '1' : 'any'} placeholder=${preset} autocomplete="off" ...${about} />`}
		<small id=${id + '-help'}>${wrong && html`<span class="bad">${wrong}</span><br />`}${o.help}${o.type === 'list' && '; one a line'}</small></div>`;
}
