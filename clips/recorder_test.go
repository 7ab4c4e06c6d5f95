package clips

import (
	"bytes"
	"errors"
	"fmt"
	"image/jpeg"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.uber.org/goleak"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/rules"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(savingEnv); dir != "" {
		savingChild(dir)
		return
	}
	if dir := os.Getenv(crashEnv); dir != "" {
		crashChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

func TestClipShowsBeforeAndAfter(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Frames = true
		s := newStudio(t, cfg)
		s.film(5 * time.Second)
		job := s.job("01890a5d-ac96-774b-bcce-b302099a8057")
		confirming := job.Confirming.ID
		s.ring.Note(Note{Frame: confirming, Captured: job.Confirming.Captured, Signal: "person", Value: 1, Detections: job.Detections})
		s.save(job)
		s.film(3 * time.Second)
		s.drain()

		entries := s.list()
		if len(entries) != 1 {
			t.Fatalf("%d clips, want 1; status %+v", len(entries), s.rec.Status())
		}
		e := entries[0]
		if want := "door/" + job.Time.UTC().Format("2006-01-02/15-04-05") + "_" + job.ID; e.Path != want {
			t.Errorf("path %q, want %q", e.Path, want)
		}
		m := s.meta(e)
		if got := m.Pre.Actual; got < 2950 || got > 3050 {
			t.Errorf("pre-roll %d ms, want 3000 within half a step", got)
		}
		if got := m.Post.Actual; got < 1950 || got > 2050 {
			t.Errorf("post-roll %d ms, want 2000 within half a step", got)
		}
		if m.Movie.Frames < 50 || m.Movie.Frames > 52 || m.Missing != 0 || m.Skipped != 0 {
			t.Errorf("movie has %d frames, %d missing, %d skipped", m.Movie.Frames, m.Missing, m.Skipped)
		}
		if m.Confirming == nil || m.FrameIDs[*m.Confirming] != confirming {
			t.Errorf("confirming frame %d is not marked: %v", confirming, m.Confirming)
		}
		if len(m.Found) != 1 || m.Found[0].Frame != confirming || len(m.Found[0].Detections) != 1 {
			t.Errorf("detections: %+v", m.Found)
		}
		if !slices.IsSorted(m.FrameTS) {
			t.Error("frames are out of order")
		}
		for i := range m.FrameTS {
			if _, err := os.Stat(filepath.Join(cfg.Dir, e.Path, fmt.Sprintf("frame_%04d.jpg", i))); err != nil {
				t.Error(err)
			}
		}
		if got := hidden(t, cfg.Dir); len(got) > 0 {
			t.Errorf("left behind: %v", got)
		}
		if st := s.rec.Status(); st.State != "ok" || st.Saved != 1 || st.Waiting != 0 || st.Clips != 1 || st.Bytes != e.Bytes || st.Last.Path != e.Path {
			t.Errorf("status %+v", st)
		}
	})
}

func TestThumbShowsBoxes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(time.Second)
		job := s.job("a")
		plain, err := job.Confirming.JPEG(64)
		if err != nil {
			t.Fatal(err)
		}
		s.save(job)
		s.film(3 * time.Second)
		s.drain()
		drawn, err := os.ReadFile(filepath.Join(s.cfg.Dir, s.list()[0].Path, thumbFile))
		if err != nil {
			t.Fatal(err)
		}
		before, _ := jpeg.Decode(bytes.NewReader(plain))
		after, err := jpeg.Decode(bytes.NewReader(drawn))
		if err != nil || after.Bounds() != before.Bounds() {
			t.Fatalf("thumbnail: %v", err)
		}
		// The left edge of the box is at 0.2 of 64; the middle is not drawn on.
		differ := func(x, y int) float64 {
			r0, g0, b0, _ := before.At(x, y).RGBA()
			r1, g1, b1, _ := after.At(x, y).RGBA()
			d := func(a, b uint32) float64 { return math.Abs(float64(a) - float64(b)) }
			return (d(r0, r1) + d(g0, g1) + d(b0, b1)) / 0x10000
		}
		if edge, inside := differ(13, 30), differ(26, 32); edge < 0.3 || inside > 0.2 {
			t.Errorf("box edge differs by %.2f, its inside by %.2f", edge, inside)
		}
	})
}

func TestMetaFitsItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../docs/meta.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Merge = true
		s := newStudio(t, cfg)
		s.film(time.Second)
		nan := math.NaN()
		s.ring.Note(Note{Frame: 3, Captured: time.Now(), Signal: "person", Value: nan, Detections: []detectors.Detection{{Label: "x", Score: nan, Box: detectors.Box{X: nan}}}})
		s.save(s.job("a"))
		s.film(time.Second)
		odd := s.job("b")
		odd.Clauses = []rules.Clause{{Op: ">", Value: nan, Threshold: nan, Age: rules.Never, Truth: rules.Unknown, Why: detectors.Stale}}
		s.save(odd)
		s.film(3 * time.Second)
		manual := Job{Event: rules.Event{ID: "c", Type: Manual, Camera: "door", At: s.now(), Time: time.Now()}, Before: time.Second}
		s.save(manual)
		s.drain()
		entries := s.list()
		if len(entries) != 2 {
			t.Fatalf("%d clips, want a merged and a manual one", len(entries))
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(cfg.Dir, e.Path, metaFile))
			if err != nil {
				t.Fatal(err)
			}
			value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("clip %s: %v\n%s", e.Path, err, text)
			}
			object := value.(map[string]any)
			for _, key := range schema.Required {
				delete(object, key)
				if schema.Validate(value) == nil {
					t.Errorf("the schema does not miss %q", key)
				}
				break
			}
		}
	})
}

func TestMergeExtendsOneClip(t *testing.T) {
	for _, merge := range []bool{true, false} {
		t.Run(fmt.Sprint(merge), func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				cfg := testConfig(t)
				cfg.Merge = merge
				s := newStudio(t, cfg)
				s.film(4 * time.Second)
				s.save(s.job("a"))
				s.film(time.Second)
				s.save(s.job("b"))
				s.film(4 * time.Second)
				s.drain()
				entries := s.list()
				if !merge {
					if len(entries) != 2 || s.rec.Status().Merged != 0 {
						t.Fatalf("%d clips, %d merged", len(entries), s.rec.Status().Merged)
					}
					return
				}
				if len(entries) != 1 || s.rec.Status().Merged != 1 {
					t.Fatalf("%d clips, %d merged", len(entries), s.rec.Status().Merged)
				}
				if m := s.meta(entries[0]); m.Movie.DurationMS < 6000 || m.Movie.DurationMS > 6200 || len(m.Events) != 2 || m.Post.Actual < 2950 {
					t.Errorf("merged clip: %+v", m)
				}
				if got := entries[0].Events; len(got) != 1 || got[0] != "b" {
					t.Errorf("events %v, want [b]", got)
				}
			})
		})
	}
}

func TestPreRollIsKeptForLongPostRolls(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		job := s.job("a")
		job.After = 20 * time.Second
		s.save(job)
		s.film(21 * time.Second)
		s.drain()
		if m := s.meta(s.list()[0]); m.Pre.Actual < 2950 || m.Post.Actual < 19950 || m.Missing != 0 {
			t.Errorf("pre-roll %d, post-roll %d, missing %d", m.Pre.Actual, m.Post.Actual, m.Missing)
		}
		s.film(time.Second)
		if span := s.rec.Status().Rings[0].Span; span > 5200*time.Millisecond {
			t.Errorf("the ring still remembers %s", span)
		}
	})
}

func TestEndedCameraGivesWhatThereIs(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		s.save(s.job("a"))
		s.film(500 * time.Millisecond)
		s.ring.Close()
		began := time.Now()
		s.drain()
		if took := time.Since(began); took != 0 {
			t.Errorf("waited %s for a camera that has ended", took)
		}
		if m := s.meta(s.list()[0]); m.Post.Asked != 2000 || m.Post.Actual < 400 || m.Post.Actual > 500 {
			t.Errorf("post-roll %+v", m.Post)
		}
		if err := s.rec.Save(s.job("b")); !errors.Is(err, ErrCamera) {
			t.Errorf("Save for a closed ring: %v", err)
		}
	})
}

