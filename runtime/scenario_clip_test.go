package runtime_test

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	"rvo-tui/rules"
	"rvo-tui/runtime"
	"rvo-tui/runtime/testkit"
)

// recorder returns a recorder that keeps every frame of a camera with 10 per second.
func recorder(t *testing.T) (rec *clips.Recorder, dir string) {
	t.Helper()
	cfg := clips.DefaultConfig()
	cfg.Dir, cfg.MinFree = filepath.Join(t.TempDir(), "evidence"), 0
	return clips.New(clips.Options{
		Config: cfg, Epoch: time.Now(), Grace: 2 * time.Second, Log: slog.New(slog.DiscardHandler),
	}), cfg.Dir
}

// saved returns the metadata of the clips in a directory, oldest first.
func saved(t *testing.T, dir string) []clips.Meta {
	t.Helper()
	entries, err := clips.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var metas []clips.Meta
	for _, e := range entries {
		if e.Damaged != "" {
			t.Errorf("clip %s: %s", e.Path, e.Damaged)
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Path, "meta.json"))
		if err != nil {
			t.Fatal(err)
		}
		var m clips.Meta
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		metas = append(metas, m)
	}
	return metas
}

func frames(from, to uint64) (ids []uint64) {
	for id := from; id <= to; id++ {
		ids = append(ids, id)
	}
	return ids
}

// Frame 31 is captured at 3.01 s and confirms the event at once. A clip begins with the frame
// that was current at its start.
func TestClipHasItsPreRollAndPostRoll(t *testing.T) {
	person := with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) { r.Clip = true })
	for _, c := range []struct {
		name  string
		cam   *testkit.Camera
		roll  runtime.Roll
		until time.Duration // 0: the end of the film
		want  []uint64
		post  int64 // ms
	}{
		{"both rolls", &testkit.Camera{Name: "door"}, runtime.Roll{Before: 1020 * ms, After: 520 * ms}, 8 * time.Second, frames(20, 36), 500},
		{"stopped in the middle", &testkit.Camera{Name: "door"}, runtime.Roll{Before: 420 * ms, After: 10 * time.Second}, 3550 * ms, frames(26, 36), 500},
		{"film that ends", &testkit.Camera{Name: "door", File: true, Count: 34}, runtime.Roll{Before: 420 * ms, After: 10 * time.Second}, 0, frames(26, 34), 300},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec, dir := recorder(t)
				p := start(t, testkit.Setup{
					Cameras:   []*testkit.Camera{c.cam},
					Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.ByFrame(append(make([]float64, 30), 1)...))},
					Rules:     []rules.Config{person}, Clips: rec, Roll: c.roll, ExitWhenEnded: true,
				})
				if c.until > 0 {
					p.Until(c.until)
					if err := p.Stop(); err != nil {
						t.Error(err)
					}
				}
				if err := p.Wait(); err != nil {
					t.Error(err)
				}
				p.Sink.Expect(t, "3.01s door/person confirmed")
				metas := saved(t, dir)
				if len(metas) != 1 {
					t.Fatalf("%d clips, want 1", len(metas))
				}
				m := metas[0]
				if !slices.Equal(m.FrameIDs, c.want) {
					t.Errorf("the clip shows frames %v, want %v", m.FrameIDs, c.want)
				}
				if m.EventID != p.Sink.Received()[0].Event.ID || m.EventTS != int64(3010*ms) || m.Camera != "door" {
					t.Errorf("event %s of %q at %d", m.EventID, m.Camera, m.EventTS)
				}
				if m.Confirming == nil || m.FrameIDs[*m.Confirming] != 31 {
					t.Errorf("confirming frame %v, want that of ID 31", m.Confirming)
				}
				if m.Post.Asked != c.roll.After.Milliseconds() || m.Post.Actual != c.post {
					t.Errorf("post-roll %+v, want %d ms", m.Post, c.post)
				}
				if m.FramesWritten != len(c.want) || m.Skipped != 0 {
					t.Errorf("%d frames written, %d skipped", m.FramesWritten, m.Skipped)
				}
				st := p.Snapshot().Clips
				if st.Saved != 1 || st.Waiting != 0 || st.State != "ok" {
					t.Errorf("status %+v", st)
				}
				if v := p.Camera(t, "door"); v.Pool.Out != 0 || v.DropPool != 0 {
					t.Errorf("pool %+v, %d dropped", v.Pool, v.DropPool)
				}
			})
		})
	}
}

// The detections in a clip do not depend on where the detector runs.
func TestClipTellsWhatEveryDetectorFound(t *testing.T) {
	for _, execution := range []detectors.Execution{detectors.Worker, detectors.Inline} {
		t.Run(string(execution), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec, dir := recorder(t)
				a := testkit.NewDetector("a", testkit.ByFrame(append(make([]float64, 9), 1)...))
				a.Config.Execution = execution
				p := start(t, testkit.Setup{
					Cameras: []*testkit.Camera{{Name: "door", File: true, Count: 20}}, Detectors: []*testkit.Detector{a},
					Rules: []rules.Config{with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) { r.Clip = true })},
					Clips: rec, Roll: runtime.Roll{Before: 320 * ms, After: 320 * ms}, ExitWhenEnded: true,
				})
				if err := p.Wait(); err != nil {
					t.Error(err)
				}
				metas := saved(t, dir)
				if len(metas) != 1 {
					t.Fatalf("%d clips, want 1", len(metas))
				}
				var ids []uint64
				for _, f := range metas[0].Found {
					if f.Signal != "a" {
						t.Errorf("found %+v", f)
					}
					ids = append(ids, f.Frame)
				}
				// A clip is made as soon as its last frame is there, even if results for it may
				// still come.
				want := metas[0].FrameIDs[:metas[0].FramesWritten-1]
				if len(ids) < len(want) || !slices.Equal(ids[:len(want)], want) {
					t.Errorf("answers to frames %v, want %v at least", ids, want)
				}
			})
		})
	}
}

