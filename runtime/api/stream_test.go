package api

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
)

// sent is one message of a stream; a comment is empty.
type sent struct{ id, event, data string }

// follow opens a stream.
func follow(t *testing.T, c *http.Client, query string, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://rvo/api/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// messages calls take with each message until it returns false or they end.
func messages(body io.Reader, take func(sent) bool) {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	var m sent
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "id":
			m.id = value
		case "event":
			m.event = value
		case "data":
			m.data = value
		case "":
			if !take(m) {
				return
			}
			m = sent{}
		}
	}
}

// recording is a server whose events and lines a test makes.
func recording() (*Server, *standing, *runtime.Recent, *slog.Logger) {
	rt := &standing{snap: &runtime.Snapshot{At: time.Now()}}
	recent, ring := runtime.NewRecent(), logging.NewRing(slog.NewTextHandler(io.Discard, nil))
	s := NewServer(Options{Runtime: rt, Recent: recent, Ring: ring})
	return s, rt, recent, slog.New(ring)
}

func offer(to *runtime.Recent, from, until int) {
	for n := from; n <= until; n++ {
		to.Offer(rules.Event{ID: fmt.Sprint("event", n)})
	}
}

// idsOf reads a number of events and gaps, and returns their IDs.
func idsOf(body io.Reader, n int) (got []string, last string) {
	messages(body, func(m sent) bool {
		switch m.event {
		case "event":
			var e struct {
				Seq   uint64
				Event struct {
					ID string `json:"event_id"`
				}
			}
			_ = json.Unmarshal([]byte(m.data), &e)
			got = append(got, fmt.Sprint(e.Seq))
			last = m.id
		case "gap":
			got = append(got, "gap"+m.data)
			last = m.id
		}
		return len(got) < n
	})
	return got, last
}

func TestStreamIsResumedWithoutAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, recent, _ := recording()
		c := newPiped().client(t, s)
		offer(recent, 1, 3)
		res := follow(t, c, "?events")
		got, last := idsOf(res.Body, 3)
		if want := []string{"1", "2", "3"}; !slices.Equal(got, want) || last != s.instance+".3.0" {
			t.Errorf("got %v, %s", got, last)
		}
		res.Body.Close()
		offer(recent, 4, 6)
		again := follow(t, c, "?events", "Last-Event-ID", last)
		if got, _ := idsOf(again.Body, 3); !slices.Equal(got, []string{"4", "5", "6"}) {
			t.Errorf("resumed: %v", got)
		}
		go offer(recent, 7, 8)
		if got, _ := idsOf(again.Body, 2); !slices.Equal(got, []string{"7", "8"}) {
			t.Errorf("new ones: %v", got)
		}
		last = s.instance + ".8.0"
		again.Body.Close()
		offer(recent, 9, 8+2*runtime.RecentEvents)
		late := follow(t, c, "?events", "Last-Event-ID", last)
		got, _ = idsOf(late.Body, 2)
		if want := []string{fmt.Sprintf(`gap{"events":%d,"log":0}`, runtime.RecentEvents), fmt.Sprint(9 + runtime.RecentEvents)}; !slices.Equal(got, want) {
			t.Errorf("after too long: %v, want %v", got, want)
		}
		for name, id := range map[string]string{"of an earlier run": "other.900.0", "none": "x"} {
			res := follow(t, c, "?events", "Last-Event-ID", id)
			if got, _ := idsOf(res.Body, 1); len(got) != 1 {
				t.Errorf("%s: %v", name, got)
			}
			res.Body.Close()
		}
		numbered := follow(t, c, fmt.Sprintf("?events=%d", 8+2*runtime.RecentEvents-1))
		if got, _ := idsOf(numbered.Body, 1); !slices.Equal(got, []string{fmt.Sprint(8 + 2*runtime.RecentEvents)}) {
			t.Errorf("by number: %v", got)
		}
	})
}

