package opencv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"rvo-tui/detectors"
)

var nan = float32(math.NaN())

// columns turns rows into what a model of YOLOv8's form answers with.
func columns(rows [][]float32) tensor {
	t := tensor{shape: []int{1, len(rows[0]), len(rows)}}
	for i := range rows[0] {
		for _, row := range rows {
			t.data = append(t.data, row[i])
		}
	}
	return t
}

func flat(rows [][]float32, shape ...int) tensor {
	return tensor{shape: shape, data: slices.Concat(rows...)}
}

func decoderOf(format string, labels ...string) *decoder {
	return &decoder{format: format, labels: labels, threshold: 0.5, nms: 0.5, width: 100, height: 100}
}

func TestDecode(t *testing.T) {
	whole := place(fitStretch, 200, 200, 100, 100)
	box := func(x, y, w, h float64) detectors.Box { return detectors.Box{X: x, Y: y, W: w, H: h} }
	five := func(rows ...[]float32) tensor { return flat(rows, 1, len(rows), len(rows[0])) }
	eight := func(rows ...[]float32) tensor { return columns(rows) }
	list := func(rows ...[]float32) tensor { return flat(rows, 1, 1, len(rows), 7) }
	class := func(row ...float32) tensor { return tensor{shape: []int{1, len(row)}, data: row} }
	for _, c := range []struct {
		name   string
		format string
		out    tensor
		want   []detectors.Detection
		err    string
	}{
		{"one", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.75, 0.25}), []detectors.Detection{{Label: "cat", Score: 0.75, Box: box(0.4, 0.3, 0.2, 0.4)}}, ""},
		{"none", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.25, 0.25}), nil, ""},
		{"second class", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.5, 0.75}), []detectors.Detection{{Label: "dog", Score: 0.75, Box: box(0.4, 0.3, 0.2, 0.4)}}, ""},
		{"twice", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.75, 0}, []float32{52, 50, 20, 40, 1, 0}), []detectors.Detection{{Label: "cat", Score: 1, Box: box(0.42, 0.3, 0.2, 0.4)}}, ""},
		{"two classes", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.75, 0}, []float32{50, 50, 20, 40, 0, 1}), []detectors.Detection{
			{Label: "dog", Score: 1, Box: box(0.4, 0.3, 0.2, 0.4)}, {Label: "cat", Score: 0.75, Box: box(0.4, 0.3, 0.2, 0.4)},
		}, ""},
		{"over the edge", formatYOLOv8, eight([]float32{0, 100, 20, 40, 0.75, 0}), []detectors.Detection{{Label: "cat", Score: 0.75, Box: box(0, 0.8, 0.1, 0.2)}}, ""},
		{"outside", formatYOLOv8, eight([]float32{-50, 50, 20, 40, 0.75, 0}), nil, ""},
		{"inside out", formatYOLOv8, eight([]float32{50, 50, -20, 40, 0.75, 0}), nil, ""},
		{"score that is none", formatYOLOv8, eight([]float32{50, 50, 20, 40, 0.75, nan}), nil, "numbers that are none"},
		{"first score that is none", formatYOLOv8, eight([]float32{50, 50, 20, 40, nan, 0}), nil, "numbers that are none"},
		{"box that is none", formatYOLOv8, eight([]float32{50, 50, nan, 40, 0.75, 0}), nil, "numbers that are none"},
		{"endless score", formatYOLOv8, eight([]float32{50, 50, 20, 40, float32(math.Inf(1)), 0}), nil, "numbers that are none"},
		{"endless box", formatYOLOv8, eight([]float32{50, float32(math.Inf(1)), 20, 40, 1, 0}), nil, "numbers that are none"},
		{"no score", formatYOLOv8, eight([]float32{50, 50, 20, 40, 17, 0}), nil, "a score of 17"},
		{"no data", formatYOLOv8, tensor{shape: []int{1, 6, 2}, data: make([]float32, 11)}, nil, "and 11 numbers"},
		{"another shape", formatYOLOv8, flat(nil, 1, 6, 0, 0), nil, "at most"},
		{"a shape of another format", formatYOLOv8, class(0, 1), nil, "changed its shape"},
		{"v5", formatYOLOv5, five([]float32{50, 50, 20, 40, 0.75, 0.25, 0.75}), []detectors.Detection{{Label: "dog", Score: 0.5625, Box: box(0.4, 0.3, 0.2, 0.4)}}, ""},
		{"v5 sure of nothing", formatYOLOv5, five([]float32{50, 50, 20, 40, 0.25, 1, 1}), nil, ""},
		{"v5 unsure of what", formatYOLOv5, five([]float32{50, 50, 20, 40, 0.75, 0.5, 0.5}), nil, ""},
		{"v5 certainty that is none", formatYOLOv5, five([]float32{50, 50, 20, 40, nan, 1, 1}), nil, "numbers that are none"},
		{"v5 score that is none", formatYOLOv5, five([]float32{50, 50, 20, 40, 1, 1, nan}), nil, "numbers that are none"},
		{"v5 no score", formatYOLOv5, five([]float32{50, 50, 20, 40, 0.5, 2, 0}), nil, "a score of 2"},
		{"v5 no certainty", formatYOLOv5, five([]float32{50, 50, 20, 40, 3, 1, 0}), nil, "a score of 3"},
		{"ssd", formatSSD, list([]float32{0, 1, 0.75, 0.1, 0.2, 0.3, 0.6}, []float32{-1, 0, 1, 0, 0, 1, 1}), []detectors.Detection{{Label: "dog", Score: 0.75, Box: box(0.1, 0.2, 0.2, 0.4)}}, ""},
		{"ssd of an unnamed class", formatSSD, list([]float32{0, 7, 0.75, 0, 0, 1, 1}), []detectors.Detection{{Label: "class_7", Score: 0.75, Box: box(0, 0, 1, 1)}}, ""},
		{"ssd half a class", formatSSD, list([]float32{0, 0.5, 0.75, 0, 0, 1, 1}), nil, "the class 0.5"},
		{"ssd class that is none", formatSSD, list([]float32{0, nan, 0.75, 0, 0, 1, 1}), nil, "numbers that are none"},
		{"ssd huge class", formatSSD, list([]float32{0, 1e30, 0.75, 0, 0, 1, 1}), nil, "the class 1e+30"},
		{"class", formatClassify, class(0.25, 0.75), []detectors.Detection{{Label: "dog", Score: 0.75, Box: box(0, 0, 1, 1)}}, ""},
		{"both classes", formatClassify, class(0.5, 0.75), []detectors.Detection{{Label: "dog", Score: 0.75, Box: box(0, 0, 1, 1)}, {Label: "cat", Score: 0.5, Box: box(0, 0, 1, 1)}}, ""},
		{"before softmax", formatClassify, class(-3, -3+float32(math.Log(3))), []detectors.Detection{{Label: "dog", Score: 0.75, Box: box(0, 0, 1, 1)}}, ""},
		{"large before softmax", formatClassify, class(1000, 0), []detectors.Detection{{Label: "cat", Score: 1, Box: box(0, 0, 1, 1)}}, ""},
		{"class that is none", formatClassify, class(nan, 1), nil, "numbers that are none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := decoderOf(c.format, "cat", "dog").decode(c.out, &whole)
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Fatalf("error %v, want %q", err, c.err)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %+v, want %+v", got, c.want)
			}
			for i, w := range c.want {
				g := got[i]
				if g.Label != w.Label || !near(g.Score, w.Score) || !near(g.Box.X, w.Box.X) || !near(g.Box.Y, w.Box.Y) || !near(g.Box.W, w.Box.W) || !near(g.Box.H, w.Box.H) {
					t.Errorf("got %+v, want %+v", g, w)
				}
			}
		})
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-5 }

