package clips

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rvo-tui/capture"
)

func testJPEG(width, height int, shade byte) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = byte(i) ^ shade
	}
	img.SetGray(0, 0, color.Gray{shade})
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// aviFile writes JPEG files as frames at intervals of 50 ms.
func aviFile(path string, frames ...[]byte) error {
	track := &capture.Track{Video: true, Codec: capture.MJPEG}
	first := &capture.Packet{Track: track}
	if len(frames) > 0 {
		first.Data = frames[0]
	}
	w, err := AVI{}.Create(path, []capture.MovieTrack{{First: first}})
	if err != nil {
		return err
	}
	for i, data := range frames {
		at := time.Duration(i) * 50 * time.Millisecond
		if err := w.Write(0, &capture.Packet{Track: track, Data: data}, at, at, 50*time.Millisecond); err != nil {
			return err
		}
	}
	return w.Close()
}

func TestAVI(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a.avi")
	frames := [][]byte{testJPEG(33, 25, 1), testJPEG(33, 25, 2), testJPEG(20, 20, 3)}
	if err := aviFile(name, frames...); err != nil {
		t.Fatal(err)
	}
	movie, err := AVI{}.Read(name)
	want := []time.Duration{0, 50 * time.Millisecond, 100 * time.Millisecond}
	if err != nil || !reflect.DeepEqual(movie.Times, want) || movie.Duration != 150*time.Millisecond || movie.Width != 33 || movie.Height != 25 {
		t.Fatalf("%+v, %v", movie, err)
	}
	n := 0
	if err := (AVI{}).Frames(name, 0, func(at time.Duration, data []byte) bool {
		if size, err := jpeg.DecodeConfig(bytes.NewReader(data)); at != want[n] || err != nil || size.Width != 33 {
			t.Errorf("frame %d at %s has %+v, %v", n, at, size, err)
		}
		n++
		return n < 2
	}); err != nil || n != 2 {
		t.Errorf("%d frames, %v", n, err)
	}
	if err := aviFile(name, testJPEG(8, 8, 1)); !errors.Is(err, os.ErrExist) {
		t.Errorf("Create over a file: %v", err)
	}
	if err := aviFile(name + "2"); err == nil {
		t.Error("a movie of nothing was made")
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, err := readAVI(bytes.NewReader(whole[:n]), int64(n), nil); err == nil {
			t.Fatalf("the first %d of %d bytes verify", n, len(whole))
		}
	}
	for _, at := range []int{0, 4, 48, 140, 216, 224, 228, 232, len(whole) - 5, len(whole) - 16*15 - 8} {
		broken := bytes.Clone(whole)
		broken[at] ^= 0x41
		if _, err := readAVI(bytes.NewReader(broken), int64(len(broken)), nil); err == nil {
			t.Errorf("verifies with byte %d changed", at)
		}
	}
}

func FuzzAVI(f *testing.F) {
	name := filepath.Join(f.TempDir(), "a.avi")
	if err := aviFile(name, testJPEG(8, 8, 1), testJPEG(8, 8, 2)); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:300])
	f.Fuzz(func(t *testing.T, data []byte) {
		movie, err := readAVI(bytes.NewReader(data), int64(len(data)), nil)
		if n := len(movie.Times); err == nil && (n <= 0 || n > len(data)) {
			t.Errorf("%d frames in %d bytes", n, len(data))
		}
	})
}

