package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	services "rvo-tui/detectors/remote"
	"rvo-tui/internal/backoff"
	"rvo-tui/internal/logging"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/api"
	"rvo-tui/runtime/api/client"
)

var errDown = errors.New("no rvo-tui answers at /run/rvo-tui/control.sock: start one, or name its address")

// box is a daemon that behaves as a test says.
type box struct {
	mu       sync.Mutex
	about    api.About
	down     chan struct{} // closed: it is down, which ends its streams
	asked    int           // how often About was
	events   []runtime.RecentEvent
	lines    []logging.Line
	commands []runtime.Command
	previews []string // that were begun
	ended    int      // previews
}

func newBox() *box {
	return &box{about: api.About{
		Version: "v1.2.3", Instance: "one", PID: 812, Host: "nvr",
		Kinds: []api.Kind{{Name: "motion", Doc: "what moves", Options: []api.KindOption{{Name: "width"}}}, {Name: "psychic", Doc: "newer than we"}},
	}, down: make(chan struct{})}
}

// stop ends it, and start lets another process take its place.
func (b *box) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.down)
}

func (b *box) start(instance string, events ...runtime.RecentEvent) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.about.Instance, b.events, b.down = instance, events, make(chan struct{})
}

func (b *box) asks() int { return locked(b, func() int { return b.asked }) }

func (b *box) did() int { return locked(b, func() int { return len(b.commands) }) }

func (b *box) endedPreviews() int { return locked(b, func() int { return b.ended }) }

func (b *box) begun() []string { return locked(b, func() []string { return slices.Clone(b.previews) }) }

func locked[T any](b *box, read func() T) T {
	b.mu.Lock()
	defer b.mu.Unlock()
	return read()
}

func (b *box) Addr() string { return "/run/rvo-tui/control.sock" }

func (b *box) About(context.Context) (api.About, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	select {
	case <-b.down:
		return api.About{}, errDown
	default:
		return b.about, nil
	}
}

// hold waits for the end of a stream.
func (b *box) hold(ctx context.Context, down <-chan struct{}) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-down:
		return errDown
	}
}

func (b *box) Follow(ctx context.Context, to client.Stream) error {
	b.mu.Lock()
	down, events, lines := b.down, b.events, b.lines
	b.mu.Unlock()
	for _, e := range events {
		if e.Seq+1 > to.AfterEvent { // the event after it arrives again and must not be shown twice
			to.Event(e)
		}
	}
	for _, l := range lines {
		if l.Seq > to.AfterLine {
			to.Line(l)
		}
	}
	tick := time.NewTicker(time.Duration(float64(time.Second) / to.Rate))
	defer tick.Stop()
	for {
		to.State(&runtime.Snapshot{At: time.Now()})
		to.Beat()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-down:
			return errDown
		case <-tick.C:
		}
	}
}

func (b *box) Do(_ context.Context, c runtime.Command) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.commands = append(b.commands, c)
	return nil
}

func (b *box) Preview(ctx context.Context, list []runtime.PreviewSpec, _ float64, show func(int, runtime.Preview)) error {
	b.mu.Lock()
	var names []string
	for _, spec := range list {
		names = append(names, fmt.Sprintf("%s %dx%d", spec.Camera, spec.Width, spec.Height))
	}
	b.previews = append(b.previews, strings.Join(names, ", "))
	down := b.down
	b.mu.Unlock()
	for i, spec := range list {
		show(i, runtime.Preview{Frame: 5 + uint64(i), Width: spec.Width, Height: spec.Height, Pixels: make([]byte, spec.Width*spec.Height*3)})
	}
	err := b.hold(ctx, down)
	b.mu.Lock()
	b.ended++
	b.mu.Unlock()
	return err
}

func (b *box) Clip(_ context.Context, id string) (clips.Clip, error) {
	return clips.Clip{Entry: clips.Entry{EventID: id}, Path: "/var/lib/rvo-tui/evidence/x/clip.mp4"}, nil
}