func TestDecodeLeavesOutUnwantedClasses(t *testing.T) {
	p := place(fitStretch, 100, 100, 100, 100)
	d := decoderOf(formatYOLOv8, "cat", "dog")
	d.want = []bool{false, true}
	got, err := d.decode(columns([][]float32{{20, 20, 9, 9, 1, 0}, {50, 50, 9, 9, 0, 0.75}, {80, 80, 9, 9, 0.9, 0.8}}), &p)
	if err != nil || len(got) != 1 || got[0].Label != "dog" || got[0].Score != 0.75 {
		t.Errorf("got %+v, %v: want the one thing that is more of a dog than of a cat", got, err)
	}
}

func TestFormatOf(t *testing.T) {
	for _, c := range []struct {
		asked   string
		shape   []int
		labels  int
		want    string
		classes int
		err     string
	}{
		{"", []int{1, 84, 8400}, 0, formatYOLOv8, 80, ""},
		{"", []int{1, 84, 8400}, 80, formatYOLOv8, 80, ""},
		{"", []int{1, 25200, 85}, 0, formatYOLOv5, 80, ""},
		{"", []int{1, 25200, 85}, 80, formatYOLOv5, 80, ""},
		{"", []int{1, 604, 100}, 600, formatYOLOv8, 600, ""}, // more classes than boxes: the labels tell
		{"", []int{1, 604, 100}, 0, formatYOLOv5, 95, ""},
		{"", []int{1, 10, 10}, 0, "", 0, "set format"},
		{"", []int{1, 10, 10}, 5, formatYOLOv5, 5, ""},
		{"", []int{1, 10, 10}, 6, formatYOLOv8, 6, ""},
		{"yolov8", []int{1, 10, 10}, 0, formatYOLOv8, 6, ""},
		{"yolov5", []int{1, 84, 8400}, 0, formatYOLOv5, 8395, ""},
		{"", []int{1, 1, 200, 7}, 0, formatSSD, maxLabels, ""},
		{"", []int{1, 1000}, 0, formatClassify, 1000, ""},
		{"", []int{1, 1000, 1, 1}, 0, formatClassify, 1000, ""},
		{"", []int{1, 1}, 0, "", 0, "no known format"},
		{"", []int{2, 84, 8400}, 0, "", 0, "no known format"},
		{"", []int{1, 3, 8, 8}, 0, "", 0, "no known format"},
		{"", []int{1, 3, 80, 80, 85}, 0, "", 0, "no known format"},
		{"", []int{1}, 0, "", 0, "no known format"},
		{"", nil, 0, "", 0, "no known format"},
		{"", []int{1, 4, 5}, 0, "", 0, "no known format"},
		{"ssd", []int{1, 84, 8400}, 0, "", 0, "which is not [1, 1, boxes, 7]"},
		{"classification", []int{1, 84, 8400}, 0, "", 0, "which is not [1, classes]"},
		{"yolov5", []int{1, 10}, 0, "", 0, "which is not [1, boxes, 5 + classes]"},
		{"yolov8", []int{1, 10}, 0, "", 0, "which is not [1, 4 + classes, boxes]"},
	} {
		got, classes, err := formatOf(c.asked, c.shape, c.labels)
		if got != c.want || classes != c.classes || (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%q %v with %d labels: %q, %d, %v; want %q, %d, %q", c.asked, c.shape, c.labels, got, classes, err, c.want, c.classes, c.err)
		}
	}
}

