// Live: the camera's video with detections, and its state.

import { html, useEffect, useRef, useState } from '../vendor/preact-htm.js';
import { make, removeCamera, saveClip, toggleCamera } from '../changes.js';
import { history } from '../history.js';
import { Feed, hides, sends } from '../media.js';
import { Action, alertsOf, alertTone, Confirmed, Facts, Name, ofCamera, ruleLook, Spark, State } from '../parts.js';
import { go, href, replace } from '../route.js';
import { Screen } from '../screen.js';
import { useKeys } from '../keys.js';
import { camera as find, store } from '../store.js';
import { amount, bits, clean, count, number, rate, stamp } from '../units.js';
import { Form, fresh, Overlay } from './draw.js';

const still = { rate: 10, width: 1280 }; // of JPEG frames if there is no video

// useScreen shows a camera on a canvas while the component is mounted.
function useScreen(canvas, name, jpeg, refuse) {
	const screen = useRef(null);
	const feed = useRef(null);
	useEffect(() => {
		screen.current = new Screen(canvas.current, { places: () => find(name), refuse });
		feed.current = new Feed(jpeg ? { jpeg: name, ...still } : { video: name }, new Map([[name, screen.current]]));
		return () => {
			feed.current.close();
			screen.current = feed.current = null;
		};
	}, [name, jpeg]);
	return [screen, feed];
}

// howShown describes the video on the canvas and its losses.
function howShown(screen, jpeg, camera) {
	if (!screen?.shown) return camera.state === 'live' ? 'waiting for a key frame' : `${camera.state}: ${clean(camera.reason)}`;
	const parts = [`${screen.mode === 'video' ? screen.camera?.codec ?? '' : 'JPEG'} ${camera.width}x${camera.height}`, `${screen.fps} fps`];
	if (jpeg) parts.push(jpeg);
	if (screen.lost > 0) parts.push(`${screen.lost} frames lost`);
	if (screen.mode === 'video' && screen.skipping) parts.push('waiting for a key frame');
	return parts.join(' · ');
}

// legend describes the detections on a frame in words.
function legend(shown) {
	if (!shown) return 'no frame yet';
	const all = shown.found.map((s) => `${clean(s.signal)} ${s.detections.length}`);
	return all.join(', ') || 'no detections';
}