func TestStalledCameraDoesNotHoldAClip(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		s.save(s.job("a"))
		began := time.Now()
		s.drain()
		if took := time.Since(began); took != 4*time.Second {
			t.Errorf("waited %s, want the post-roll and 2 s", took)
		}
		if n := len(s.list()); n != 1 {
			t.Errorf("%d clips", n)
		}
	})
}

func TestShutdownFinishesEvidence(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		for i := range 5 {
			s.save(s.job(fmt.Sprint(i)))
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		if n := len(s.list()); n != 5 {
			t.Errorf("%d clips, want 5", n)
		}
		if err := s.rec.Save(s.job("late")); !errors.Is(err, ErrClosed) {
			t.Errorf("Save after the end: %v", err)
		}
		f := s.frame()
		s.rec.Ring("other", 0).Offer(f)
		s.ring.Offer(f)
		f.Release()
		if err := s.rec.Drain(t.Context()); err != nil {
			t.Errorf("Drain after the end: %v", err)
		}
	})
}

func TestStormIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		refused := 0
		for i := range 500 {
			job := s.job(fmt.Sprint(i))
			if err := s.rec.Save(job); errors.Is(err, ErrFull) {
				refused++
			} else if err != nil {
				t.Fatal(err)
			}
			if w := s.rec.Status().Waiting; w > JobLimit {
				t.Fatalf("%d clips wait", w)
			}
			if i%60 == 0 {
				s.film(time.Second / 30)
			}
			time.Sleep(2 * time.Millisecond)
		}
		s.film(3 * time.Second)
		s.drain()
		st := s.rec.Status()
		if got := st.Dropped[DropQueue]; got != uint64(refused) || refused < 400 {
			t.Errorf("%d refused, %d counted", refused, got)
		}
		entries := s.list()
		if len(entries) != 500-refused || st.Saved != uint64(len(entries)) {
			t.Errorf("%d clips of %d jobs", len(entries), 500-refused)
		}
		for _, e := range entries {
			if s.meta(e).Confirming == nil {
				t.Errorf("clip %s lacks its confirming frame", e.Path)
			}
		}
		if st.Unheld != 0 {
			t.Errorf("%d confirming frames were not held", st.Unheld)
		}
	})
}

func TestSlowEncodingSkipsAndSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.pool.Close()
		s.pool = capture.NewPool(16, func(pix []byte, w, h, ow, oh int) ([]byte, error) {
			time.Sleep(300 * time.Millisecond)
			return capture.EncodeJPEG(pix, w, h, ow, oh)
		})
		s.film(4 * time.Second)
		s.save(s.job("a"))
		s.film(5 * time.Second)
		s.drain()
		m := s.meta(s.list()[0])
		r := s.rec.Status().Rings[0]
		if m.Skipped == 0 || r.Skipped == 0 || r.Skipped+r.Encoded > r.Offered+1 {
			t.Errorf("clip: %d skipped; ring: %+v", m.Skipped, r)
		}
		if m.Movie.DurationMS < 4900 || m.Movie.DurationMS > 5200 || m.Movie.Frames != m.FramesWritten {
			t.Errorf("the movie's clock is wrong: %+v with %d written", m.Movie, m.FramesWritten)
		}
		if m.Confirming == nil {
			t.Error("the confirming frame is not inside")
		}
	})
}

func TestOldConfirmingFrameIsInside(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		s.film(4 * time.Second)
		job := s.job("a") // from a detector that takes its time
		s.film(8 * time.Second)
		id := job.Confirming.ID
		job.At, job.Time = s.now(), time.Now()
		s.save(job)
		s.film(3 * time.Second)
		s.drain()
		if m := s.meta(s.list()[0]); m.Confirming == nil || m.FrameIDs[*m.Confirming] != id {
			t.Errorf("frame %d is not marked in %v", id, m.FrameIDs)
		}
	})
}

