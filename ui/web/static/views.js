// The views, in the order of the navigation. One of one camera is given its name.

import { Alerts } from './views/alerts.js';
import { Detectors } from './views/detectors.js';
import { Diff } from './views/diff.js';
import { Events } from './views/events.js';
import { Fleet } from './views/fleet.js';
import { Latency } from './views/latency.js';
import { Log } from './views/log.js';
import { Queues } from './views/queues.js';
import { Rules } from './views/rules.js';
import { Signals } from './views/signals.js';
import { Timeline } from './views/timeline.js';
import { Live } from './views/live.js';
import { Wall } from './views/wall.js';

export const views = [
	{ id: 'fleet', View: Fleet },
	{ id: 'live', View: Live, ofCamera: true },
	{ id: 'wall', View: Wall },
	{ id: 'alerts', View: Alerts },
	{ id: 'detectors', View: Detectors, ofCamera: true },
	{ id: 'signals', View: Signals, ofCamera: true },
	{ id: 'rules', View: Rules, ofCamera: true },
	{ id: 'latency', View: Latency, ofCamera: true },
	{ id: 'queues', View: Queues, ofCamera: true },
	{ id: 'events', View: Events },
	{ id: 'timeline', View: Timeline },
	{ id: 'log', View: Log },
	{ id: 'diff', View: Diff },
];
