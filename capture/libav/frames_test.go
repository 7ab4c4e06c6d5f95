//go:build cgo

package libav

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rvo-tui/capture"
)

// Frames look as the ffmpeg program shows them.
func TestFramesAreThoseOfFFmpeg(t *testing.T) {
	pattern := func(name string, args ...string) func(testing.TB) string {
		return func(t testing.TB) string {
			return made(t, name, append([]string{"-f", "lavfi", "-i", "testsrc2=rate=25:size=640x360:duration=0.8"}, args...)...)
		}
	}
	at := func(name string) func(testing.TB) string {
		return func(testing.TB) string { return filepath.Join("testdata", name) }
	}
	for _, c := range []struct {
		name   string
		path   func(testing.TB) string
		filter string // that ffmpeg does not apply by itself
		w, h   int
	}{
		{"BT.601", pattern("a.mp4"), "", 640, 360},
		{"BT.709", pattern("a.mp4", "-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"), "", 640, 360},
		{"BT.709, full range", pattern("a.mp4", "-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuv420p", "-colorspace", "bt709", "-color_range", "pc"), "", 640, 360},
		{"BT.2020, 10 bits", pattern("a.mp4", "-vf", "scale=out_color_matrix=bt2020,format=yuv420p10le", "-colorspace", "bt2020nc"), "", 640, 360},
		{"JPEG's range", pattern("a.avi", "-c:v", "mjpeg", "-q:v", "2"), "", 640, 360},
		{"4:2:2", pattern("a.mp4", "-pix_fmt", "yuv422p"), "", 640, 360},
		{"4:2:2, 10 bits", pattern("a.mp4", "-pix_fmt", "yuv422p10le"), "", 640, 360},
		{"4:4:4, odd sides", at("odd-444.mp4"), "", 641, 361},
		{"12 bits", pattern("a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p12le"), "", 640, 360},
		{"grey", pattern("a.mp4", "-pix_fmt", "gray"), "", 640, 360},
		{"16-bit grey", pattern("a.mkv", "-c:v", "ffv1", "-pix_fmt", "gray16le"), "", 640, 360},
		{"interlaced", pattern("a.mp4", "-vf", "interlace=scan=tff", "-t", "1", "-flags", "+ildct+ilme"), "", 640, 360},
		{"VP9", pattern("a.webm", "-c:v", "libvpx-vp9", "-cpu-used", "8"), "", 640, 360},
		{"GIF", pattern("a.gif"), "", 640, 360},
		{"RGB", pattern("a.avi", "-c:v", "rawvideo", "-pix_fmt", "bgr24"), "", 640, 360},
		{"wide pixels", pattern("a.mp4", "-vf", "scale=320:360,setsar=2"), "scale=640:360", 640, 360},
		{"narrow pixels", pattern("a.mp4", "-vf", "scale=640:180,setsar=1/2"), "scale=640:360", 640, 360},
		{"turned, with a change of size", at("turned-and-resized.mp4"), "", 320, 240},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := c.path(t)
			likeFFmpeg(t, path, 8, c.filter)
			n := 0
			play(t, path, func(d capture.Decoded) {
				if w, h := d.Image.Size(); n == 0 && (w != c.w || h != c.h) {
					t.Errorf("%dx%d, want %dx%d", w, h, c.w, c.h)
				}
				n++
			})
		})
	}
}