func TestPanicsCostOneClip(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		pool := s.pool
		s.pool = capture.NewPool(16, func([]byte, int, int, int, int) ([]byte, error) { panic("codec") })
		s.film(time.Second)
		s.pool.Close()
		s.pool = pool
		s.film(4 * time.Second)
		job := s.job("a")
		job.Time = time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC) // no JSON has such a year
		s.save(job)
		s.save(s.job("b"))
		s.film(3 * time.Second)
		s.drain()
		st := s.rec.Status()
		if st.Dropped[DropEncode] != 1 || st.Saved != 1 || st.Rings[0].Failed == 0 || len(s.list()) != 1 {
			t.Errorf("%+v", st)
		}
		if left := hidden(t, s.cfg.Dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestSizeChangeInsideAClip(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := newStudio(t, testConfig(t))
		for i := range 20 {
			s.id++
			f := takeFrame(t, s.pool, s.id, 64, 48-i/10*16, time.Now())
			s.ring.Offer(f)
			f.Release()
			time.Sleep(100 * time.Millisecond)
		}
		job := s.job("a")
		job.After = 0
		s.save(job)
		s.drain()
		m := s.meta(s.list()[0])
		if m.Movie.Width != 64 || m.Movie.Height != 48 || m.Movie.Frames < 20 {
			t.Errorf("movie %+v", m.Movie)
		}
	})
}

func TestRingForgetsByTimeAndBytes(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		cfg := testConfig(t)
		cfg.Memory = 20 << 10
		s := newStudio(t, cfg)
		s.film(10 * time.Second)
		synctest.Wait()
		r := s.rec.Status().Rings[0]
		if r.Bytes > int64(cfg.Memory) || r.Evicted == 0 || r.Span >= 5*time.Second {
			t.Errorf("by bytes: %+v", r)
		}
		s.ring.Close()
		s.ring = s.rec.Ring("yard", 3*time.Second)
		s.ring.memory = 64 << 20
		s.film(10 * time.Second)
		synctest.Wait()
		if r := s.rec.Status().Rings[0]; r.Camera != "yard" || r.Evicted != 0 || r.Span < 4900*time.Millisecond || r.Span > 5100*time.Millisecond {
			t.Errorf("by time: %+v", r)
		}
	})
}

func TestOfferNeverWaits(t *testing.T) {
	pool := capture.NewPool(16, nil)
	defer pool.Close()
	epoch := time.Now()
	rec := New(Options{Config: testConfig(t), Epoch: epoch})
	ring := rec.Ring("door", time.Second)
	for i := range uint64(10) { // nothing is encoded before Run
		f := takeFrame(t, pool, i+1, 64, 48, epoch.Add(time.Duration(i)*100*time.Millisecond))
		ring.Offer(f)
		f.Release()
	}
	for range 100 {
		ring.Note(Note{})
	}
	r := rec.Status().Rings[0]
	if r.Offered != 10 || r.Skipped != 10-plainLimit || r.Queue != plainLimit || r.NotesDropped != 100-noteQueue || pool.Stats().Out != plainLimit {
		t.Errorf("%+v, %d frames held", r, pool.Stats().Out)
	}
	ring.Close()
	rec.workers.Wait()
	if out := pool.Stats().Out; out != 0 {
		t.Errorf("%d frames held after Close", out)
	}
}

func TestRate(t *testing.T) {
	for _, tc := range []struct {
		fps, source float64
		want        int // in 10 s
	}{
		{10, 30, 100},
		{10, 25, 100},
		{10, 15, 100},
		{10, 10, 100},
		{10, 5, 50},
		{30, 29.97, 300},
		{7, 30, 70},
		{1, 60, 10},
	} {
		t.Run(fmt.Sprintf("%g of %g", tc.fps, tc.source), func(t *testing.T) {
			r := rate{step: time.Duration(float64(time.Second) / tc.fps)}
			got := 0
			for i := range int(10 * tc.source) {
				if r.take(time.Duration(float64(i) / tc.source * float64(time.Second))) {
					got++
				}
			}
			if got < tc.want-1 || got > tc.want+1 {
				t.Errorf("took %d, want %d", got, tc.want)
			}
			if !r.take(time.Hour) || !r.take(time.Minute) {
				t.Error("a jump in time stops it")
			}
		})
	}
}
