// Forms, built from options as the API describes them.

import { html, useEffect, useRef, useState } from './vendor/preact-htm.js';
import { addCamera, attach, make, say } from './changes.js';
import { Action, useAnswer } from './parts.js';
import { go, href } from './route.js';
import { store } from './store.js';

// problems splits an error such as "detector: max_fps: must be…; ttl: …" by key.
export function problems(text, keys) {
	const found = {};
	for (const key of keys) {
		const part = text.match(new RegExp(`(?:^|[ ;])${key}(?:\\[\\d\\])?: (.*?)(?:; \\w+: |$)`, 'm'));
		if (part) found[key] = part[1];
	}
	return found;
}

// secret matches an address with a password, or with what may become one while it is typed.
const secret = /\/\/[^/?#]*:[^/?#]*$|\/\/[^/]*:.*@|\/\/.*[?&][^=&]*(token|key|pass|pwd|psw|secret|auth|cred|session|sig)[^=&]*=/i;

// Field is the input for one option. Its default is the placeholder. A secret is hidden.
export function Field({ option: o, text, wrong, preset, set }) {
	const id = 'o-' + o.name, [open, show] = useState(false), hides = secret.test(text);
	const about = { id, name: o.name, value: text, 'aria-describedby': id + '-help', 'aria-invalid': wrong ? 'true' : null, onInput: (e) => set(e.target.value) };
	const choices = o.type === 'boolean' ? ['true', 'false'] : o.choices;
	const number = o.type === 'number' || o.type === 'integer';
	const unset = preset ? `default: ${preset}` : 'default';
	return html`<div class="field"><label for=${id}>${o.name}</label>
		${choices ? html`<select ...${about}>${!o.fixed && html`<option value="">${unset}</option>`}${choices.map((c) => html`<option value=${c}>${c}</option>`)}</select>`
			: o.type === 'list' ? html`<textarea rows="2" placeholder=${preset} ...${about}></textarea>`
			: html`<input class=${hides && !open ? 'secret' : null} list=${o.suggested && id + '-list'} type=${number ? 'number' : 'text'} step=${o.type === 'integer' ? '1' : 'any'} placeholder=${preset} autocomplete="off" ...${about} />`}
		${hides && html`<button type="button" onClick=${() => show(!open)}>${open ? 'Hide' : 'Show'} the password</button>`}
		${o.suggested && html`<datalist id=${id + '-list'}>${o.suggested.map((s) => html`<option value=${s.source}>${s.label}</option>`)}</datalist>`}
		<small id=${id + '-help'}>${wrong && html`<span class="bad">${wrong}</span><br />`}${o.help}${o.type === 'list' && '; one per line'}</small></div>`;
}

// value converts typed text to the JSON type of the option.
function value(option, text) {
	switch (option.type) {
	case 'number': case 'integer': return Number.isFinite(Number(text)) ? Number(text) : text;
	case 'boolean': return text === 'true';
	case 'list': return text.split('\n').map((line) => line.trim()).filter(Boolean);
	}
	return text;
}

// OptionForm is a form of options. submit gets the keys that were filled in and returns the
// error, or null.
export function OptionForm({ title, label, cancel, options, preset = (o) => o.default, submit, children }) {
	const [typed, type] = useState({}); // text by key; it survives a change of the options
	const [error, fail] = useState(null);
	const form = useRef();
	useEffect(() => form.current.querySelector(error ? '[aria-invalid]' : 'input, select')?.focus(), [error]);
	const wrong = problems(error?.message ?? '', options.map((o) => o.name));
	const send = async (event) => {
		event.preventDefault();
		const filled = options.filter((o) => typed[o.name]?.trim());
		fail(await submit(Object.fromEntries(filled.map((o) => [o.name, value(o, typed[o.name].trim())]))));
	};
	return html`<form class="card options" ref=${form} onSubmit=${send} aria-labelledby="form">
		<h1 id="form">${title}</h1>
		${error && html`<p class="bad" role="alert">${error.message}</p>`}
		${children}
		${options.map((o) => html`<${Field} key=${o.name} option=${o} text=${typed[o.name] ?? ''} wrong=${wrong[o.name]}
			preset=${preset(o, typed)} set=${(text) => type({ ...typed, [o.name]: text })} />`)}
		<div class="tools"><${Action}>${label}<//> <a class="button" href=${cancel}>Cancel</a></div>
	</form>`;
}

// AttachForm attaches a detector. Its options depend on the kind.
export function AttachForm({ camera }) {
	const kinds = store.about?.kinds ?? [];
	const [kind, choose] = useState((kinds.find((k) => k.name === 'motion') ?? kinds[0])?.name ?? '');
	const [target, aim] = useState(camera.name);
	const of = kinds.find((k) => k.name === kind);
	if (!of) return html`<p>Detectors cannot be attached here.</p>`;
	const name = of.common.filter((o) => o.name === 'name');
	const options = [...name, ...of.options, ...of.common.filter((o) => o.name !== 'name')];
	const submit = async (keys) => {
		const config = { name: keys.signal ?? kind, ...keys, kind };
		const problem = await make(attach(target, config));
		if (!problem) go('detectors', target === 'all' ? camera.name : target, config.name);
		return problem;
	};
	return html`<${OptionForm} title="Attach a detector" label="Attach" cancel=${href('detectors', camera.name)} options=${options} submit=${submit}
		preset=${(o, typed) => (o.name === 'name' ? typed.signal || kind : o.default)}>
		<${Field} option=${{ name: 'kind', choices: kinds.map((k) => k.name), fixed: true, help: of.doc }} text=${kind} set=${choose} />
		<${Field} option=${{ name: 'camera', choices: [...store.snapshot.cameras.map((c) => c.name), 'all'], fixed: true, help: 'the camera to watch' }} text=${target} set=${aim} />
	<//>`;
}

// CameraForm adds a camera after trying its source.
export function CameraForm() {
	const { answer } = useAnswer('sources');
	const options = store.about.camera_options.map((o) => (o.name === 'source' ? { ...o, suggested: answer?.sources ?? [] } : o));
	const submit = async (config) => {
		say('trying the source…');
		const problem = await make(addCamera(config));
		if (!problem) go('live', config.name);
		return problem;
	};
	return html`<${OptionForm} title="Add a camera" label="Try and add" cancel=${href('fleet')} options=${options} submit=${submit} />`;
}
