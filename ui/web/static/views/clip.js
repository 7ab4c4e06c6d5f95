// The clip of an event: its movie with detection boxes, on the movie's clock.

import { html, useEffect, useMemo, useRef, useState } from '../vendor/preact-htm.js';
import { call, path } from '../api.js';
import { paintFound, Results } from '../overlay.js';
import { copy, say } from '../changes.js';
import { Action, Facts, Name, useAnswer } from '../parts.js';
import { camera, now, store } from '../store.js';
import { amount, clean, second, stamp } from '../units.js';
import { about } from './log.js';

const lookEvery = 1000;       // milliseconds between checks for a clip that may still come
const waitFor = 120_000;      // milliseconds after an event in which its clip may come
const around = 60_000;        // milliseconds around an event in which its clip is searched

// pathOf returns the API path that finds the clip of an event: by ID, or by time.
function pathOf(id, event) {
	if (!event) return path('clips', id);
	const near = (ms) => new Date(Date.parse(event.time) + ms).toISOString();
	return 'clips?' + new URLSearchParams({ camera: event.camera, from: near(-around), to: near(around), limit: 1000 });
}

// Evidence shows the clip of an event. For a new event it waits for the clip.
export function Evidence({ id, event, learned }) {
	const kept = store.snapshot.clips !== null;
	const [known, know] = useState(false);
	const rule = camera(event?.camera)?.rules.find((r) => r.event === event.event_type);
	const awaited = !known && event?.phase === 'confirmed' && rule?.clip !== false && now() - Date.parse(event.time) < waitFor;
	const { answer, problem } = useAnswer(kept ? pathOf(id, event) : '', awaited ? lookEvery : 0);
	const entry = event ? answer?.clips.find((c) => c.event_id === id || c.events?.includes(id)) : answer;
	const { answer: meta, problem: unreadable } = useAnswer(entry ? path('clips', entry.event_id) + '/meta.json' : '');
	useEffect(() => {
		if (!meta) return;
		know(true);
		learned(meta);
	}, [meta]);
	if (!kept) return html`<p class="dim">Clips are off: no rule has clip = true.</p>`;
	if (meta && entry) return html`<${Clip} entry=${entry} file=${entry.file ?? `${answer.dir}/${entry.path}/${entry.movie}`} meta=${meta} />`;
	if (problem ?? unreadable) return html`<p class="dim"><${Name} of=${(problem ?? unreadable).message} /></p>`;
	if (!answer || entry) return html`<p class="dim">loading the clip…</p>`;
	if (rule?.clip === false) return html`<p class="dim">this rule records no clips</p>`;
	if (event?.phase === 'ended') return html`<p class="dim">ended events have no clip of their own</p>`;
	const why = about({ event: id }).at(-1)?.text.split(' reason=')[1];
	if (why) return html`<p class="warn">no clip: <${Name} of=${why} /></p>`;
	if (!awaited) return html`<p class="dim">no clip: it was lost or deleted</p>`;
	const left = Math.ceil((Date.parse(event.time) - now()) / 1000 + (rule?.clip_after_ns ?? 0) / second);
	return html`<p class="info">${left > 0 ? `clip in ${left} s` : 'the clip is being written'}</p>`;
}

