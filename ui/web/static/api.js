// The HTTP API, as docs/api.md describes it.

// Problem is what the API says of a failed request. Status 0: it was not reached.
export class Problem extends Error {
	constructor(status, detail, remedy) {
		super(remedy ? `${detail}; ${remedy}` : detail);
		this.status = status;
	}
}

const patience = 20000; // milliseconds for an answer

async function problemOf(response) {
	const p = await response.json().catch(() => ({}));
	return new Problem(response.status, p.detail ?? p.title ?? `the answer is ${response.status}`, p.remedy);
}

// open makes a request and returns its answer, whose body is not read yet.
export async function open(path, options = {}) {
	let response;
	try {
		response = await fetch('api/' + path, options);
	} catch (e) {
		if (options.signal?.aborted) throw e;
		throw new Problem(0, 'rvo-tui is not reached', '');
	}
	if (!response.ok) throw await problemOf(response);
	return response;
}

// call makes a request with an object as its body, and returns the answer as an object.
export async function call(method, path, body) {
	const options = { method, signal: AbortSignal.timeout(patience) };
	if (body !== undefined) {
		options.headers = { 'Content-Type': 'application/json' };
		options.body = JSON.stringify(body);
	}
	try {
		return await (await open(path, options)).json();
	} catch (e) {
		if (e instanceof Problem) throw e;
		throw new Problem(0, 'there is no answer', 'try again');
	}
}

export const get = (path) => call('GET', path);

// path joins parts of a path, each of which may have any character.
export const path = (...parts) => parts.map(encodeURIComponent).join('/');

// read passes each piece of an answer on, and fails after so many milliseconds of silence.
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

// follow reads server-sent events, and calls back with the type, data and ID of each.
export function follow(path, { after, silence, signal, event }) {
	const decoder = new TextDecoder();
	let parts = []; // of a message that is not whole yet
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

// dispatch passes a message on, unless it is a comment.
function dispatch(message, event) {
	const field = {};
	for (const line of message.split('\n')) {
		const at = line.indexOf(': ');
		if (at > 0) field[line.slice(0, at)] = line.slice(at + 2);
	}
	if (field.event) event(field.event, field.data, field.id);
}