// naive keeps boxes as the rule says it: again and again the best of those that
// are left, and nothing of its class that overlaps it.
func naive(all []candidate, limit float64) (kept []candidate) {
	left := slices.Clone(all)
	for len(left) > 0 {
		best := 0
		for i, c := range left {
			if c.score > left[best].score || c.score == left[best].score && c.at < left[best].at {
				best = i
			}
		}
		b := left[best]
		kept = append(kept, b)
		var rest []candidate
		for i, c := range left {
			w := math.Min(float64(b.right), float64(c.right)) - math.Max(float64(b.left), float64(c.left))
			h := math.Min(float64(b.bottom), float64(c.bottom)) - math.Max(float64(b.top), float64(c.top))
			both := math.Max(w, 0) * math.Max(h, 0)
			area := float64(b.right-b.left)*float64(b.bottom-b.top) + float64(c.right-c.left)*float64(c.bottom-c.top) - both
			if i != best && (c.class != b.class || both <= limit*area) {
				rest = append(rest, c)
			}
		}
		left = rest
	}
	return kept
}

func TestSuppressIsAsTheRuleSaysIt(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := make([]candidate, r.IntN(120))
		spread := 4 + r.IntN(60)
		for i := range all {
			c := &all[i]
			c.left, c.top = float32(r.IntN(spread)), float32(r.IntN(spread))
			c.right, c.bottom = c.left+float32(1+r.IntN(16)), c.top+float32(1+r.IntN(16))
			c.score, c.class, c.at = float32(r.IntN(20))/20, int32(r.IntN(3)), int32(i)
		}
		limit := []float64{0.25, 0.5, 0.75, 1}[r.IntN(4)]
		want := naive(all, limit)
		if got := suppress(all, float32(limit)); !slices.Equal(got, want) {
			t.Fatalf("seed %d, limit %v: kept\n%v\nwant\n%v", seed, limit, got, want)
		}
	}
}