function Clip({ entry, file, meta }) {
	const base = 'api/' + path('clips', entry.event_id);
	const name = (file) => `${clean(entry.event_type)}-${entry.time.replace(/[:.]/g, '')}-${file}`;
	const movies = [meta.movie, ...(meta.parts ?? [])];
	const bad = (text) => say('✗ ' + text, 'bad');
	const verify = () => {
		say('verifying the hashes of its files…');
		call('POST', path('clips', entry.event_id) + '/verify').then(({ ok, error }) => (ok ? say('✓ all files match their hashes', 'good') : bad(error)), (e) => bad(e.message));
	};
	return html`
		<${Player} base=${base} movies=${movies} meta=${meta} />
		<p class="tools">
			${movies.map((m, i) => html`<a class="button" href=${source(base, i)} download=${name(m.file)}>Download${movies.length > 1 && ` part ${i + 1}`}</a>`)}
			<a class="button" href=${base + '/meta.json'} download=${name('meta.json')}>Metadata</a>
			<${Action} onClick=${verify}>Verify<//>
			<button onClick=${() => copy(file, file)}>Copy path</button>
		</p>
		<${Facts} of=${[
			['path', html`<code class="path"><${Name} of=${file} /></code>`],
			['movie', movies.map((m) => html`<span>${(m.duration_ms / 1000).toFixed(1)} s, ${m.frames} frames, ${m.width}×${m.height},
				${' '}${m.codec}${m.sound && ' with ' + m.sound}, ${m.copied ? 'as the camera sent it' : 'encoded'}. </span>`)],
			['size', amount(entry.bytes)],
			['covers', `${stamp(meta.start_time)} to ${stamp(meta.end_time)}`],
			['before', `${meta.pre_roll_ms.actual / 1000} s of ${meta.pre_roll_ms.asked / 1000} s`],
			['after', `${meta.post_roll_ms.actual / 1000} s of ${meta.post_roll_ms.asked / 1000} s`],
			['lost', meta.missing_frames + meta.skipped_frames > 0 && html`<span class="warn">${meta.missing_frames} frames missing, ${meta.skipped_frames} skipped</span>`],
			['incomplete', !meta.complete && html`<span class="warn">the program ended while saving it</span>`],
			['note', meta.movie.note && html`<${Name} of=${meta.movie.note} />`],
			['events', meta.events.length > 1 && meta.events.map((e) => html`<${Name} of=${e.event_type} /> `)],
		]} />`;
}

const source = (base, part) => base + '/clip.mp4' + (part > 0 ? `?part=${part + 1}` : '');

// Player plays the parts of a clip in sequence, with boxes drawn over them.
function Player({ base, movies, meta }) {
	const [part, play] = useState(0);
	const [boxes, showBoxes] = useState(true);
	const [problem, fail] = useState('');
	const video = useRef(), canvas = useRef();
	const begins = movies.slice(0, part).reduce((sum, m) => sum + m.duration_ms, 0);
	const results = useMemo(() => resultsOf(meta.detections ?? []), [meta]);
	useEffect(() => {
		const v = video.current;
		let handle = 0;
		const draw = (_, frame) => {
			paint(canvas.current, v, boxes ? shownAt(results, begins + frame.mediaTime * 1000) : []);
			handle = v.requestVideoFrameCallback(draw);
		};
		if (v.readyState >= 2) draw(0, { mediaTime: v.currentTime });
		else handle = v.requestVideoFrameCallback(draw);
		return () => v.cancelVideoFrameCallback(handle);
	}, [results, begins, boxes]);
	useEffect(() => () => {
		video.current.removeAttribute('src'); // frees the browser's buffers
		video.current.load();
	}, []);
	const next = () => part + 1 < movies.length && play(part + 1);
	const toEvent = () => (video.current.currentTime = (meta.frame_ts_ns[meta.confirming_frame] - meta.frame_ts_ns[0]) / 1e9);
	return html`
		<div class="player">
			<video ref=${video} src=${source(base, part)} controls autoplay=${part > 0} playsinline preload="auto" aria-label="clip of the event"
				onEnded=${next} onError=${() => fail('This browser cannot play the movie. Download it instead.')}></video>
			<canvas ref=${canvas} aria-hidden="true"></canvas>
		</div>
		${problem && html`<p class="bad" role="alert">${problem}</p>`}
		<p class="tools">
			<label><input type="checkbox" checked=${boxes} onChange=${(e) => showBoxes(e.target.checked)} /> boxes</label>
			${meta.confirming_frame !== null && part === 0 && html`<button onClick=${toEvent}>To the event</button>`}
		</p>`;
}

// resultsOf returns the detections on the movie's clock. Its frames have no IDs.
function resultsOf(detections) {
	const results = new Results(Infinity);
	for (const d of detections) results.add(null, d.movie_ms, { detector: d.signal, signals: [d] });
	return results;
}

const shownAt = (results, ms) => results.at(0, ms + 1).map((s) => ({ ...s, exact: true }));

// paint draws boxes over the current frame.
function paint(canvas, video, shown) {
	const scale = devicePixelRatio;
	const [w, h] = [video.clientWidth, video.clientHeight];
	if (canvas.width !== Math.round(w * scale) || canvas.height !== Math.round(h * scale)) {
		canvas.width = Math.round(w * scale);
		canvas.height = Math.round(h * scale);
	}
	const context = canvas.getContext('2d');
	context.setTransform(scale, 0, 0, scale, 0, 0);
	context.clearRect(0, 0, w, h);
	paintFound(context, w, h, shown);
}
