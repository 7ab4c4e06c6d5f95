// The wall: all cameras as JPEG frames at a low rate, and the chosen one as live video.

import { html, useEffect, useRef } from '../vendor/preact-htm.js';
import { Feed, sends } from '../media.js';
import { alertsOf, alertTone, inTrouble, Name, State } from '../parts.js';
import { href } from '../route.js';
import { Screen } from '../screen.js';
import { camera as find, now, store } from '../store.js';
import { clean, rate } from '../units.js';

const most = 64; // cameras in one stream
const flash = 3000; // milliseconds for which an event is shown
const refused = new Set(); // cameras whose codec this browser cannot decode

// ordered returns the cameras, those with alerts first.
function ordered() {
	const { cameras, alerts } = store.snapshot;
	const rank = (c) => inTrouble(alertsOf(alerts, c.name));
	return cameras.toSorted((a, b) => rank(a) - rank(b)).slice(0, most);
}

function Tile({ camera, chosen, canvas }) {
	const alerts = alertsOf(store.snapshot.alerts, camera.name);
	const [first] = alerts, fired = store.events.findLast((e) => e.event.camera === camera.name);
	return html`
		<li class="tile ${chosen ? 'chosen' : ''} ${inTrouble(alerts) === 0 ? 'alarm' : ''}">
			${fired && now() - Date.parse(fired.event.time) < flash && html`<span key=${fired.seq} class="flash">● <${Name} of=${fired.event.event_type} /></span>`}
			<a data-row href=${chosen ? href('live', camera.name) : href('wall', '', camera.name)} title=${chosen ? 'open' : 'show as live video'}>
				<canvas ref=${canvas} width="320" height="180" role="img" aria-label=${clean(camera.name)}></canvas>
				<span class="name"><${Name} of=${camera.name} /> <${State} of=${camera.state} /> <span class="dim">${rate(camera.fps)} fps</span></span>
				${first && html`<span class=${alertTone(first)}>▲ <${Name} of=${first.title} /></span>`}
			</a>
		</li>`;
}

export default function Wall({ route }) {
	const cameras = ordered();
	const canvases = useRef(new Map()), feed = useRef(null);
	const names = cameras.map((c) => c.name).toSorted();
	const chosen = names.includes(route.item) ? route.item : '';
	const video = chosen && sends(find(chosen)) && !refused.has(chosen) ? chosen : '';
	useEffect(() => {
		if (names.length === 0) return undefined;
		const options = (name) => ({ delayed: name === video, places: () => find(name), refuse: () => refused.add(name) });
		const screens = new Map(names.map((name) => [name, new Screen(canvases.current.get(name), options(name))]));
		const query = { video, jpeg: names.filter((n) => n !== video).join(','), width: 480, rate: names.length > 9 ? 1 : 2 };
		feed.current = new Feed(query, screens);
		return () => feed.current.close();
	}, [names.join(), video]);
	const at = (name) => (canvas) => (canvas ? canvases.current.set(name, canvas) : canvases.current.delete(name));
	return html`
		<h1>Wall <small>${cameras.length} of ${store.snapshot.cameras.length} cameras</small></h1>
		${cameras.length === 0 ? html`<p class="empty">No cameras.</p>` : feed.current?.problem && html`<p class="bad">No frames: <${Name} of=${feed.current.problem} /></p>`}
		<ul class="wall">
			${cameras.map((c) => html`<${Tile} key=${c.name} camera=${c} chosen=${c.name === chosen} canvas=${at(c.name)} />`)}
		</ul>`;
}