// An upside-down file keeps its rotation when its size changes.
func TestTurnedThroughout(t *testing.T) {
	path := filepath.Join("testdata", "turned-and-resized.mp4")
	const w, h = 320, 240
	var got [][]byte
	sizes := map[[2]int]int{}
	play(t, path, func(d capture.Decoded) {
		pw, ph := d.Image.Size()
		sizes[[2]int{pw, ph}]++
		pix := make([]byte, w*h*3+capture.Slack)
		if err := d.Image.Convert(pix, capture.Target{Order: capture.BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
			t.Fatal(err)
		}
		got = append(got, pix[:w*h*3])
	})
	want := ffmpeg(t, "-i", path, "-vf", fmt.Sprintf("scale=%d:%d", w, h), "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "bgr24", "-")
	if len(sizes) != 2 || len(got) == 0 || len(want) != len(got)*w*h*3 {
		t.Fatalf("%d frames of sizes %v, ffmpeg shows %d", len(got), sizes, len(want)/(w*h*3))
	}
	for i, pix := range got {
		if db := psnr(pix, want[i*w*h*3:(i+1)*w*h*3]); !(db >= 30) { // of scaling; turned wrongly there are 10 dB
			t.Errorf("frame %d: %.1f dB", i, db)
		}
	}
}

// For every rotation and mirroring in a display matrix, luma, pixels and ffmpeg agree.
func TestOrientation(t *testing.T) {
	video := []string{"-f", "lavfi", "-i", "testsrc2=rate=25:size=320x180:duration=0.2"}
	files := map[string][]byte{
		"":             mustRead(t, made(t, "plain.mp4", video...)),
		", with sound": mustRead(t, made(t, "sound.mp4", append(video, "-f", "lavfi", "-i", "sine=duration=0.2", "-c:a", "aac")...)),
	}
	const one = 0x10000
	for name, m := range map[string][4]int32{ // a b c d of the matrix
		"0":              {one, 0, 0, one},
		"90":             {0, one, -one, 0},
		"180":            {-one, 0, 0, -one},
		"270":            {0, -one, one, 0},
		"mirrored":       {-one, 0, 0, one},
		"upside down":    {one, 0, 0, -one},
		"transposed":     {0, one, one, 0},
		"transposed too": {0, -one, -one, 0},
	} {
		for sound, plain := range files {
			t.Run(name+sound, func(t *testing.T) {
				data := bytes.Clone(plain)
				// In a version 0 track header, the matrix is at offset 40.
				box := bytes.Index(data, []byte("tkhd")) + 4 + 40
				for i, at := range []int{0, 4, 12, 16} {
					binary.BigEndian.PutUint32(data[box+at:], uint32(m[i]))
				}
				path := filepath.Join(t.TempDir(), "turned.mp4")
				if err := os.WriteFile(path, data, 0o600); err != nil {
					t.Fatal(err)
				}
				likeFFmpeg(t, path, 3, "")
				play(t, path, func(d capture.Decoded) { lumaLikePixels(t, d.Image) })
			})
		}
	}
}

// lumaLikePixels compares the luma plane with a conversion to grey.
func lumaLikePixels(t *testing.T, m capture.Image) {
	t.Helper()
	l, ok := m.Luma()
	if !ok {
		t.Fatal("no plane of luma")
	}
	gray := make([]byte, l.Width*l.Height+capture.Slack)
	if err := m.Convert(gray, capture.Target{Order: capture.Gray, Width: l.Width, Height: l.Height, Stride: l.Width}); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for y := range l.Height {
		for x := range l.Width {
			v := float64(l.Pix[l.Origin+x*l.DX+y*l.DY])
			if l.Limited {
				v = (v - 16) * 255 / 219
			}
			d := v - float64(gray[y*l.Width+x])
			sum += d * d
		}
	}
	if mean := sum / float64(l.Width*l.Height); mean > 4 {
		t.Errorf("luma differs from grey by %.1f squared", mean)
	}
}

// Luma is read in place if it has eight bits.
func TestLuma(t *testing.T) {
	for format, direct := range map[string]bool{"yuv420p": true, "nv12": true, "yuyv422": true, "yuv420p10le": false, "gray16le": true, "bgr24": false} {
		t.Run(format, func(t *testing.T) {
			path := made(t, "a.nut", "-f", "lavfi", "-i", "testsrc2=rate=25:size=320x180:duration=0.1", "-c:v", "rawvideo", "-pix_fmt", format)
			play(t, path, func(d capture.Decoded) {
				if _, ok := d.Image.Luma(); ok != direct {
					t.Fatalf("%s: a plane of eight bits: %v, want %v", d.Image.(*image).Format(), ok, direct)
				}
				if direct {
					lumaLikePixels(t, d.Image)
				}
			})
		})
	}
}

// A frame makes each conversion once, and frees its memory at the end.
func TestFrameOfADecoder(t *testing.T) {
	path := made(t, "a.mp4", "-f", "lavfi", "-i", "testsrc=rate=25:size=320x240:duration=0.2")
	pool := capture.NewPool(2, library.EncodeJPEG)
	defer pool.Close()
	src := mustOpen(t, path)
	dec, _, err := library.newDecoder(src.Tracks()[0], "none")
	if err != nil {
		t.Fatal(err)
	}
	p, err := src.Read()
	if err != nil {
		t.Fatal(err)
	}
	d, err := dec.Decode([]*capture.Packet{p}, true)
	if err != nil || d.Image == nil {
		t.Fatalf("%+v, %v", d, err)
	}
	dec.Close() // the image stays
	w, h := d.Image.Size()
	f := pool.Wrap("door", 1, d.Image, w, h, p.Arrived)
	defer f.Release()
	bgr, err := f.BGR()
	if err != nil {
		t.Fatal(err)
	}
	// testsrc has a red bar at four fifths of its width.
	if at := (40*320 + 256) * 3; bgr[at+2] < 200 || bgr[at] > 60 {
		t.Errorf("pixel %v: want red", bgr[at:at+3])
	}
	if again, _ := f.BGR(); &again[0] != &bgr[0] {
		t.Error("pixels are converted twice")
	}
	rgb, err := f.RGB(64, 64, capture.Letterbox)
	if err != nil {
		t.Fatal(err)
	}
	if rgb[0] != 114 || rgb[64*63*3] != 114 {
		t.Errorf("margins %v and %v, want 114", rgb[:3], rgb[64*63*3:64*63*3+3])
	}
	if at := (16*64 + 51) * 3; rgb[at] < 180 || rgb[at+2] > 80 {
		t.Errorf("letterbox: pixel %v, want red", rgb[at:at+3])
	}
	middle, err := f.RGB(60, 60, capture.Crop)
	if err != nil {
		t.Fatal(err)
	}
	if at := (10*60 + 54) * 3; middle[at] < 180 || middle[at+2] > 80 {
		t.Errorf("crop: pixel %v, want red", middle[at:at+3])
	}
	for _, width := range []int{0, 100} {
		data, err := f.JPEG(width)
		if err != nil {
			t.Fatal(err)
		}
		img, err := jpeg.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		r, _, blue, _ := img.At(b.Dx()*4/5, b.Dy()/6).RGBA()
		if r>>8 < 180 || blue>>8 > 80 {
			t.Errorf("JPEG of width %d: %d %d, want red", width, r>>8, blue>>8)
		}
	}
}

func BenchmarkConvert(b *testing.B) {
	for _, size := range []string{"1280x720", "1920x1080"} {
		path := made(b, "a.mp4", "-f", "lavfi", "-i", "testsrc2=rate=25:size="+size+":duration=0.1")
		var img capture.Image
		src := mustOpen(b, path)
		dec, _, err := library.newDecoder(src.Tracks()[0], "none")
		if err != nil {
			b.Fatal(err)
		}
		defer dec.Close()
		p, err := src.Read()
		if err != nil {
			b.Fatal(err)
		}
		d, err := dec.Decode([]*capture.Packet{p}, true)
		if err != nil {
			b.Fatal(err)
		}
		img = d.Image
		w, h := img.Size()
		for name, t := range map[string]capture.Target{
			"BGR":     {Order: capture.BGR, Width: w, Height: h},
			"RGB 640": {Order: capture.RGB, Width: 640, Height: 360},
			"BGR 640": {Order: capture.BGR, Width: 640, Height: 360},
		} {
			t.Stride = t.Width * 3
			dst := make([]byte, t.Width*t.Height*3+capture.Slack)
			b.Run(fmt.Sprint(size, " ", name), func(b *testing.B) {
				for b.Loop() {
					if err := img.Convert(dst, t); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		bgr := make([]byte, w*h*3+capture.Slack)
		if err := img.Convert(bgr, capture.Target{Order: capture.BGR, Width: w, Height: h, Stride: w * 3}); err != nil {
			b.Fatal(err)
		}
		b.Run(size+" JPEG", func(b *testing.B) {
			for b.Loop() {
				if _, err := library.EncodeJPEG(bgr, w, h, w, h); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A thermal camera uses a small part of 16 bits. The advice in docs/configuration.md makes it
// visible.
func TestThermalCamera(t *testing.T) {
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, command, ok := bytes.Cut(docs, []byte("\nffmpeg -i SOURCE "))
	command, _, end := bytes.Cut(command, []byte(" -f mpegts udp://"))
	if !ok || !end {
		t.Fatal("docs/configuration.md has no such command")
	}
	narrow := made(t, "narrow.mkv", "-f", "lavfi", "-i", "testsrc2=rate=25:size=320x180:duration=0.8",
		"-vf", "format=gray16le,lutyuv=y=val/64+8000", "-c:v", "ffv1", "-pix_fmt", "gray16le")
	stretched := made(t, "stretched.ts", append([]string{"-i", narrow}, strings.Fields(string(command))...)...)
	if before, after := brightness(t, narrow), brightness(t, stretched); before > 20 || after < 150 {
		t.Errorf("brightness spans %d levels as sent and %d stretched", before, after)
	}
}

// brightness returns the range of levels in the first frame of a video.
func brightness(t *testing.T, path string) int {
	t.Helper()
	var grey []byte
	play(t, path, func(d capture.Decoded) {
		if grey == nil {
			w, h := d.Image.Size()
			grey = make([]byte, w*h)
			if err := d.Image.Convert(grey, capture.Target{Order: capture.Gray, Width: w, Height: h, Stride: w}); err != nil {
				t.Fatal(err)
			}
		}
	})
	return int(slices.Max(grey)) - int(slices.Min(grey))
}
