// The media stream (packets, JPEG frames and results), described in docs/api.md.

import { read } from './api.js';
import { silence } from './store.js';

export const CAMERA = 1, PACKET = 2, JPEG = 3, RESULT = 4, GAP = 5;
export const KEY = 1, DAMAGED = 2, HIDDEN = 4;

const streamed = ['h264', 'hevc', 'av1', 'mjpeg']; // codecs that a browser may be able to decode

// sends tells whether a screen can show a camera's own packets. Those of a camera with private zones are not sent.
export const hides = (camera) => (camera.zones ?? []).some((z) => z.privacy);
export const sends = (camera) => camera.packets > 0 && !hides(camera) && (!camera.codec || streamed.includes(camera.codec));

const headerSize = 24;
const maxPayload = 64 << 20;
const retry = 500; // milliseconds until an ended stream is reopened

// Parser assembles messages {type, flags, camera, captured, frame, payload} from chunks.
// captured is in milliseconds since 1970. frame is the ID of the frame; 0: none.
export class Parser {
	constructor(deliver) {
		this.deliver = deliver;
		this.header = new Uint8Array(headerSize);
		this.message = null; // the message whose payload is being read
		this.filled = 0; // bytes of the header, or of the payload
	}

	push(bytes) {
		while (bytes.length > 0) {
			const into = this.message ? this.message.payload : this.header;
			const part = bytes.subarray(0, into.length - this.filled);
			into.set(part, this.filled);
			this.filled += part.length;
			bytes = bytes.subarray(part.length);
			if (this.filled < into.length) return;
			if (!this.message) this.begin();
			if (this.message.payload.length > 0 && into === this.header) continue;
			const message = this.message;
			this.message = null;
			this.filled = 0;
			this.deliver(message);
		}
	}

	begin() {
		const h = new DataView(this.header.buffer);
		const length = h.getUint32(0);
		if (length > maxPayload) throw new Error('a message is too large');
		this.message = {
			type: h.getUint8(4), flags: h.getUint8(5), camera: h.getUint16(6),
			captured: Number(h.getBigInt64(8)) / 1000, frame: Number(h.getBigUint64(16)), payload: new Uint8Array(length),
		};
		this.filled = 0;
	}
}

const json = (payload) => JSON.parse(new TextDecoder().decode(payload));

// Feed is one stream for several screens. It is reopened when it ends.
export class Feed {
	// query is {video, jpeg, width, rate}; screens is a map by camera name.
	constructor(query, screens) {
		this.query = query;
		this.screens = screens;
		this.ended = new AbortController();
		this.problem = '';
		this.again = () => this.current?.abort();
		document.addEventListener('visibilitychange', this.again);
		this.run();
		const draw = () => {
			this.timer = requestAnimationFrame(draw);
			for (const screen of this.screens.values()) screen.frame();
		};
		this.timer = requestAnimationFrame(draw);
	}

	close() {
		this.ended.abort();
		this.current?.abort();
		cancelAnimationFrame(this.timer);
		document.removeEventListener('visibilitychange', this.again);
		for (const screen of this.screens.values()) screen.reset();
	}

	async run() {
		while (!this.ended.signal.aborted) {
			if (!document.hidden) await this.attempt();
			for (const screen of this.screens.values()) screen.reset();
			await new Promise((done) => setTimeout(done, retry));
		}
	}

	async attempt() {
		this.current = new AbortController();
		const byIndex = new Map();
		const parser = new Parser((m) => this.dispatch(m, byIndex));
		const query = new URLSearchParams(Object.entries(this.query).filter(([, value]) => value));
		try {
			this.problem = '';
			await read('media?' + query, { silence, signal: this.current.signal, piece: (bytes) => parser.push(bytes) });
		} catch (e) {
			this.problem = this.current.signal.aborted ? '' : e.message;
		}
	}

	dispatch(m, byIndex) {
		if (m.type === CAMERA) {
			const camera = json(m.payload);
			byIndex.set(m.camera, this.screens.get(camera.camera));
			byIndex.get(m.camera)?.describe(camera);
			return;
		}
		const screen = byIndex.get(m.camera);
		if (!screen) return; // also a keep-alive
		switch (m.type) {
		case PACKET: return screen.packet(m);
		case JPEG: return screen.still(m);
		case RESULT: return screen.result(m, json(m.payload));
		case GAP: screen.lost += json(m.payload).frames;
		}
	}
}