func (b *box) Movie(_ context.Context, id string, part int, _ int64, to io.Writer) error {
	if id == "gone" {
		return errDown
	}
	_, err := fmt.Fprintf(to, "movie %d of %s", part, id)
	return err
}

func (b *box) Meta(_ context.Context, id string) (*clips.Meta, error) {
	return &clips.Meta{EventID: id}, nil
}

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func testKinds() detectors.Kinds {
	kinds := detectors.Builtin()
	kinds["remote"] = services.Kind(nil)
	return kinds
}

// remoteOf runs a Backend of a box in a bubble, until the returned function ends it.
func remoteOf(t *testing.T, b *box) (*Backend, func()) {
	t.Helper()
	r := newBackend(b, 10, testKinds(), "here")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	return r, func() { cancel(); <-done }
}

func event(seq uint64, id string) runtime.RecentEvent {
	return runtime.RecentEvent{Seq: seq, Event: rules.Event{ID: id}}
}

func TestLinkStates(t *testing.T) {
	w := wire{link: Link{State: LinkConnecting}, waits: backoff.Backoff{First: firstWait, Last: lastWait}}
	at := func(s float64) time.Time { return noon.Add(time.Duration(s * float64(time.Second))) }
	check := func(s float64, state LinkState, reason string, quiet, next time.Duration) {
		t.Helper()
		k := w.at(at(s))
		if k.State != state || k.Reason != reason || k.Quiet != quiet || k.Next != next {
			t.Errorf("after %g s: %s %q, quiet %v, next in %v; want %s %q, %v, %v", s, k.State, k.Reason, k.Quiet, k.Next, state, reason, quiet, next)
		}
	}
	check(0, LinkConnecting, "", 0, 0)
	if d := w.fail(at(1), "refused"); d != 250*time.Millisecond {
		t.Errorf("waits %v", d)
	}
	check(1, LinkConnecting, "refused", 0, 250*time.Millisecond)
	w.try()
	check(1.25, LinkConnecting, "refused", 0, 0)
	waits := []time.Duration{}
	for range 6 {
		waits = append(waits, w.fail(at(2), "refused"))
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second}
	if !slices.Equal(waits, want) {
		t.Errorf("waits %v, want %v", waits, want)
	}
	w.try()
	w.met(at(10))
	check(10, LinkConnecting, "refused", 0, 0) // until a snapshot arrives
	w.snapshot(at(10.5))
	check(12, LinkLive, "", 0, 0)
	w.snapshot(at(11))
	check(12.9, LinkLive, "", 0, 0)
	check(13.5, LinkLost, "connected, but no data arrives", 2500*time.Millisecond, 0)
	w.beat(at(13.6)) // but no snapshot
	check(14, LinkLive, "", 0, 0)
	w.beat(at(14.4))
	check(14.5, LinkLost, "connected, but no data arrives", 3500*time.Millisecond, 0)
	w.snapshot(at(15))
	check(15, LinkLive, "", 0, 0)
	w.beat(at(25))
	check(26, LinkLive, "", 0, 0) // such pauses are usual here
	w.snapshot(at(20))
	if d := w.fail(at(21), "gone"); d != 250*time.Millisecond {
		t.Errorf("waits %v after it was live", d)
	}
	check(21, LinkLost, "gone", time.Second, 250*time.Millisecond)
	w.try()
	w.met(at(22))
	check(22, LinkLost, "gone", 2*time.Second, 0)
	w.snapshot(at(22.1))
	check(22.1, LinkLive, "", 0, 0)
}

func TestSilentFromTheStart(t *testing.T) {
	w := wire{link: Link{State: LinkConnecting}}
	w.met(noon)
	if k := w.at(noon.Add(quietFirst)); k.Reason != "" {
		t.Errorf("complains at once: %q", k.Reason)
	}
	if k := w.at(noon.Add(quietFirst + 1)); k.Reason == "" {
		t.Error("says nothing though nothing comes")
	}
}

func TestRemoteSurvivesARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		b.events = []runtime.RecentEvent{event(7, "a"), event(8, "b")}
		b.lines = []logging.Line{{Seq: 1, Text: "started"}}
		r, end := remoteOf(t, b)
		defer end()
		snapshots, cancel := r.Subscribe()
		defer cancel()
		if s := <-snapshots; s == nil || r.Link().State != LinkLive {
			t.Fatalf("link is %+v", r.Link())
		}
		if k := r.Link(); k.Host != "nvr" || k.PID != 812 || len(k.Kinds) != 2 || k.Kinds["psychic"].Doc != "newer than we" || k.Kinds["motion"].New == nil {
			t.Errorf("met %+v", k)
		}
		b.stop()
		synctest.Wait()
		if k := r.Link(); k.State != LinkLost || k.Reason != errDown.Error() {
			t.Errorf("link is %+v", k)
		}
		if err := r.Do(t.Context(), runtime.Command{Do: runtime.Pause}); err == nil || b.did() != 0 {
			t.Errorf("a command without a link comes to %v", err)
		}
		time.Sleep(20 * time.Second)
		if n := b.asks(); n < 5 || n > 12 {
			t.Errorf("asked %d times within 20 s", n)
		}
		if k := r.Link(); k.Quiet < 20*time.Second {
			t.Errorf("what is shown counts as %v old", k.Quiet)
		}
		b.start("one", event(7, "a"), event(8, "b"), event(9, "c")) // a broken connection, the same process
		time.Sleep(10 * time.Second)
		b.stop()
		synctest.Wait()
		b.start("two", event(1, "d")) // another process
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if k := r.Link(); k.State != LinkLive || k.Quiet != 0 {
			t.Errorf("link is %+v", k)
		}
		var got []string
		for _, e := range r.Events(0) {
			got = append(got, fmt.Sprint(e.Seq, e.Event.ID))
		}
		if want := []string{"1a", "2b", "3c", "4d"}; !slices.Equal(got, want) {
			t.Errorf("events %v, want %v", got, want)
		}
		if n := len(r.Events(3)); n != 1 {
			t.Errorf("%d events after number 3", n)
		}
		if n := len(r.Log(0)); n != 2 { // each process sent its own
			t.Errorf("%d lines", n)
		}
		if err := r.Do(t.Context(), runtime.Command{Do: runtime.Pause}); err != nil || b.did() != 1 {
			t.Errorf("a command comes to %v", err)
		}
		if c, err := r.Clip("x"); err != nil || c.Path != "nvr:/var/lib/rvo-tui/evidence/x/clip.mp4" {
			t.Errorf("clip at %q, %v", c.Path, err)
		}
		clip := clips.Clip{Entry: clips.Entry{EventID: "x"}, Path: "/etc/passwd"} // of the other machine
		path, done, err := r.Movie(t.Context(), clip, 2)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "movie 2 of x" {
			t.Errorf("fetched %q, %v", text, err)
		}
		if done(); exists(path) {
			t.Errorf("%s is left", path)
		}
		clip.Entry.EventID = "gone"
		if _, _, err := r.Movie(t.Context(), clip, 1); !errors.Is(err, errDown) {
			t.Errorf("a movie that cannot be fetched comes to %v", err)
		}
		if m, err := r.Meta(t.Context(), clip); err != nil || m.EventID != "gone" {
			t.Errorf("metadata %+v, %v", m, err)
		}
	})
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func TestSubscriptionsEndWithTheRemote(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, end := remoteOf(t, newBox())
		ch, cancel := r.Subscribe()
		other, _ := r.Subscribe()
		cancel()
		cancel()
		end()
		for range 2 {
			<-other
		}
		select {
		case <-ch: // the snapshot that waited
		default:
			t.Error("no snapshot waits for a new subscriber")
		}
		late, _ := r.Subscribe()
		if _, open := <-late; open {
			t.Error("a subscription after the end is open")
		}
	})
}

func TestPreviewFollowsWhatIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBox()
		r, end := remoteOf(t, b)
		defer end()
		one := func(camera string, w, h int) []runtime.PreviewSpec {
			return []runtime.PreviewSpec{{Camera: camera, Width: w, Height: h}}
		}
		look := func(camera string, w, h int) (runtime.Preview, bool) {
			r.Preview(one(camera, w, h), 0)
			synctest.Wait()
			return r.Preview(one(camera, w, h), 0)
		}
		if p, ok := look("street", 40, 30); !ok || p.Width != 40 || p.Frame != 5 {
			t.Errorf("got %d wide, %v", p.Width, ok)
		}
		look("street", 40, 30)
		look("door", 40, 30)
		if p, ok := look("door", 1280, 720); !ok || p.Width != 1280 || p.Height != 720 || len(p.Pixels) != 1280*720*3 {
			t.Errorf("got %dx%d, %v", p.Width, p.Height, ok)
		}
		if got, want := b.begun(), []string{"street 40x30", "door 40x30", "door 640x360"}; !slices.Equal(got, want) {
			t.Errorf("asked for %q, want %q", got, want)
		}
		time.Sleep(5 * time.Second) // no longer watched
		synctest.Wait()
		if n := b.endedPreviews(); n != 3 {
			t.Errorf("%d of 3 streams have ended", n)
		}
		if p, ok := r.Preview(one("door", 1280, 720), 0); ok {
			t.Errorf("a frame of 5 s ago is shown: %d", p.Frame)
		}
		if _, ok := look("door", 1280, 720); !ok {
			t.Error("no frame once the preview is shown again")
		}
		tiles := append(one("street", 40, 30), one("door", 40, 20)...)
		r.Preview(tiles, 0)
		synctest.Wait()
		for i, spec := range tiles {
			if p, ok := r.Preview(tiles, i); !ok || p.Frame != uint64(5+i) || p.Height != spec.Height {
				t.Errorf("tile %d: frame %d, %d high, %v", i, p.Frame, p.Height, ok)
			}
		}
		if got := b.begun(); got[len(got)-1] != "street 40x30, door 40x20" {
			t.Errorf("asked for %q", got[len(got)-1])
		}
	})
}

func TestMirrorTakesEachEntryOnce(t *testing.T) {
	m := newMirror[string](3)
	add := func(there uint64, entry string) bool {
		fresh := m.fresh(there)
		if fresh {
			m.Add(entry)
		}
		return fresh
	}
	for i, there := range []uint64{1, 2, 3, 7, 8} { // three were missed
		if !add(there, fmt.Sprint(there)) || m.Last() != uint64(i+1) {
			t.Errorf("number %d: the last one here is %d", there, m.Last())
		}
	}
	if got := m.After(0); !slices.Equal(got, []string{"3", "7", "8"}) {
		t.Errorf("kept %v", got)
	}
	if add(8, "8") {
		t.Error("an entry is taken twice")
	}
	m.there = 0 // of the next process
	if !add(1, "new") || m.Last() != 6 {
		t.Errorf("the first one of the next process is %d", m.Last())
	}
}

func TestKindsOfOtherMachinesAreNotLookedForHere(t *testing.T) {
	kinds := testKinds()
	local := kinds["motion"]
	local.Check = func(detectors.Config, func(key, problem string)) { t.Error("this machine was asked") }
	kinds["motion"] = local
	r := newBackend(newBox(), 10, kinds, "here")
	got := r.attachable([]api.Kind{{Name: "motion"}, {Name: "remote", Options: []api.KindOption{{Name: "endpoint"}}}})
	cfg := detectors.DefaultConfig()
	cfg.Name, cfg.Kind = "m", "motion"
	cfg.Validate(got, func(key, problem string) { t.Errorf("%s: %s", key, problem) })
	if got["remote"].Check == nil {
		t.Error("an endpoint is not checked while one types")
	}
}
