// Deep links: #/VIEW/CAMERA/ITEM?key=value. All but the view may be missing. The camera "*"
// stands for none if there is an item.

export function parse(hash) {
	const [path, query] = hash.replace(/^#?\/?/, '').split('?');
	const [view, camera, item] = path.split('/').map((part) => {
		try {
			return decodeURIComponent(part);
		} catch {
			return ''; // a damaged link
		}
	});
	return { view: view ?? '', camera: camera === '*' ? '' : camera ?? '', item: item ?? '', query: Object.fromEntries(new URLSearchParams(query ?? '')) };
}

// href returns the link to a view. Empty query values are left out.
export function href(view, camera = '', item = '', query = {}) {
	const parts = [view, camera, item];
	while (parts.length > 1 && !parts.at(-1)) parts.pop();
	const given = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined && value !== null));
	const search = given.size > 0 ? '?' + given : '';
	return '#/' + parts.map((p) => encodeURIComponent(p || '*')).join('/') + search;
}

export const route = () => parse(location.hash);

export const go = (...where) => (location.hash = href(...where));

// replace changes the query of the current view without adding to the browser's history.
export function replace(query) {
	const r = route();
	history.replaceState(null, '', href(r.view, r.camera, r.item, { ...r.query, ...query }));
	dispatchEvent(new HashChangeEvent('hashchange'));
}