func TestNames(t *testing.T) {
	at := time.Date(2026, 3, 4, 23, 5, 6, 7, time.FixedZone("", -2*3600))
	seen := make(map[string]string)
	for _, name := range []string{
		"door", "Front-Door_2", "", ".", "..", "../..", "/etc/passwd", "a/b", "a_b", "a\\b", "a\x00b", "a\nb", ".hidden", "-rf",
		"Tür", "カメラ", strings.Repeat("x", 300), strings.Repeat("x", 301), "a~b", "x~00000000",
	} {
		clean := fileName(name)
		if clean == "" || strings.ContainsAny(clean, "/\\\x00\n") || clean[0] == '.' || clean[0] == '-' || len(clean) > maxName || !filepath.IsLocal(clean) {
			t.Errorf("fileName(%q) = %q", name, clean)
		}
		if other, ok := seen[clean]; ok {
			t.Errorf("%q and %q are both %q", name, other, clean)
		}
		seen[clean] = name
		p := clipPath(name, at, name)
		camera, got, id, ok := parseClipPath(p)
		if !ok || camera != clean || id != clean || !got.Equal(at.Truncate(time.Second)) {
			t.Errorf("parseClipPath(%q) = %q, %s, %q, %v", p, camera, got, id, ok)
		}
	}
	if got := fileName("front-door.2"); got != "front-door.2" {
		t.Errorf("a good name became %q", got)
	}
	for _, p := range []string{"", "a", "../2026-01-02/03-04-05_x", "a/../b", "a/2026-01-02/03-04-05_..", "a/2026-13-02/03-04-05_x", "a/2026-01-02/03-04-05", "a/2026-01-02/03-04-05_", "/a/2026-01-02/03-04-05_x", ".a/2026-01-02/03-04-05_x"} {
		if _, _, _, ok := parseClipPath(p); ok {
			t.Errorf("%q counts as the path of a clip", p)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"door", "..", "a/b", "\xff", "~00000000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		p := clipPath(name, time.Unix(1e9, 0), name)
		if _, _, _, ok := parseClipPath(p); !ok || !filepath.IsLocal(p) || strings.Count(p, "/") != 2 {
			t.Errorf("%q becomes %q", name, p)
		}
		if camera, _, _, ok := parseClipPath(name); ok && (!filepath.IsLocal(name) || camera == "") {
			t.Errorf("%q counts as the path of a clip", name)
		}
	})
}

func FuzzReadIndex(f *testing.F) {
	e := Entry{EventID: "a", Camera: "door", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Path: "door/2026-01-02/03-04-05_a", Movie: "clip.avi", Bytes: 7}
	f.Add(indexLine(e))
	f.Add(append(indexLine(e), `{"event_id":"b`...))
	f.Add([]byte("\n{}\nnull\n[1]\n"))
	f.Add([]byte(strings.Replace(string(indexLine(e)), "door/", "../", 1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		entries, bad, err := readIndex(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(text, []byte("\n")) + 1; len(entries)+bad > lines {
			t.Errorf("%d entries and %d bad lines of %d", len(entries), bad, lines)
		}
		var again []byte
		for _, e := range entries {
			if !filepath.IsLocal(e.Path) {
				t.Errorf("path %q leads out", e.Path)
			}
			again = append(again, indexLine(e)...)
		}
		if second, bad, _ := readIndex(bytes.NewReader(again)); bad != 0 || len(second) != len(entries) {
			t.Errorf("%d of %d entries after writing them again", len(second), len(entries))
		}
	})
}

func TestReadIndexSkipsLongLines(t *testing.T) {
	e := Entry{EventID: "a", Camera: "door", Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Path: "door/2026-01-02/03-04-05_a", Movie: "clip.avi", Bytes: 7}
	text := append(bytes.Repeat([]byte("x"), 3*maxIndexLine), '\n')
	text = append(append(text, indexLine(e)...), `{"event_id"`...)
	entries, bad, err := readIndex(bytes.NewReader(text))
	if err != nil || bad != 2 || len(entries) != 1 || !reflect.DeepEqual(entries[0], e) {
		t.Errorf("%+v, %d bad, %v", entries, bad, err)
	}
}

func FuzzParseMeta(f *testing.F) {
	m := newMeta(testClip("a", time.Now()))
	m.Movie = Movie{File: "clip.avi", Frames: 4}
	m.Files = []MetaFile{{Name: "clip.avi"}}
	f.Add(m.marshal())
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":1,"event_id":"a","camera":"b","time":"2026-01-02T03:04:05Z","movie":{"file":"../x","frames":1}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseMeta(text)
		if err != nil {
			return
		}
		if !filepath.IsLocal(m.Movie.File) || len(m.FrameTS) > m.FramesTotal {
			t.Errorf("accepted %s", text)
		}
		_ = m.entry("a", 0)
	})
}

func TestConfig(t *testing.T) {
	DefaultConfig().Validate(func(key, problem string) { t.Errorf("default %s %s", key, problem) })
	bad := Config{Before: -1, After: 1 << 62, Mode: "x", FPS: 0, MaxWidth: 3, Memory: 1, MaxBytes: -1, MaxAge: -1, MinFree: -1}
	var keys []string
	bad.Validate(func(key, problem string) { keys = append(keys, key) })
	if want := []string{"dir", "before", "after", "mode", "fps", "max_width", "memory", "max_bytes", "max_age", "min_free"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("bad keys %v, want %v", keys, want)
	}
	text, err := json.Marshal(DefaultConfig())
	var back Config
	if err != nil || json.Unmarshal(text, &back) != nil || back != DefaultConfig() {
		t.Errorf("does not survive its text form: %s, %v", text, err)
	}
}
