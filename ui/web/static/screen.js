// A screen shows one camera on a canvas, each frame with its results.

import { DAMAGED, HIDDEN, KEY } from './media.js';
import { paintFound, paintPlaces, Results } from './overlay.js';
import { Clock, Delay, now } from './timing.js';

const lead = 60; // milliseconds that a packet is decoded before its frame is due
const maxWaiting = 600; // packets
const maxReady = 12; // decoded frames
const maxDecoding = 6; // packets in the decoder
const late = 1000; // milliseconds overdue after which the screen skips to a key frame

export class Screen {
	// places returns the camera's current {zones, lines}. refuse is called with a codec that
	// this browser cannot decode.
	constructor(canvas, { places, refuse, boxes = true, delayed = true } = {}) {
		Object.assign(this, { canvas, places, refuse, boxes, delayed });
		this.g = canvas.getContext('2d', { alpha: false });
		this.shown = null; // {id, captured, found} of the frame on the canvas
		this.lost = 0; // frames lost on the network or in the decoder since the view was opened
		this.reset();
	}

	// reset discards the state of a connection, but keeps the frame shown.
	reset() {
		this.camera = null;
		this.mode = ''; // "video" or "jpeg" once there is a frame
		this.ready?.forEach((r) => r.image.close());
		this.ready = []; // decoded frames, by capture time
		this.skip();
		this.results = new Results();
		this.clock = new Clock();
		this.delay = new Delay();
		this.drawn = []; // times at which the last frames were shown
	}

	// skip continues at the next key frame with a new decoder.
	skip() {
		this.skipping = true;
		this.waiting = []; // packets, in decoding order
		this.decoded = new Map(); // packets in the decoder, by timestamp
		if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
		this.decoder = null;
	}

	// fps is the number of frames shown in the last second.
	get fps() {
		const from = now() - 1000;
		return this.drawn.filter((t) => t > from).length;
	}

	describe(camera) {
		if (this.camera?.codec_string === camera.codec_string && this.camera?.config === camera.config) return;
		this.camera = camera;
		this.config = camera.config ? Uint8Array.from(atob(camera.config), (c) => c.charCodeAt(0)) : null;
		this.skip();
		if (camera.codec && camera.codec !== 'mjpeg') this.openDecoder();
	}

	async openDecoder() {
		const camera = this.camera;
		const config = { codec: camera.codec_string, optimizeForLatency: true };
		const support = await globalThis.VideoDecoder?.isConfigSupported(config).catch(() => null); // it throws for an unknown codec
		if (camera !== this.camera) return;
		if (!support?.supported) return this.refuse?.(camera.codec);
		const decoder = new VideoDecoder({
			output: (image) => (decoder === this.decoder ? this.output(image) : image.close()),
			error: () => decoder === this.decoder && this.failed(),
		});
		decoder.configure(config);
		this.decoder = decoder;
		this.decode();
	}

	failed() {
		this.lost += this.decoded.size;
		this.skip();
		this.openDecoder();
	}

	packet(m) {
		if (this.camera?.codec === 'mjpeg') return this.still(m);
		const at = now();
		this.clock.arrived(m.captured, at);
		if (m.flags & DAMAGED) this.skipping = true;
		else if (m.flags & KEY) this.skipping = false;
		if (this.skipping) return void this.lost++;
		this.waiting.push({ data: m.payload, key: Boolean(m.flags & KEY), hidden: Boolean(m.flags & HIDDEN), id: m.frame, captured: m.captured });
		this.catchUp(at);
		this.decode();
	}

	// catchUp skips to the newest key frame if packets are too late or too many.
	catchUp(at) {
		const newest = this.waiting.findLastIndex((p) => p.key);
		const first = this.waiting[0];
		if (newest > 0 && (this.waiting.length > maxWaiting || at > this.clock.due(first.captured, this.wait) + late)) {
			this.lost += newest;
			this.waiting.splice(0, newest);
		}
	}

	// wait is the time in milliseconds that frames wait for their results.
	get wait() {
		return this.delayed ? this.delay.value : 0;
	}

	// decode decodes packets that are due soon. With B-frames, a frame may need one that is
	// shown later, so the earliest of all waiting packets counts.
	decode() {
		if (!this.decoder) return;
		const soon = now() + lead;
		while (this.waiting.length > 0 && this.decoder.decodeQueueSize < maxDecoding) {
			const earliest = this.waiting.reduce((t, p) => Math.min(t, p.captured), Infinity);
			if (this.delayed && this.clock.due(earliest, this.wait) > soon) return;
			this.submit(this.waiting.shift());
		}
	}