export default ofCamera(({ camera, route: { query } }) => {
	const canvas = useRef();
	const box = useRef();
	const [unsupported, setUnsupported] = useState('');
	const [shape, draw] = useState(fresh('polygon'));
	let jpeg = unsupported && `this browser cannot decode ${unsupported}`;
	if (hides(camera)) jpeg = 'the camera has private zones, so its video is not sent';
	else if (camera.state === 'live' && !sends(camera)) jpeg = camera.packets > 0 ? `browsers cannot decode ${camera.codec}` : 'the source has no encoded video';
	const [screen, feed] = useScreen(canvas, camera.name, Boolean(jpeg), setUnsupported);
	const s = screen.current;
	const delayed = query.delay !== 'off', boxes = query.boxes !== 'off';
	if (s) Object.assign(s, { delayed, boxes });
	const toggleDelay = () => replace({ delay: delayed ? 'off' : '' });
	const toggleBoxes = () => replace({ boxes: boxes ? 'off' : '' });
	const drawing = query.draw === 'yes';
	const toggleDraw = () => replace({ draw: drawing ? '' : 'yes' });
	const remove = async () => (await make(removeCamera(camera.name))) || go('fleet');
	const full = () => (document.fullscreenElement ? document.exitFullscreen() : box.current.requestFullscreen());
	useKeys({ d: ['draw zones and lines', toggleDraw], w: ['delay on or off', toggleDelay], b: ['boxes on or off', toggleBoxes], z: ['full screen', full] });
	return html`
		<h1>Live <small><${Name} of=${camera.name} /></small></h1>
		<div class="beside">
			<section aria-label="video">
				<div class="screen" ref=${box}>
					<div class="frame" style=${{ '--ratio': s?.shown ? s.canvas.width / s.canvas.height : 16 / 9 }}>
						<canvas ref=${canvas} role="img" aria-label="${clean(camera.name)}: ${legend(s?.shown)}"></canvas>
						${drawing && html`<${Overlay} shape=${shape} set=${(next) => draw({ ...next, typed: undefined })} />`}
					</div>
					${camera.state !== 'live' && html`<p class="over"><${State} of=${camera.state} /> <${Name} of=${camera.reason} /></p>`}
				</div>
				<p class="tools">
					<button aria-pressed=${delayed} onClick=${toggleDelay}>Delay</button>
					<button aria-pressed=${boxes} onClick=${toggleBoxes}>Boxes</button>
					<button aria-pressed=${drawing} onClick=${toggleDraw}>Draw</button>
					<button onClick=${full}>Full screen</button>
					<${Action} onClick=${() => make(toggleCamera(camera))}>${camera.state === 'paused' ? 'Resume' : 'Pause'}<//>
					${store.snapshot.clips && html`<${Action} onClick=${() => make(saveClip(camera.name))}>Save a clip<//>`}
					<${Confirmed} label="Remove" what="Remove ${camera.name}" act=${remove} />
					<span class="dim" data-delay>${s && (delayed ? `delayed by ${Math.round(s.wait)} ms to match boxes and frames` : 'not delayed: boxes are from earlier frames')}</span>
				</p>
				<p class="dim" data-shown>${howShown(s, jpeg, camera)}${feed.current?.problem && html` <span class="bad">${feed.current.problem}</span>`}</p>
			</section>
			${drawing ? html`<${Form} camera=${camera} shape=${shape} set=${draw} />` : html`<${Aside} camera=${camera} />`}
		</div>
		<${Camera} c=${camera} />`;
});

// Aside shows the state of the camera's alerts, detectors, signals and rules.
function Aside({ camera }) {
	const alerts = alertsOf(store.snapshot.alerts, camera.name);
	return html`
		<aside aria-label="state">
			${alerts.map((a) => html`<p class=${alertTone(a)}>▲ <a href=${href('alerts', '', '', { id: a.id })}><${Name} of=${a.title} /></a></p>`)}
			<h2>Detectors</h2>
			<ul>${camera.detectors.map((d) => html`
				<li key=${d.name}><a href=${href('detectors', camera.name, d.name)}><${Name} of=${d.name} /></a> <span class="dim">${rate(d.fps)}/s</span> <span class=${d.words.tone}><${Name} of=${d.words.text} /></span></li>`)}
			</ul>
			<h2>Signals</h2>
			<ul class="pairs">${camera.signals.map((v) => html`
				<li key=${v.name}><a href=${href('signals', camera.name, v.name)}><${Name} of=${v.name} /></a> ${v.unknown ? html`<span class="warn" title=${clean(v.unknown)}>unknown</span>` : html`<b class="number">${number(v.value)}</b>`}</li>`)}
			</ul>
			<h2>Rules</h2>
			<ul>${camera.rules.map((r) => html`
				<li key=${r.event}><a href=${href('rules', camera.name, r.event)}><${Name} of=${r.event} /></a> <span class=${ruleLook[r.status.state]}>${r.status.state}</span> <span class="dim">${r.words.text}</span></li>`)}
			</ul>
		</aside>`;
}

// streamOf describes the camera's stream.
function streamOf(c) {
	const parts = [c.codec, c.width > 0 && `${c.width}x${c.height}`, c.sent_fps > 0 && `${rate(c.sent_fps)} frames per second`,
		c.bitrate > 0 ? `${amount(Math.round(c.bitrate / 8))}/s (${bits(c.bitrate)})` : c.codec && 'nothing arrives'];
	return parts.filter(Boolean).join(', ') || 'not known yet';
}

// standing shows the state of a stream and its reason.
const standing = (of) => html`<${State} of=${of.state} /> since ${stamp(of.since)} ${of.reason && html`<span class="warn"><${Name} of=${of.reason} /></span>`}`;

// Camera shows the details of a camera: its stream, decoding and drops.
function Camera({ c }) {
	const dropped = ['pool', 'lag', 'rate', 'corrupt'].filter((reason) => c['drop_' + reason] > 0).map((reason) => `${count(c['drop_' + reason])} ${reason}`);
	return html`
		<section class="card" aria-labelledby="camera"><h2 id="camera">Camera <${Name} of=${c.name} /></h2>
			<${Facts} of=${[
				['state', standing(c)],
				['source', html`<${Name} of=${c.source} />`],
				['stream', streamOf(c)],
				['frames/s', html`<${Spark} values=${history.values(c.name)} label="frames per second" /> ${rate(c.fps)}`],
				['decodes', c.decoding && html`${c.decoding} of ${c.sent_fps.toFixed(0)} frames per second: <${Name} of=${c.decoding_why} />`],
				['packets', c.decoding && `${count(c.packets)}, ${count(c.decoded)} decoded, ${count(c.damaged)} damaged`],
				['reconnects', `${count(Math.max(c.connects - 1, 0))}, ${count(c.failures)} failures, ${count(c.stalls)} stalls, ${count(c.resizes)} size changes`],
				['frames', `${count(c.frames)}, ${count(c.superseded)} superseded by newer ones`],
				['dropped', dropped.length > 0 && html`<span class="warn">${dropped.join(', ')}</span>`],
				['second stream', c.recording && html`for evidence: ${standing(c.recording)} <${Name} of=${c.recording.source} />`],
			]} />
		</section>`;
}