func TestCameraThatCannotBeAddedLeavesNoEvidenceBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, _ := recorder(t)
		person := with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) { r.Clip, r.Cameras = true, []string{"yard"} })
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}},
			Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(0))},
			Rules:     []rules.Config{person, person}, Clips: rec,
		})
		p.Until(50 * ms)
		yard := (&testkit.Camera{Name: "yard"}).Config()
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.AddCamera, Added: &yard}); err == nil {
			t.Fatal("two rules of one event: nothing to test")
		}
		if rings := rec.Status().Rings; len(rings) != 0 {
			t.Errorf("rings of %+v", rings)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestClipByCommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, dir := recorder(t)
		p := start(t, testkit.Setup{
			Cameras:   []*testkit.Camera{{Name: "door"}, {Name: "yard"}},
			Detectors: []*testkit.Detector{testkit.NewDetector("a", testkit.Always(0))},
			Rules: []rules.Config{with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) {
				r.Clip, r.Cameras = true, []string{"door"}
			})},
			Clips: rec, Roll: runtime.Roll{Before: 420 * ms, After: 280 * ms},
		})
		p.Until(2055 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.SaveClip, Camera: "door"}); err != nil {
			t.Error(err)
		}
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.SaveClip, Camera: "yard"}); err != nil {
			t.Errorf("camera without evidence: %v", err)
		}
		if n := strings.Count(p.Log(), "no rule saves clips of this camera"); n != 1 || !strings.Contains(p.Log(), "camera=yard") {
			t.Errorf("log:\n%s", p.Log())
		}
		p.Until(4055 * ms)
		if err := p.Do(t.Context(), runtime.Command{Do: runtime.SaveClip, Camera: "yard"}); err != nil {
			t.Error(err)
		}
		p.Until(8 * time.Second)
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		p.Sink.Expect(t)
		shown := map[string][]uint64{}
		for _, m := range saved(t, dir) {
			shown[m.Camera] = append(shown[m.Camera], m.FrameIDs...)
		}
		// For the time before the first clip of the yard, there is only the newest frame.
		if !slices.Equal(shown["door"], frames(17, 24)) || !slices.Equal(shown["yard"], append(frames(21, 24), frames(37, 44)...)) {
			t.Errorf("clips show %v", shown)
		}
		for _, name := range []string{"door", "yard"} {
			if v := p.Camera(t, name); v.Pool.Out != 0 {
				t.Errorf("camera %q still has %d frames out", name, v.Pool.Out)
			}
		}
	})
}

// A camera keeps evidence while one of its rules saves clips, whenever that rule is added and
// removed.
func TestReloadBringsAndEndsEvidence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, dir := recorder(t)
		a, door := testkit.NewDetector("a", testkit.ByFrame(append(make([]float64, 30), 1)...)), &testkit.Camera{Name: "door"}
		p := start(t, testkit.Setup{
			Cameras: []*testkit.Camera{door}, Detectors: []*testkit.Detector{a}, Clips: rec, Roll: runtime.Roll{Before: 420 * ms, After: 280 * ms},
		})
		reload := func(list ...rules.Config) {
			t.Helper()
			if err := p.Do(t.Context(), runtime.Command{Do: runtime.Reload, Setup: &runtime.Setup{
				Cameras: []capture.Config{door.Config()}, Detectors: []detectors.Config{a.Config}, Rules: list,
			}}); err != nil {
				t.Fatal(err)
			}
		}
		p.Until(1055 * ms)
		if _, err := os.Stat(dir); err == nil || p.Snapshot().Clips != nil {
			t.Errorf("without a rule that saves clips there is evidence: %+v", p.Snapshot().Clips)
		}
		person := with(testkit.Rule("person", "a >= 1"), func(r *rules.Config) { r.Clip = true })
		reload(person)
		p.Until(5 * time.Second)
		if metas := saved(t, dir); len(metas) != 1 || !slices.Equal(metas[0].FrameIDs, frames(26, 34)) {
			t.Errorf("clips %+v, want one of frames 26 to 34", metas)
		}
		keeps := func(want bool, after time.Duration) {
			t.Helper()
			if r := p.Camera(t, "door").Rules[0]; r.Clip != want || r.ClipAfter != after {
				t.Errorf("the rule tells of clips %v, for %v after an event; want %v, %v", r.Clip, r.ClipAfter, want, after)
			}
		}
		keeps(true, 280*ms)
		longer := with(person, func(r *rules.Config) { r.Before, r.After = text.Duration(2*time.Second), text.Duration(time.Second) })
		reload(longer)
		p.Until(12 * time.Second)
		if rings := p.Snapshot().Clips.Rings; len(rings) != 1 || rings[0].Span < 3900*ms {
			t.Errorf("with a longer pre-roll rings are %+v", rings)
		}
		keeps(true, time.Second)
		person.Clip = false
		reload(person)
		p.Until(13 * time.Second)
		if rings := p.Snapshot().Clips.Rings; len(rings) != 0 {
			t.Errorf("without a rule that saves clips rings are %+v", rings)
		}
		keeps(false, 280*ms)
		reload(longer)
		p.Until(14 * time.Second)
		if rings := p.Snapshot().Clips.Rings; len(rings) != 1 || rings[0].Frames < 9 {
			t.Errorf("with one again rings are %+v", rings)
		}
	})
}