	submit(p) {
		let timestamp = Math.round(p.captured * 1000);
		while (this.decoded.has(timestamp)) timestamp++;
		this.decoded.set(timestamp, p);
		if (this.decoded.size > maxWaiting) this.decoded.delete(this.decoded.keys().next().value);
		let data = p.data;
		if (p.key && this.config) {
			data = new Uint8Array(this.config.length + p.data.length);
			data.set(this.config);
			data.set(p.data, this.config.length);
		}
		try {
			this.decoder.decode(new EncodedVideoChunk({ type: p.key ? 'key' : 'delta', timestamp, data }));
		} catch {
			this.failed();
		}
	}

	output(image) {
		const p = this.decoded.get(image.timestamp);
		this.decoded.delete(image.timestamp);
		if (!p || p.hidden) return image.close();
		this.mode = 'video';
		this.put({ image, id: p.id, captured: p.captured, rotation: this.camera.rotation ?? 0, mirror: this.camera.mirror });
	}

	async still(m) {
		this.clock.arrived(m.captured, now());
		const camera = this.camera;
		const image = await createImageBitmap(new Blob([m.payload], { type: 'image/jpeg' })).catch(() => null);
		if (!image) return void this.lost++;
		if (camera !== this.camera) return image.close();
		this.mode = this.mode || 'jpeg';
		this.put({ image, id: m.frame, captured: m.captured, rotation: 0, mirror: false });
	}

	// put queues a decoded frame.
	put(frame) {
		const at = this.ready.findLastIndex((r) => r.captured <= frame.captured);
		this.ready.splice(at + 1, 0, frame);
		while (this.ready.length > maxReady) this.ready.shift().image.close();
	}

	result(m, result) {
		this.results.add(m.frame, m.captured, result);
		if (result.signals.some((s) => s.detections.length > 0)) {
			this.delay.result(result.detector, Math.max(now() - this.clock.due(m.captured, 0), 0));
		}
	}

	// frame shows the newest frame that is due.
	frame() {
		this.delay.update(this.clock.interval);
		this.decode();
		const at = now() + 4; // it appears with the next refresh
		let next = null;
		while (this.ready.length > 0 && (!this.delayed || this.clock.due(this.ready[0].captured, this.wait) <= at)) {
			next?.image.close();
			next = this.ready.shift();
		}
		if (!next) return;
		this.draw(next);
		next.image.close();
	}

	draw({ image, id, captured, rotation, mirror }) {
		const turned = rotation % 180 !== 0;
		const wide = image.displayWidth ?? image.width, high = image.displayHeight ?? image.height;
		this.fit(turned ? high : wide, turned ? wide : high);
		const { g, canvas } = this;
		g.save();
		g.translate(canvas.width / 2, canvas.height / 2);
		if (mirror) g.scale(-1, 1);
		g.rotate((rotation * Math.PI) / 180);
		const w = turned ? canvas.height : canvas.width, h = turned ? canvas.width : canvas.height;
		g.drawImage(image, -w / 2, -h / 2, w, h);
		g.restore();
		const found = this.results.at(id, captured);
		if (this.boxes) {
			const places = this.places?.();
			if (places) paintPlaces(g, canvas.width, canvas.height, places);
			paintFound(g, canvas.width, canvas.height, found);
		}
		this.shown = { id, captured, found };
		this.drawn.push(now());
		if (this.drawn.length > 120) this.drawn.shift();
		canvas.dataset.frame = id;
		canvas.dataset.captured = captured;
		canvas.dataset.boxes = found.filter((s) => s.exact).map((s) => s.frame).join(' ');
	}

	// fit sets the canvas to the size of the frame, or to its size on the screen if that is smaller.
	fit(width, height) {
		const room = (this.canvas.clientWidth || width) * devicePixelRatio;
		const scale = Math.min(1, room / width);
		const w = Math.max(Math.round(width * scale), 1), h = Math.max(Math.round(height * scale), 1);
		if (this.canvas.width === w && this.canvas.height === h) return;
		this.canvas.width = w;
		this.canvas.height = h;
	}
}