func TestSuppressIsBounded(t *testing.T) {
	all := make([]candidate, 5000)
	for i := range all {
		x := float32(i * 10)
		all[i] = candidate{left: x, right: x + 5, bottom: 5, score: float32(i) / 5000, at: int32(i)}
	}
	got := suppress(all, 0.5)
	if len(got) != maxDetections || got[0].at != 4999 || got[maxDetections-1].at != 5000-maxDetections {
		t.Errorf("kept %d, from %d: want the %d best", len(got), got[0].at, maxDetections)
	}
}

func FuzzDecode(f *testing.F) {
	add := func(format int, out tensor) {
		var raw []byte
		for _, v := range out.data {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
		}
		f.Add(uint8(format), uint16(out.shape[len(out.shape)-1]), raw)
	}
	add(0, flat([][]float32{{50, 50, 20, 40, 0.75, 0.25, 0.75}, {50, 52, 20, 40, nan, 1, 0}}, 1, 2, 7))
	add(1, columns([][]float32{{50, 50, 20, 40, 0.75, 0.25}, {52, 50, 20, 40, 0.7, 9}}))
	add(2, flat([][]float32{{0, 1, 0.75, 0.1, 0.2, 0.3, 0.6}}, 1, 1, 1, 7))
	add(3, tensor{shape: []int{1, 3}, data: []float32{1, 2, -3}})
	f.Fuzz(func(t *testing.T, which uint8, last uint16, raw []byte) {
		data := make([]float32, len(raw)/4)
		for i := range data {
			data[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[i*4:]))
		}
		d := decoderOf(formats[int(which)%len(formats)], "a", "b")
		out := tensor{data: data, shape: []int{1, len(data) / max(int(last), 1), int(last)}}
		switch d.format {
		case formatSSD:
			out.shape = []int{1, 1, len(data) / 7, 7}
		case formatClassify:
			out.shape = []int{1, len(data)}
		}
		p := place(fitLetterbox, 160, 90, 100, 100)
		got, err := d.decode(out, &p)
		if err != nil && got != nil || len(got) > maxDetections {
			t.Fatalf("%d detections and %v", len(got), err)
		}
		for i, g := range got {
			b := g.Box
			inside := b.X >= 0 && b.Y >= 0 && b.W > 0 && b.H > 0 && b.X+b.W <= 1.000001 && b.Y+b.H <= 1.000001
			if !inside || !(g.Score >= 0.5 && g.Score <= 1) || g.Label == "" || i > 0 && g.Score > got[i-1].Score {
				t.Fatalf("%s %v: detection %d is %+v", d.format, out.shape, i, g)
			}
		}
	})
}

// answer is what a model of 80 classes says of 8400 places: a few are sure.
func answer(format string) tensor {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([][]float32, 8400)
	for i := range rows {
		row := []float32{r.Float32() * 640, r.Float32() * 640, 20 + r.Float32()*100, 20 + r.Float32()*200}
		sure := float32(0.01)
		if i%200 == 0 {
			sure = 0.9
		}
		if format == formatYOLOv5 {
			row = append(row, sure)
		}
		for c := range 80 {
			score := r.Float32() * 0.1
			if c == i%7 {
				score = sure
			}
			row = append(row, score)
		}
		rows[i] = row
	}
	if format == formatYOLOv8 {
		return columns(rows)
	}
	return flat(rows, 1, len(rows), len(rows[0]))
}