func TestStreamCarriesTheLogAndSnapshots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, rt, _, log := recording()
		c := newPiped().client(t, s)
		log.Warn("a pigeon", "on", "the wall")
		res := follow(t, c, "?state=10&log")
		var lines, states, comments int
		began := time.Now()
		go func() {
			for range 250 {
				rt.watch.Publish(&runtime.Snapshot{At: time.Now()})
				time.Sleep(20 * time.Millisecond)
			}
		}()
		messages(res.Body, func(m sent) bool {
			switch {
			case m.event == "log" && strings.Contains(m.data, "a pigeon") && m.id == s.instance+".0.1":
				lines++
			case m.event == "state" && m.id == "" && json.Valid([]byte(m.data)):
				states++
			case m == sent{}:
				comments++
			}
			return time.Since(began) < 5*time.Second
		})
		if lines != 1 || states < 40 || states > 55 || comments < 5 || comments > 7 { // one of them is the beginning
			t.Errorf("%d lines, %d states, %d comments in 5 s", lines, states, comments)
		}
	})
}

// For every client, two seconds without a byte are a lost connection.
func TestStreamIsNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, _, _ := recording()
		res := follow(t, newPiped().client(t, s), "?events")
		last, began := time.Now(), time.Now()
		messages(res.Body, func(sent) bool {
			if quiet := time.Since(last); quiet > 1100*time.Millisecond {
				t.Errorf("silent for %v", quiet)
			}
			last = time.Now()
			return time.Since(began) < 10*time.Second
		})
	})
}

func TestStreamIsCompressedOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, rt, _, _ := recording()
		ending := make(chan struct{})
		p := newPiped()
		c := p.client(t, s)
		s.ending = ending
		rt.snap.Cameras = make([]runtime.CameraView, 3)
		a := follow(t, c, "?state", "Accept-Encoding", "br, gzip;q=0.8")
		b := follow(t, c, "?state", "Accept-Encoding", "gzip")
		plain := follow(t, c, "?state")
		if a.Header.Get("Content-Encoding") != "gzip" || plain.Header.Get("Content-Encoding") != "" {
			t.Fatalf("%v, %v", a.Header, plain.Header)
		}
		first := s.states.of(rt.snap)
		packed := first.packed()
		var rawA, rawB, text bytes.Buffer
		var wg sync.WaitGroup
		for from, to := range map[*http.Response]*bytes.Buffer{a: &rawA, b: &rawB, plain: &text} {
			wg.Go(func() {
				if _, err := io.Copy(to, from.Body); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		close(ending)
		wg.Wait()
		if !bytes.Contains(rawA.Bytes(), packed) || !bytes.Contains(rawB.Bytes(), packed) || rawA.Len() > text.Len()/2 {
			t.Errorf("%d and %d bytes compressed, of %d", rawA.Len(), rawB.Len(), text.Len())
		}
		for _, raw := range []*bytes.Buffer{&rawA, &rawB} {
			z, err := gzip.NewReader(raw)
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(z) // up to its checksum
			if err != nil || !bytes.Contains(unpacked, []byte("event: state\ndata: {")) {
				t.Errorf("%v: %.80q", err, unpacked)
			}
		}
	})
}

func TestGzipIsAskedFor(t *testing.T) {
	for header, want := range map[string]bool{"": false, "gzip": true, "GZIP": true, "br,gzip": true, "gzip;q=0": false, "gzip; q=0": false, "gzip;q=0.5": true, "xgzip": false, "identity": false} {
		if takesGzip(header) != want {
			t.Errorf("%q", header)
		}
	}
}

// A stopped client reads nothing: it is disconnected, and blocks nobody.
func TestAClientThatDoesNotReadIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, rt, _, _ := recording()
		var log strings.Builder
		s.log = slog.New(slog.NewTextHandler(&log, nil))
		rt.snap.Cameras = make([]runtime.CameraView, 200)
		c := newPiped().client(t, s)
		for range maxStreams {
			follow(t, c, "?state") // its body is not read
		}
		synctest.Wait()
		if n := s.streams.taken.Load(); n != maxStreams {
			t.Fatalf("%d streams", n)
		}
		res, err := c.Get("http://rvo/api/stream")
		if err != nil || res.StatusCode != http.StatusTooManyRequests {
			t.Fatalf("one more: %v, %v", res, err)
		}
		res.Body.Close()
		time.Sleep(sendTimeout + beatEvery + time.Second)
		synctest.Wait()
		if n := s.streams.taken.Load(); n != 0 {
			t.Errorf("%d streams are still held", n)
		}
		if n := strings.Count(log.String(), "does not read its stream"); n != maxStreams {
			t.Errorf("the log tells of %d", n)
		}
	})
}

