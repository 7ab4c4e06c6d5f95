// The views, in the order of the navigation. One of one camera is given its name.

import { Alerts } from './views/alerts.js';
import { Fleet } from './views/fleet.js';

export const views = [
	{ id: 'fleet', View: Fleet },
	{ id: 'alerts', View: Alerts },
];
