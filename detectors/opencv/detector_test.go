//go:build cgo

package opencv_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	_ "image/jpeg"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rvo-tui/capture"
	"rvo-tui/capture/libav"
	"rvo-tui/detectors"
	"rvo-tui/detectors/opencv"
)

const (
	samples  = "/usr/share/doc/opencv-doc/examples/data/"
	cascades = "/usr/share/opencv4/haarcascades/"
)

// need skips the test if a file of a package is missing.
func need(t testing.TB, path, pkg string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is missing: apt install %s", path, pkg)
	}
	return path
}

func newDetector(t testing.TB, kind string, change func(*detectors.Config)) detectors.Detector {
	t.Helper()
	k := opencv.Kinds()[kind]
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind = kind, kind
	if change != nil {
		change(&cfg)
	}
	d, err := k.New(cfg.Fill(k))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// frameOf returns a frame with the pixels that draw returns for each position.
func frameOf(t testing.TB, width, height int, draw func(x, y int) (b, g, r byte)) *capture.Frame {
	t.Helper()
	pool := capture.NewPool(1, nil)
	f, err := pool.Get("test", 1, width, height, time.Now())
	if err != nil || f == nil {
		t.Fatal("no frame:", err)
	}
	pix := f.Pixels()
	for y := range height {
		for x := range width {
			at := (y*width + x) * 3
			pix[at], pix[at+1], pix[at+2] = draw(x, y)
		}
	}
	t.Cleanup(func() { f.Release(); pool.Close() })
	return f
}

func testFrame(t testing.TB, path string) *capture.Frame {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return frameOf(t, img.Bounds().Dx(), img.Bounds().Dy(), func(x, y int) (byte, byte, byte) {
		r, g, b, _ := img.At(x, y).RGBA()
		return byte(b >> 8), byte(g >> 8), byte(r >> 8)
	})
}

func detect(t testing.TB, d detectors.Detector, f *capture.Frame) detectors.Reading {
	t.Helper()
	answer, err := d.Detect(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(answer) != 1 || int(answer[0].Value) != len(answer[0].Detections) {
		t.Fatalf("answer %+v: want one reading whose value counts its detections", answer)
	}
	last := answer[0].Detections
	for i, d := range last {
		if b := d.Box; b.X < 0 || b.Y < 0 || b.W <= 0 || b.H <= 0 || b.X+b.W > 1.000001 || b.Y+b.H > 1.000001 {
			t.Errorf("box %+v is not inside the frame", b)
		}
		if i > 0 && last[i-1].Score < d.Score {
			t.Errorf("scores do not fall: %v then %v", last[i-1].Score, d.Score)
		}
	}
	return answer[0]
}

func TestFace(t *testing.T) {
	need(t, cascades, "opencv-data")
	f := testFrame(t, need(t, samples+"messi5.jpg", "opencv-doc"))
	for _, model := range []string{"", "haarcascade_frontalface_alt2.xml", cascades + "haarcascade_frontalface_alt.xml"} {
		t.Run(filepath.Base(model), func(t *testing.T) {
			d := newDetector(t, "face", func(c *detectors.Config) { c.Options, c.Signal = opencv.FaceOptions{Model: model}, "someone" })
			r := detect(t, d, f)
			if r.Signal != "someone" {
				t.Errorf("signal %q", r.Signal)
			}
			found := false
			for _, d := range r.Detections {
				x, y := d.Box.X+d.Box.W/2, d.Box.Y+d.Box.H/2
				// The player's face is at about 245, 112 of 548 x 342.
				found = found || d.Label == "face" && x > 0.40 && x < 0.50 && y > 0.25 && y < 0.40
			}
			if !found {
				t.Errorf("face not found: %+v", r.Detections)
			}
		})
	}
}

func TestFaceInVideo(t *testing.T) {
	need(t, cascades, "opencv-data")
	path := need(t, samples+"Megamind.avi", "opencv-doc")
	for _, model := range []string{"haarcascade_frontalface_alt2", "lbpcascade_frontalface_improved"} {
		d := newDetector(t, "face", func(c *detectors.Config) { c.Options = opencv.FaceOptions{Model: model} })
		looked, found := 0, 0
		frames(t, path, 60, func(f *capture.Frame) {
			looked++
			if detect(t, d, f).Value > 0 {
				found++
			}
		})
		if found < 2 || found > looked {
			t.Errorf("%s: faces in %d of %d frames", model, found, looked)
		}
	}
}

func TestFaceSmallerThanMinSize(t *testing.T) {
	need(t, cascades, "opencv-data")
	f := testFrame(t, need(t, samples+"messi5.jpg", "opencv-doc"))
	d := newDetector(t, "face", func(c *detectors.Config) { c.Options = opencv.FaceOptions{MinSize: 0.9} })
	if r := detect(t, d, f); r.Value != 0 || r.Detections != nil {
		t.Errorf("found %+v: no face fills the frame", r)
	}
}

func TestNobodyThere(t *testing.T) {
	need(t, cascades, "opencv-data")
	frames := map[string]*capture.Frame{
		"gray":  frameOf(t, 640, 360, func(x, y int) (byte, byte, byte) { return 128, 128, 128 }),
		"noise": frameOf(t, 640, 360, func(x, y int) (byte, byte, byte) { v := byte(x*31 ^ y*17 ^ x*y); return v, v, v }),
		"tiny":  frameOf(t, 3, 2, func(x, y int) (byte, byte, byte) { return byte(x), byte(y), 0 }),
		"thin":  frameOf(t, 2000, 1, func(x, y int) (byte, byte, byte) { return byte(x), 0, 0 }),
	}
	for _, kind := range []string{"face", "person"} {
		d := newDetector(t, kind, func(c *detectors.Config) { c.CropsOf = "things" }) // of any size
		for name, f := range frames {
			if r := detect(t, d, f); r.Value != 0 {
				t.Errorf("%s in %s: %+v", kind, name, r.Detections)
			}
		}
	}
}

// frames calls do with every n-th frame of a file.
func frames(t testing.TB, path string, n int, do func(f *capture.Frame)) {
	t.Helper()
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = "file", path
	library := libav.New(libav.Options{Log: slog.New(slog.DiscardHandler)})
	src, err := library.OpenFile(t.Context(), cfg, capture.Address{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	dec, err := library.OpenDecoder(src.Tracks()[0], cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	pool := capture.NewPool(1, nil)
	defer pool.Close()
	for i := 0; ; {
		p, err := src.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		d, err := dec.Decode([]*capture.Packet{p}, false)
		if err != nil {
			t.Fatal(err)
		}
		if d.Image == nil {
			continue
		}
		w, h := d.Image.Size()
		f := pool.Wrap("file", uint64(i+1), d.Image, w, h, time.Now())
		if i%n == 0 {
			do(f)
		}
		f.Release()
		i++
	}
}

func TestPersonsInRealVideo(t *testing.T) {
	path := need(t, samples+"vtest.avi", "opencv-doc")
	d := newDetector(t, "person", nil)
	looked, found, people := 0, 0, 0.0
	frames(t, path, 100, func(f *capture.Frame) {
		r := detect(t, d, f)
		looked++
		people += r.Value
		if r.Value > 0 {
			found++
		}
		for _, p := range r.Detections {
			if p.Label != "person" || p.Score < 0.4 {
				t.Errorf("detection %+v: want a person that scores at least the threshold", p)
			}
			if aspect := p.Box.H * 576 / (p.Box.W * 768); aspect < 1.5 || aspect > 4 {
				t.Errorf("box %+v is %.1f times as high as wide: not a person's", p.Box, aspect)
			}
		}
	})
	if looked != 8 || found < 7 || people < float64(2*looked) || people > float64(8*looked) {
		t.Errorf("people in %d of %d frames, %.0f in all: there are 3 to 8 in each", found, looked, people)
	}
}

func TestThresholdAndWidthMatter(t *testing.T) {
	path := need(t, samples+"vtest.avi", "opencv-doc")
	normal := newDetector(t, "person", nil)
	strict := newDetector(t, "person", func(c *detectors.Config) { c.Options = opencv.PersonOptions{Threshold: 9} })
	small := newDetector(t, "person", func(c *detectors.Config) { c.Options = opencv.PersonOptions{Width: 200} })
	var all, sure, far float64
	frames(t, path, 300, func(f *capture.Frame) {
		all += detect(t, normal, f).Value
		sure += detect(t, strict, f).Value
		far += detect(t, small, f).Value
	})
	if all == 0 || sure != 0 || far >= all {
		t.Errorf("found %v, with an unreachable threshold %v, too far away %v", all, sure, far)
	}
}

// Where people cannot be found at all, "nobody" would be a claim.
func TestFrameTooSmallForPeople(t *testing.T) {
	f := frameOf(t, 160, 120, func(x, y int) (byte, byte, byte) { return 0, 0, 0 })
	if r, err := newDetector(t, "person", nil).Detect(t.Context(), f); err == nil || !strings.Contains(err.Error(), "160 x 120") {
		t.Errorf("found %+v, error %v", r, err)
	}
	ofCrops := newDetector(t, "person", func(c *detectors.Config) { c.CropsOf = "things" })
	if r := detect(t, ofCrops, f); r.Value != 0 {
		t.Errorf("found %+v in a box", r)
	}
}

func TestNewErrors(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cut := ""
	if data, err := os.ReadFile(cascades + "haarcascade_eye.xml"); err == nil {
		cut = string(data[:len(data)/2])
	}
	for name, c := range map[string]struct{ model, want string }{
		"missing file":   {dir + "/none.xml", "check the path"},
		"unknown name":   {"haarcascade_unicorn", "haarcascade_unicorn"},
		"a directory":    {dir, "is not a file"},
		"not XML":        {write("text.xml", "hello"), "give a Haar or LBP cascade"},
		"empty":          {write("empty.xml", ""), "give a Haar or LBP cascade"},
		"other XML":      {write("other.xml", `<?xml version="1.0"?><opencv_storage><a>1</a></opencv_storage>`), "give a Haar or LBP cascade"},
		"broken XML":     {write("broken.xml", `<?xml version="1.0"?><opencv_storage><cascade type_id="opencv-cascade-classifier"><stageType>BOOST`), "give a Haar or LBP cascade"},
		"cascade cut":    {write("cut.xml", cut), "give a Haar or LBP cascade"},
		"cascade of air": {write("air.xml", `<?xml version="1.0"?><opencv_storage><cascade type_id="opencv-cascade-classifier"><stageType>BOOST</stageType><featureType>HAAR</featureType><height>-1</height><width>0</width><stageParams><maxWeakCount>1</maxWeakCount></stageParams><featureParams><maxCatCount>0</maxCatCount></featureParams><stageNum>1</stageNum><stages></stages><features></features></cascade></opencv_storage>`), "give a Haar or LBP cascade"},
	} {
		t.Run(name, func(t *testing.T) {
			k := opencv.Kinds()["face"]
			d, err := k.New(detectors.Config{Name: "f", Options: opencv.FaceOptions{Model: c.model}}.Fill(k))
			if err == nil {
				d.Close()
				t.Fatal("no error")
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "load cascade") {
				t.Errorf("error %q: want it to say %q", err, c.want)
			}
		})
	}
}

func TestDetectHeedsContextBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := frameOf(t, 64, 64, func(x, y int) (byte, byte, byte) { return 0, 0, 0 })
	if _, err := newDetector(t, "person", nil).Detect(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSideBySide(t *testing.T) {
	need(t, cascades, "opencv-data")
	opencv.Threads(2)
	f := testFrame(t, need(t, samples+"messi5.jpg", "opencv-doc"))
	var wg sync.WaitGroup
	for range 4 {
		d := newDetector(t, "face", nil)
		wg.Go(func() {
			for range 3 {
				if r, err := d.Detect(context.Background(), f); err != nil || r[0].Value == 0 {
					t.Errorf("answer %v, %v", r, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDetectAllocatesOnlyDetections(t *testing.T) {
	f := frameOf(t, 320, 240, func(x, y int) (byte, byte, byte) { return 9, 9, 9 })
	d := newDetector(t, "person", nil)
	detect(t, d, f)
	if n := testing.AllocsPerRun(5, func() {
		if _, err := d.Detect(context.Background(), f); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a frame without persons", n)
	}
}

func BenchmarkPerson(b *testing.B) {
	opencv.Threads(1)
	path := need(b, samples+"vtest.avi", "opencv-doc")
	d := newDetector(b, "person", nil)
	frames(b, path, 1000, func(f *capture.Frame) {
		for b.Loop() {
			detect(b, d, f)
		}
	})
}

func BenchmarkFace(b *testing.B) {
	opencv.Threads(1)
	need(b, cascades, "opencv-data")
	f := testFrame(b, need(b, samples+"messi5.jpg", "opencv-doc"))
	d := newDetector(b, "face", nil)
	for b.Loop() {
		detect(b, d, f)
	}
}