func TestQueriesAreChecked(t *testing.T) {
	s, _, recent, log := recording()
	s.ending = make(chan struct{})
	offer(recent, 1, 5)
	log.Info("one")
	me := overSocket(0)
	for query, want := range map[string]string{
		"stream?state=61": "0.1 to 60", "stream?state=x": "0.1 to 60", "stream?state=NaN": "0.1 to 60", "stream?events=-1": "whole number",
		"stream?log=1.5": "whole number", "stream?evnts": "unknown key", "state?view=&view=x": "give it once", "state?view=other": `use \"rvo\"`, "state?view=": `use \"rvo\"`, "state?camera=x": "view=rvo",
		"events?after=x": "whole number", "events?after=": "whole number", "events?limit=x": "whole number", "log?limt=1": "unknown key",
	} {
		res := askAs(s, me, "GET", "/api/"+query, "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), want) {
			t.Errorf("%s: %s, %s", query, res.Status, body)
		}
	}
	for query, want := range map[string]string{
		"": "1 2 3 4 5", "?limit=2": "4 5", "?after=2": "3 4 5", "?after=1&limit=2": "2 3", "?after=900": "1 2 3 4 5", "?after=5": "", "?limit=0": "",
	} {
		var a Events
		if err := json.NewDecoder(askAs(s, me, "GET", "/api/events"+query, "").Body).Decode(&a); err != nil || a.Instance != s.instance || a.Events == nil {
			t.Errorf("%s: %+v, %v", query, a, err)
		}
		var got []string
		for _, e := range a.Events {
			got = append(got, fmt.Sprint(e.Seq))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("events%s: %v, want %s", query, got, want)
		}
	}
}

func FuzzPosition(f *testing.F) {
	f.Add("0123456789abcdef.7.9")
	f.Add("..")
	f.Add("a.18446744073709551616.1")
	f.Fuzz(func(t *testing.T, id string) {
		p, ok := parsePosition(id)
		if again, fine := parsePosition(p.String()); ok && (!fine || again != p) {
			t.Errorf("%q is read as %+v, and that as %+v", id, p, again)
		}
	})
}

func TestPacerKeepsTheRateInTheMean(t *testing.T) {
	at := time.Unix(1000, 0)
	for _, tt := range []struct {
		rate float64
		want int
	}{{10, 100}, {4, 40}, {3, 30}, {1, 10}, {60, 100}} {
		p := pacer{every: time.Duration(float64(time.Second) / tt.rate)}
		n := 0
		for i := range 100 { // ten a second for ten seconds, now and then a little early
			if p.due(at.Add(time.Duration(i)*100*time.Millisecond - time.Duration(i%3)*time.Millisecond)) {
				n++
			}
		}
		if n < tt.want-1 || n > tt.want+1 {
			t.Errorf("%v a second: %d of 100 in 10 s, want %d", tt.rate, n, tt.want)
		}
	}
}

// BenchmarkState is the server's work to prepare one snapshot for all clients.
func BenchmarkState(b *testing.B) {
	for _, watchers := range []int{1, 8} {
		b.Run(fmt.Sprintf("watchers=%d", watchers), func(b *testing.B) {
			var made states
			b.ReportAllocs()
			for b.Loop() {
				fresh := &runtime.Snapshot{Cameras: make([]runtime.CameraView, 4)}
				for range watchers {
					if _, err := made.of(fresh).message(); err != nil {
						b.Fatal(err)
					}
					made.of(fresh).packed()
				}
			}
		})
	}
}
