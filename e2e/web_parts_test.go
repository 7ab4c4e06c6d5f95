package e2e

import "testing"

// Modules of the page without a view, run by the browser.
func TestWebParts(t *testing.T) {
	t.Parallel()
	_, at := startWeb(t, webConfig)
	p := openPage(t, at)
	for _, tt := range []struct{ what, script, want string }{
		{"messages in pieces of every size", `import('/media.js').then(({Parser}) => {
			const message = (type, frame, text) => {
				const m = new Uint8Array(24 + text.length), h = new DataView(m.buffer);
				h.setUint32(0, text.length);
				h.setUint8(4, type);
				h.setUint16(6, 3);
				h.setBigInt64(8, 1500n);
				h.setBigUint64(16, BigInt(frame));
				m.set(new TextEncoder().encode(text), 24);
				return [...m];
			};
			const all = new Uint8Array([...message(4, 7, '{}'), ...message(0, 0, ''), ...message(2, 8, 'abcdef')]);
			const results = new Set();
			for (let size = 1; size <= all.length; size++) {
				const seen = [];
				const parser = new Parser(m => seen.push([m.type, m.camera, m.captured, m.frame, new TextDecoder().decode(m.payload)].join()));
				for (let i = 0; i < all.length; i += size) parser.push(all.subarray(i, i + size));
				results.add(seen.join(' '));
			}
			return [...results].join(' | ');
		})`, "4,3,1.5,7,{} 0,3,1.5,0, 2,3,1.5,8,abcdef"},
		{"a message that is too large", `import('/media.js').then(({Parser}) => {
			try {
				new Parser(() => 0).push(new Uint8Array(24).fill(255));
			} catch (e) {
				return e.message;
			}
		})`, "a message is too large"},
		{"the delay follows the slowest detector, and has a bound", `import('/timing.js').then(({Delay}) => {
			const delay = new Delay(), seen = [];
			for (const age of [20, 30, 150, 5000]) {
				for (let i = 0; i < 40; i++) delay.result('slow', age + (i === 0 ? 100 : 0));
				delay.result('fast', 5);
				delay.update(40);
				seen.push(delay.value);
			}
			for (let i = 0; i < 40; i++) delay.result('slow', 20);
			for (let i = 0; i < 2000; i++) delay.update(40);
			return [...seen, Math.abs(delay.value - 60) <= 15].join();
		})`, "60,60,190,400,true"},
		{"a burst is paced by the times of its frames", `import('/timing.js').then(({Clock}) => {
			const clock = new Clock();
			for (let i = 0; i < 50; i++) clock.arrived(1e6 + i * 40, 1e6 + 5000 + i * 40);
			for (let i = 50; i < 60; i++) clock.arrived(1e6 + i * 40, 1e6 + 5000 + 60 * 40);
			return [Math.round((clock.due(1e6 + 2000, 100) - 1e6) / 10), Math.round(clock.interval)].join();
		})`, "710,40"},
		{"results lie on their frame, and for a while on later ones", `import('/overlay.js').then(({Results}) => {
			const results = new Results();
			const found = (label, track) => ({detector: 'd', signals: [{signal: 's', detections: [{label, track, box: {x: 0, y: 0, w: 0.2, h: track / 10}}]}]});
			results.add(5, 500, found('five', 1));
			results.add(9, 900, found('nine', 1));
			results.add(7, 700, found('seven', 1)); // a late answer
			const at = (frame, captured) => results.at(frame, captured).map(s => [s.detections[0].label, s.exact, s.trails[0].length].join(' ')).join();
			return [at(4, 400), at(5, 500), at(6, 600), at(7, 700), at(9, 900), at(20, 1899), at(21, 1901)].join(' | ');
		})`, " | five true 1 | five false 1 | seven true 2 | nine true 3 | nine false 3 | "},
		{"buckets of a histogram", `import('/histogram.js').then(({decode, quantile, lower}) => {
			const counts = decode(btoa(String.fromCharCode(3, 2, 12, 4, 0, 200, 1))); // buckets 3, 16 and 17
			return [counts.length, counts[3], counts[16], counts[17], lower(16), lower(32), lower(47), quantile(counts, 0.5), quantile([], 0.5)].join();
		})`, "18,2,4,200,16,32,62,17.5,"},
		{"a histogram that starts over", fakeHistory + `.then(({history, add}) => {
			for (const [second, n] of [[1, 50], [2, 60], [3, 4], [4, 6]]) add(second, n);
			return history.recent('yard', 'shape', 'exec').join();
		})`, "0,0,0,6"},
		{"the server's clock is set back", fakeHistory + `.then(({history, add}) => {
			for (const second of [1, 2, 3, -3600, -3599]) add(second, 0);
			return history.values('yard').join();
		})`, "1,2,3,-3600,-3599"},
		{"a gap, as while the page was hidden", fakeHistory + `.then(({history, add}) => {
			add(1, 5);
			history.judge('yard\nmoved', 'true');
			for (const [second, n] of [[2, 6], [3600, 90], [3601, 91]]) add(second, n);
			const spans = history.rule('yard', 'moved', 0, 1e15).map(([from, to, was]) => [from > 0 ? from - 1e12 : 0, was].join(' '));
			return [history.values('yard').join(), history.recent('yard', 'shape', 'exec').at(-1), spans.join()].join(' | ');
		})`, "3600,3601 | 1 | 0 not watched,1000 true,2000 not watched"},
		{"snapshots that are rare", fakeHistory + `.then(({history, add}) => {
			for (const second of [1, 11, 21, 31]) add(second, 0);
			return history.values('yard').join();
		})`, "1,11,21,31"},
		{"a switch pressed again before a snapshot shows the first change", `import('/changes.js').then(async ({make, toggleCamera, undo}) => {
			const shown = {name: 'street', state: 'live'}, seen = [];
			for (let n = 0; n < 2; n++) {
				seen.push(toggleCamera(shown).requests[0].path);
				await make(toggleCamera(shown));
			}
			await undo(); // it is paused again
			seen.push(toggleCamera(shown).requests[0].path);
			await make(toggleCamera(shown));
			return seen.join();
		})`, "cameras/street/pause,cameras/street/resume,cameras/street/resume"},
		{"a question that is not answered is not asked again", `Promise.all([import('/vendor/preact-htm.js'), import('/parts.js')]).then(async ([{html, render}, {useAnswer}]) => {
			let asked = 0;
			const View = () => {
				useAnswer('x', 1, () => (asked++, new Promise(() => 0)));
				return null;
			};
			render(html(['<', ' />'], View), document.createElement('div'));
			while (asked === 0) await new Promise(done => setTimeout(done, 1));
			await new Promise(done => setTimeout(done, 50));
			return String(asked);
		})`, "1"},
		{"log lines that differ in camera, event or numbers", `import('/views/log.js').then(({fold}) => {
			const line = (text, level = 'WARN') => ({level, text, time: '2026-07-01T12:00:00Z'});
			return fold([
				line('no clip camera=yard event=01a22e4c-7682-773d-9f8a-0fb89cb4f71f waited=3s'), line('other'),
				line('no clip camera="back yard" event=01a22e4c-768b-74bf-9c41-1a745152322d waited=40ms'), line('other', 'INFO'),
			]).map(e => e.text.slice(0, 5) + e.times).join();
		})`, "other1,no cl2,other1"},
		{"a browser whose clock is an hour behind", `import('/store.js').then(async ({now, store}) => {
			const real = Date.now, before = store.snapshot;
			Date.now = () => real() - 3600e3;
			while (store.snapshot === before) await new Promise(done => setTimeout(done, 10));
			const off = now() - Date.parse(store.snapshot.at);
			Date.now = real;
			return String(Math.abs(off) < 60e3);
		})`, "true"},
		{"a browser that denies its storage", `import('/store.js').then(({session}) => {
			Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('denied', 'SecurityError'); }});
			const before = session.known;
			session.known = true;
			return [before, session.known].join();
		})`, "false,false"},
		{"links lead back to where they came from", `import('/route.js').then(({href, parse}) => {
			const links = [['fleet'], ['live', 'a.b'], ['events', '', 'x/y'], ['log', '', '', {level: 'WARN', filter: 'a=b c'}]];
			return links.map(l => Object.values(parse(href(...l))).map(v => typeof v === 'string' ? v : JSON.stringify(v)).join(',')).join(' | ');
		})`, `fleet,,,{} | live,a.b,,{} | events,,x/y,{} | log,,,{"level":"WARN","filter":"a=b c"}`},
		{"durations, numbers and times with their zone", `import('/units.js').then(u => [
			u.ago(850e3), u.ago(12.3e6), u.ago(3.2e9), u.ago(65e9), u.ago(7500e9), u.ago(-1), u.count(12345), u.number(0.12345), u.number(null),
			u.amount(1234567), u.uptime(90061e9), u.stamp('2026-07-01T12:00:00Z').split(' ').length, u.clean('a\u202eb\nc'),
		].join())`, "850µs,12ms,3.2s,65s,2h05m,-,12.3k,0.123,-,1.2 MB,1d 01:01:01,3,a b c"},
	} {
		if got := evaluate[string](p, tt.script); got != tt.want {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.what, got, tt.want)
		}
	}
}

// fakeHistory empties the page's history, and has add(second, runs) to fill it with snapshots of
// one detector. The page adds its own only afterwards, as scripts do not interrupt each other.
const fakeHistory = `import('/history.js').then(({history}) => {
	history.clear();
	const add = (second, runs) => history.add({
		at: new Date(1e12 + second * 1000).toISOString(), slots: {busy: 0, size: 1, revoked: 0}, clips: null, outbox: null, queues: [],
		cameras: [{name: 'yard', state: 'live', fps: second, signals: [], rules: [], queues: [], stages: {}, tick: null,
			detectors: [{name: 'shape', fps: 1, errors: [], timeouts: 0, exec: {bins: btoa(String.fromCharCode(3, runs))}}]}],
	});
	return {history, add};
})`