func bigDecoder(format string) *decoder {
	d := &decoder{format: format, threshold: 0.4, nms: 0.45, width: 640, height: 640}
	for i := range 80 {
		d.labels = append(d.labels, fmt.Sprint(i))
	}
	return d
}

func TestDecodeAllocatesOnlyDetections(t *testing.T) {
	p := place(fitLetterbox, 1280, 720, 640, 640)
	for _, format := range []string{formatYOLOv5, formatYOLOv8} {
		out, d := answer(format), bigDecoder(format)
		if n := testing.AllocsPerRun(5, func() {
			if got, err := d.decode(out, &p); err != nil || len(got) == 0 {
				t.Fatal(len(got), err)
			}
		}); n != 1 {
			t.Errorf("%s: %v allocations, want one, of the detections", format, n)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	p := place(fitLetterbox, 1280, 720, 640, 640)
	for _, format := range []string{formatYOLOv5, formatYOLOv8} {
		out, d := answer(format), bigDecoder(format)
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.decode(out, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestPlace(t *testing.T) {
	for _, c := range []struct {
		fit      string
		w, h     int
		from, to span
	}{
		{fitLetterbox, 1280, 720, span{0, 0, 1280, 720}, span{0, 140, 640, 360}},
		{fitLetterbox, 480, 640, span{0, 0, 480, 640}, span{80, 0, 480, 640}},
		{fitLetterbox, 64, 64, span{0, 0, 64, 64}, span{0, 0, 640, 640}},
		{fitLetterbox, 7000, 1, span{0, 0, 7000, 1}, span{0, 319, 640, 1}},
		{fitStretch, 1280, 720, span{0, 0, 1280, 720}, span{0, 0, 640, 640}},
		{fitCrop, 1280, 720, span{280, 0, 720, 720}, span{0, 0, 640, 640}},
		{fitCrop, 10, 90, span{0, 40, 10, 10}, span{0, 0, 640, 640}},
		{fitCrop, 1, 1, span{0, 0, 1, 1}, span{0, 0, 640, 640}},
	} {
		if p := place(c.fit, c.w, c.h, 640, 640); p.from != c.from || p.to != c.to {
			t.Errorf("%s of %dx%d: %+v in %+v, want %+v in %+v", c.fit, c.w, c.h, p.from, p.to, c.from, c.to)
		}
	}
}

func TestPlaceIsUndone(t *testing.T) {
	for _, c := range []struct {
		fit              string
		left, right, top float64 // in the input of 640 by 640
		want             detectors.Box
	}{
		{fitLetterbox, 0, 320, 140, detectors.Box{X: 0, Y: 0, W: 0.5, H: 0.5}},
		{fitStretch, 0, 320, 0, detectors.Box{X: 0, Y: 0, W: 0.5, H: 0.5}},
		{fitCrop, 0, 320, 0, detectors.Box{X: 0.21875, Y: 0, W: 0.28125, H: 0.5}},
	} {
		p := place(c.fit, 1280, 720, 640, 640)
		if got, ok := p.box(c.left, c.top, c.right, 320); !ok || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.fit, got, ok, c.want)
		}
	}
	p := place(fitLetterbox, 1280, 720, 640, 640)
	if got, ok := p.box(0, 0, 640, 100); ok {
		t.Errorf("what is in the margin is at %+v of the picture", got)
	}
}

func TestOutputIsBounded(t *testing.T) {
	for _, shape := range [][]int{{1, 1 << 40}, {1, 1 << 20, 1 << 20}, {1, -5}, {0}} {
		if err := (tensor{shape: shape}).check(); err == nil || errors.Is(err, errNaN) {
			t.Errorf("shape %v: %v", shape, err)
		}
	}
}
