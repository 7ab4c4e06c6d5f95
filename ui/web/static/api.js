// The client of the HTTP API, described in docs/api.md.

// Problem is the error of a failed request. Status 0: there was no response.
export class Problem extends Error {
	constructor(status, detail, remedy) {
		super(remedy ? `${detail}; ${remedy}` : detail);
		this.status = status;
	}
}

const patience = 20_000, opening = 130_000; // milliseconds for an answer, and for one that opens a source or a model
const opens = /^(reload|cameras|sources\/try|config\/.*|cameras\/[^/]+\/detectors)$/;

// open makes a request and returns the response, whose body is not read yet.
export async function open(path, options = {}) {
	const response = await fetch('api/' + path, options).catch((e) => {
		throw options.signal?.aborted ? e : new Problem(0, 'rvo-tui cannot be reached', '');
	});
	if (response.ok) return response;
	const p = await response.json().catch(() => ({}));
	throw new Problem(response.status, p.detail ?? p.title ?? `the server answered with status ${response.status}`, p.remedy);
}

// call makes a request with a JSON body and returns the JSON response.
export async function call(method, path, body) {
	const json = body !== undefined && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
	const signal = AbortSignal.timeout(method !== 'GET' && opens.test(path) ? opening : patience);
	try {
		return await (await open(path, { method, signal, ...json })).json();
	} catch (e) {
		if (e instanceof Problem) throw e;
		throw new Problem(0, 'rvo-tui does not answer', 'try again');
	}
}

export const get = (path) => call('GET', path);

// path joins and escapes the parts of a path.
export const path = (...parts) => parts.map(encodeURIComponent).join('/');

// read calls piece with each chunk of a response. It fails after silence milliseconds without data.
export async function read(path, { headers, silence, signal, piece }) {
	const control = new AbortController();
	const stop = () => control.abort();
	signal.addEventListener('abort', stop);
	let last = performance.now();
	const watch = setInterval(() => performance.now() - last > silence && stop(), silence / 8);
	try {
		const response = await open(path, { headers, signal: control.signal });
		const reader = response.body.getReader();
		for (;;) {
			const { value, done } = await reader.read();
			if (done) return;
			last = performance.now();
			piece(value);
		}
	} finally {
		clearInterval(watch);
		signal.removeEventListener('abort', stop);
		stop();
	}
}

// follow reads server-sent events and calls event with the type, data and ID of each.
export function follow(path, { after, silence, signal, event }) {
	const decoder = new TextDecoder();
	let parts = []; // of an incomplete message
	const piece = (bytes) => {
		const text = decoder.decode(bytes, { stream: true });
		parts.push(text);
		if (!text.endsWith('\n')) return; // a message ends with an empty line
		const messages = parts.join('').split('\n\n');
		parts = [messages.pop()];
		for (const m of messages) dispatch(m, event);
	};
	return read(path, { headers: after ? { 'Last-Event-ID': after } : {}, silence, signal, piece });
}

// dispatch parses a message and calls event unless it is a comment.
function dispatch(message, event) {
	const field = {};
	for (const line of message.split('\n')) {
		const at = line.indexOf(': ');
		if (at > 0) field[line.slice(0, at)] = line.slice(at + 2);
	}
	if (field.event) event(field.event, field.data, field.id);
}
