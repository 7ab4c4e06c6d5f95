// Boxes of detections on a canvas, in the colours of the terminal.

const colours = ['#ffd65c', '#78dcff', '#ff82c8', '#8cff96', '#ffa05a'];

// drawBoxes draws what signals found, [{signal, detections}], over a frame of w × h pixels.
// A signal keeps its colour while the order of the signals is the same.
export function drawBoxes(context, found, w, h) {
	context.lineWidth = 2;
	context.font = '600 12px system-ui, sans-serif';
	context.textBaseline = 'top';
	found.forEach(({ signal, detections }, n) => {
		context.strokeStyle = colours[n % colours.length];
		for (const d of detections) drawBox(context, d, caption(d, signal), w, h);
	});
}

function drawBox(context, d, text, w, h) {
	const [x, y, width, height] = [d.box.x * w, d.box.y * h, d.box.w * w, d.box.h * h];
	context.save();
	if (d.angle) {
		context.translate(x + width / 2, y + height / 2);
		context.rotate(d.angle);
		context.translate(-x - width / 2, -y - height / 2);
	}
	context.strokeRect(x, y, width, height);
	context.restore();
	const wide = context.measureText(text).width + 6;
	const [left, top] = [Math.max(Math.min(x - 1, w - wide), 0), Math.max(y - 16, 0)];
	context.fillStyle = '#000a';
	context.fillRect(left, top, wide, 16);
	context.fillStyle = context.strokeStyle;
	context.fillText(text, left + 3, top + 2);
	for (const point of d.keypoints ?? []) context.fillRect(point.x * w - 2, point.y * h - 2, 4, 4);
}

// caption says what a detection is, with its attributes.
export function caption(d, signal) {
	const found = (d.attributes ?? []).map((a) => {
		if (a.unknown) return ` ${a.name} ?`;
		return a.label && a.label !== a.name ? ` ${a.name} ${a.label}` : ` ${a.name} ${Number(a.value.toPrecision(4))}`;
	});
	return (d.label || signal) + found.join('');
}
