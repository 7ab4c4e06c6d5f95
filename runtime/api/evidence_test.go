package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
)

// evidenceOf makes a directory with a clip of each camera, an hour apart, of the events "event0",
// "event1" and so on. Their movies are just text.
func evidenceOf(t *testing.T, cameras ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i, camera := range cameras {
		at := time.Date(2026, 11, 30, 6+i, 0, 0, 0, time.UTC)
		id := fmt.Sprintf("event%d", i)
		where := filepath.Join(dir, camera, "2026-11-30", at.Format("15-04-05")+"_"+id)
		if err := os.MkdirAll(where, 0o700); err != nil {
			t.Fatal(err)
		}
		m := clips.Meta{
			Version: 1, EventID: id, EventType: "seen", Camera: camera, Time: at, Start: at.Add(-5 * time.Second), End: at.Add(5 * time.Second), Complete: true,
			FramesTotal: 2, FramesWritten: 2, FrameTS: []int64{0, 1}, Movie: clips.Movie{File: "clip.mp4", Frames: 1, DurationMS: 10000},
			Parts: []clips.Movie{{File: "clip2.mp4", Frames: 1}}, Thumb: "thumb.jpg",
		}
		for name, text := range map[string]string{"clip.mp4": "movie of " + id, "clip2.mp4": "rest of " + id, "thumb.jpg": "thumb of " + id} {
			sum := sha256.Sum256([]byte(text))
			m.Files = append(m.Files, clips.MetaFile{Name: name, Bytes: int64(len(text)), SHA256: hex.EncodeToString(sum[:])})
			put(t, filepath.Join(where, name), text)
		}
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(where, "meta.json"), string(text))
	}
	return dir
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// ask makes a request and returns the response and its body.
func ask(t *testing.T, method, url string, header ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestClipsByTimeAndCamera(t *testing.T) {
	at := served(t, NewServer(Options{ClipsDir: evidenceOf(t, "door", "yard", "door")}))
	for query, want := range map[string]string{
		"":             "event2 event1 event0",
		"?limit=2":     "event2 event1",
		"?camera=door": "event2 event0",
		"?camera=roof": "",
		"?from=2026-11-30T07:00:05Z&to=2026-11-30T07:59:55Z":               "event2 event1", // both ends belong to it
		"?from=2026-11-30T07:00:06Z&to=2026-11-30T07:59:54Z":               "",
		"?from=2026-11-30T08:00:00%2B01:00&to=2026-11-30T08:00:00%2B01:00": "event1",
		"?to=2026-11-30T06:30:00Z":                                         "event0",
	} {
		res, body := ask(t, "GET", at+"/api/clips"+query)
		var got Clips
		if err := json.Unmarshal([]byte(body), &got); err != nil || res.StatusCode != 200 {
			t.Fatalf("GET /api/clips%s: %s %s", query, res.Status, body)
		}
		var ids []string
		for _, e := range got.Clips {
			ids = append(ids, e.EventID)
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("GET /api/clips%s: %v, want %s", query, ids, want)
		}
	}
	for _, query := range []string{"?limit=1001", "?limit=-1", "?limit=", "?from=yesterday", "?from=", "?from=2026-11-30T08:00:00Z&to=2026-11-30T07:00:00Z", "?dir=/etc"} {
		if res, body := ask(t, "GET", at+"/api/clips"+query); res.StatusCode != 400 {
			t.Errorf("GET /api/clips%s: %s %s", query, res.Status, body)
		}
	}
}

func TestFilesOfAClip(t *testing.T) {
	dir := evidenceOf(t, "door", "yard")
	at := served(t, NewServer(Options{ClipsDir: dir})) + "/api/clips/"
	for _, c := range []struct {
		path, contentType, body string
		header                  []string
		status                  int
	}{
		{path: "event1/clip.mp4", status: 200, contentType: "video/mp4", body: "movie of event1"},
		{path: "event1/clip.mp4?part=1", status: 200, contentType: "video/mp4", body: "movie of event1"},
		{path: "event1/clip.mp4?part=2", status: 200, contentType: "video/mp4", body: "rest of event1"},
		{path: "event1/clip.mp4", header: []string{"Range", "bytes=6-7"}, status: 206, contentType: "video/mp4", body: "of"},
		{path: "event1/clip.mp4", header: []string{"Range", "bytes=-6"}, status: 206, contentType: "video/mp4", body: "event1"},
		{path: "event1/clip.mp4", header: []string{"Range", "bytes=99-"}, status: 416},
		{path: "event1/clip.mp4", header: []string{"If-Modified-Since", "Tue, 01 Jan 2999 00:00:00 GMT"}, status: 304},
		{path: "event1/thumb.jpg", status: 200, contentType: "image/jpeg", body: "thumb of event1"},
		{path: "event1/clip.mp4?part=3", status: 404},
		{path: "event1/clip.mp4?part=..", status: 400},
		{path: "event9/clip.mp4", status: 404},
		{path: "event9", status: 404},
		{path: "..%2f..%2fetc%2fpasswd", status: 404},
		{path: "..%2fdoor/thumb.jpg", status: 404},
		{path: "event1/other.txt", status: 404},
	} {
		res, body := ask(t, "GET", at+c.path, c.header...)
		if res.StatusCode != c.status || c.contentType != "" && (res.Header.Get("Content-Type") != c.contentType || body != c.body) {
			t.Errorf("GET %s %v: %s, %s, %q", c.path, c.header, res.Status, res.Header.Get("Content-Type"), body)
		}
	}
	res, body := ask(t, "GET", at+"event1/meta.json")
	if m := new(clips.Meta); res.StatusCode != 200 || json.Unmarshal([]byte(body), m) != nil || m.EventID != "event1" {
		t.Errorf("meta.json: %s %s", res.Status, body)
	}
	_, body = ask(t, "GET", at+"event1")
	if c := new(Clip); json.Unmarshal([]byte(body), c) != nil || c.Camera != "yard" || c.File != filepath.Join(dir, "yard/2026-11-30/07-00-00_event1/clip.mp4") {
		t.Errorf("the clip: %s", body)
	}
	if _, body = ask(t, "POST", at+"event1/verify"); body != `{"ok":true}` {
		t.Errorf("verify: %s", body)
	}
	put(t, filepath.Join(dir, "yard/2026-11-30/07-00-00_event1/thumb.jpg"), "THUMB of event1")
	if _, body = ask(t, "POST", at+"event1/verify"); !strings.Contains(body, `"ok":false`) || !strings.Contains(body, "thumb.jpg was changed") {
		t.Errorf("verify after a change: %s", body)
	}
	if res, _ := ask(t, "GET", served(t, NewServer(Options{}))+"/api/clips"); res.StatusCode != 404 {
		t.Errorf("no evidence is kept: %s", res.Status)
	}
}

// Whatever is in the directory, lists are answered.
func TestClipsBesideFIFOs(t *testing.T) {
	dir := evidenceOf(t, "door")
	at := served(t, NewServer(Options{ClipsDir: dir})) + "/api/clips"
	clip := filepath.Join(dir, "door/2026-11-30/06-00-00_event0")
	for _, path := range []string{filepath.Join(dir, "index.jsonl"), filepath.Join(clip, "meta.json"), filepath.Join(clip, "thumb.jpg")} {
		_ = os.Remove(path)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 * maxReads {
		res, body := ask(t, "GET", at)
		if res.StatusCode != 200 || !strings.Contains(body, "not a regular file") {
			t.Fatalf("%s %s", res.Status, body)
		}
	}
	for path, want := range map[string]int{"/event0/thumb.jpg": 409, "/event0/meta.json": 409, "/event0/clip.mp4": 404} {
		if res, body := ask(t, "GET", at+path); res.StatusCode != want {
			t.Errorf("GET %s: %s %s", path, res.Status, body)
		}
	}
}

// A disk that hangs gives an error, occupies a reader, and frees it afterwards.
func TestDiskThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewServer(Options{ClipsDir: "x"})
		hang := make(chan struct{})
		closed := new(closeCount)
		for range maxReads {
			began := time.Now()
			_, err := onDisk(t.Context(), s, readTime, func(context.Context, string) (*closeCount, error) { <-hang; return closed, nil })
			if p := problemOf(err); p.Status != http.StatusGatewayTimeout || time.Since(began) != readTime {
				t.Errorf("%v after %v", err, time.Since(began))
			}
		}
		if _, err := s.entry(&http.Request{}); problemOf(err).Status != http.StatusTooManyRequests {
			t.Errorf("all places are taken: %v", err)
		}
		close(hang)
		synctest.Wait()
		if s.disk.taken.Load() != 0 || closed.n.Load() != maxReads {
			t.Errorf("%d places are taken, %d of %d files were closed", s.disk.taken.Load(), closed.n.Load(), maxReads)
		}
	})
}

type closeCount struct{ n atomic.Int32 }

func (c *closeCount) Close() error { c.n.Add(1); return nil }
