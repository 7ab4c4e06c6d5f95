package control

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/logging"
	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

func TestAboutTellsWhoAnswers(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	a, err := c.About(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != "1.2.3" || a.Config != "rvo.toml" || a.PID != os.Getpid() || a.ReadOnly || len(a.Instance) != 16 {
		t.Errorf("%+v", a)
	}
	if len(a.Cameras) != 1 || a.Cameras[0] != (Camera{"door", "synthetic:street"}) {
		t.Errorf("cameras %v", a.Cameras)
	}
	var names []string
	for _, k := range a.Kinds {
		names = append(names, k.Name)
		for _, key := range k.Keys {
			if key == "tls_ca" {
				t.Error("a key that nobody may set is offered")
			}
		}
	}
	want := append(detectors.Builtin().Names(), "remote")
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("kinds %q, want %q", names, want)
	}
}

func TestWatchAtARate(t *testing.T) {
	w := start(t, nil)
	for _, rate := range []float64{-1, 0.01, 61} {
		if err := w.client(t).Watch(within(t), rate, func(*runtime.Snapshot) {}); err == nil || !strings.Contains(err.Error(), "from 0.1 to 60") {
			t.Errorf("rate %v: %v", rate, err)
		}
	}
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

func TestCommands(t *testing.T) {
	reloads := 0
	w := start(t, func(o *ServerOptions) {
		o.Reload = func(context.Context) error {
			reloads++
			return errors.New("rvo.toml:3: unknown key \"x\"\nrvo.toml:4: another")
		}
	})
	c := w.client(t)
	for _, tt := range []struct {
		cmd  runtime.Command
		want string // in the error; empty: it works
		log  string
	}{
		{runtime.Command{Do: runtime.Disable, Detector: "motion"}, "", "verb=disable by=\"uid="},
		{runtime.Command{Do: runtime.SetRate, Detector: "motion", FPS: 3}, "", "fps=3"},
		{runtime.Command{Do: runtime.SetRate, Detector: "motion", FPS: -3}, "must be above 0", "result=refused"},
		{runtime.Command{Do: runtime.Disable, Detector: "nose"}, "no such detector", "detector=nose"},
		{runtime.Command{Do: runtime.Pause, Camera: "yard"}, "no such camera \"yard\"; there is door", "camera=yard"},
		{runtime.Command{Do: "explode"}, "use one of [attach detach", "verb=explode"},
		{runtime.Command{Do: runtime.Attach}, "no detector was given", "verb=attach"},
		{runtime.Command{Do: runtime.Reload}, "unknown key \"x\"\nrvo.toml:4: another", "verb=reload"},
		{runtime.Command{Do: runtime.Attach, Attached: &detectors.Config{Name: "more", Kind: "motion", Enabled: true}}, "", "attached=more"},
		{runtime.Command{Do: runtime.Attach, Attached: &detectors.Config{Name: "far", Kind: "remote", Options: remote.Options{Connection: remote.Connection{Endpoint: "10.0.0.9:50051", Token: "very-secret"}}}}, "allow it with control.endpoints", "endpoint=10.0.0.9:50051"},
		{runtime.Command{Do: runtime.AddCamera, Added: camera("yard", "synthetic:street")}, "", "source=synthetic:street"},
		{runtime.Command{Do: runtime.AddCamera, Added: camera("pw", "rtsp://user:${PW}@10.0.0.7/a")}, "is not expanded", "verb=add_camera"},
		{runtime.Command{Do: runtime.RemoveCamera, Camera: "yard"}, "", "verb=remove_camera"},
		{runtime.Command{Do: runtime.Pause, Camera: strings.Repeat("x", 300)}, "none is longer", ""},
	} {
		err := c.Do(within(t), tt.cmd)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.cmd.Do, err, tt.want)
		}
		eventually(t, "the log has "+tt.log, func() bool { return strings.Contains(w.log.String(), tt.log) })
	}
	if reloads != 1 {
		t.Errorf("%d reloads", reloads)
	}
	if log := w.log.String(); strings.Contains(log, "very-secret") {
		t.Errorf("a token is in the log:\n%s", log)
	}
	s := until(t, c, "the state follows", func(s *runtime.Snapshot) bool {
		return len(s.Cameras) == 1 && len(s.Cameras[0].Detectors) == 2 && s.Cameras[0].Detectors[0].State == engine.DetectorDisabled
	})
	if d := s.Cameras[0].Detectors[0]; d.MaxFPS != 3 {
		t.Errorf("rate %v", d.MaxFPS)
	}
}

// What a detector names is looked at only once it is clear that it may be named.
func TestRefusalComesBeforeALookAtFiles(t *testing.T) {
	looks := make(chan string, 16)
	w := start(t, func(o *ServerOptions) {
		o.Kinds["net"] = detectors.Kind{
			Name: "net", Defaults: detectors.Config{Options: netOptions{Model: "own"}},
			Check: func(cfg detectors.Config, bad func(key, problem string)) { looks <- cfg.Text("model") },
		}
	})
	api := raw(t, w)
	_, err := api.Do(within(t), &controlv1.DoRequest{Verb: "attach", Attach: `{"Name":"n","Kind":"net","Options":{"Model":"/etc/shadow"}}`})
	if status.Code(err) != codes.PermissionDenied || len(looks) != 0 {
		t.Errorf("got %v after %d looks", err, len(looks))
	}
	_, err = api.Do(within(t), &controlv1.DoRequest{Verb: "attach", Attach: `{"Name":"a b","Kind":"net"}`})
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "name: ") {
		t.Errorf("got %v, want what is wrong with the name", err)
	}
	for len(looks) > 0 {
		if model := <-looks; model != "own" {
			t.Errorf("it looked at %q", model)
		}
	}
}

// Reading a command may have to wait, as for a reload: that is bounded, too.
func TestCommandsAreBoundedWhileTheyAreRead(t *testing.T) {
	wait := make(chan struct{})
	w := start(t, func(o *ServerOptions) {
		o.Codec.Detector = func(string) (detectors.Config, error) {
			<-wait
			return detectors.Config{}, errors.New("read")
		}
	})
	api := raw(t, w)
	answers := make(chan error, maxCommands)
	for range maxCommands {
		go func() {
			_, err := api.Do(context.Background(), &controlv1.DoRequest{Verb: "attach", Attach: "{}"})
			answers <- err
		}()
	}
	eventually(t, "all places are taken", func() bool { return w.server.service.commands.taken.Load() == maxCommands })
	if _, err := api.Do(within(t), &controlv1.DoRequest{Verb: "attach", Attach: "{}"}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one more: %v", err)
	}
	close(wait)
	for range maxCommands {
		if err := <-answers; status.Code(err) != codes.InvalidArgument {
			t.Errorf("got %v", err)
		}
	}
}

func camera(name, source string) *capture.Config {
	cfg := capture.DefaultConfig()
	cfg.Name, cfg.Source = name, source
	return &cfg
}

func TestEventsAndLog(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	ctx, cancel := context.WithCancel(within(t))
	var got runtime.RecentEvent
	err := c.Events(ctx, 0, true, func(e runtime.RecentEvent) {
		if got.Seq == 0 { // another one may be on its way
			got = e
		}
		cancel()
	})
	if got.Seq != 1 || got.Event.Type != "seen" || got.Event.Camera != "door" || len(got.Event.Clauses) != 1 || got.Event.Age.Total() <= 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	kept := w.opts.Recent.Events(0)[0].Event
	if kept.ID != got.Event.ID || kept.Age != got.Event.Age || !kept.Time.Equal(got.Event.Time) || kept.Clauses[0] != got.Event.Clauses[0] {
		t.Errorf("sent %+v\ngot %+v", kept, got.Event)
	}
	n := 0
	if err := c.Events(within(t), 1_000_000, false, func(runtime.RecentEvent) { n++ }); err != nil || n == 0 {
		t.Errorf("after a number of an earlier run there come %d events, %v", n, err)
	}

	w.opts.Log.Warn("a pigeon", "on", "the wall")
	var lines []logging.Line
	ctx, cancel = context.WithCancel(within(t))
	err = c.Log(ctx, 0, true, func(l logging.Line) {
		if n := len(lines); n > 0 && lines[n-1].Text == "another" {
			return // the program goes on
		}
		lines = append(lines, l)
		if l.Text == "a pigeon on=\"the wall\"" {
			w.opts.Log.Info("another")
		}
		if l.Text == "another" {
			cancel()
		}
	})
	if n := len(lines); n < 2 || lines[n-1].Text != "another" {
		t.Fatalf("%+v, %v", lines, err)
	}
	for i, l := range lines {
		if l.Seq != lines[0].Seq+uint64(i) {
			t.Fatalf("line %d of %d has number %d after %d", i, len(lines), l.Seq, lines[0].Seq)
		}
	}
	again := 0
	if err := c.Log(within(t), lines[0].Seq, false, func(l logging.Line) { again++ }); err != nil || again < len(lines)-1 {
		t.Errorf("%d lines after the first of %d: %v", again, len(lines), err)
	}
}

func TestPreviewShowsNewFrames(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	ctx, cancel := context.WithCancel(within(t))
	var ids []uint64
	err := c.Preview(ctx, "door", 32, 18, 30, func(p Picture) {
		if len(p.Pixels) != 32*18*3 || bytes.Count(p.Pixels, []byte{0}) == len(p.Pixels) {
			t.Errorf("%d bytes, all black", len(p.Pixels))
		}
		if ids = append(ids, p.Frame); len(ids) == 3 {
			cancel()
		}
	})
	if len(ids) < 3 || ids[0] >= ids[1] || ids[1] >= ids[2] {
		t.Fatalf("frames %v, %v", ids, err)
	}
	if err := c.Preview(within(t), "yard", 32, 18, 0, func(Picture) {}); err == nil || !strings.Contains(err.Error(), "no camera \"yard\"") {
		t.Errorf("of no camera: %v", err)
	}
	if err := c.Preview(within(t), "door", 641, 18, 0, func(Picture) {}); err == nil {
		t.Error("a preview of any size is made")
	}
	if err := c.Preview(within(t), "door", 64, 18, 31, func(Picture) {}); err == nil {
		t.Error("a preview of any rate is made")
	}
	// It ends with its camera.
	ended := make(chan error, 1)
	go func() {
		ended <- c.Preview(within(t), "door", 32, 18, 30, func(p Picture) {})
	}()
	if err := c.Do(within(t), runtime.Command{Do: runtime.RemoveCamera, Camera: "door"}); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), "no camera") {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(patience):
		t.Error("a preview goes on without its camera")
	}
}

func TestClips(t *testing.T) {
	w := start(t, nil)
	c := w.client(t)
	eventually(t, "a clip is on disk", func() bool {
		entries, _, err := c.Clips(within(t), 0)
		return err == nil && len(entries) > 0
	})
	entries, dir, err := c.Clips(within(t), 10)
	if err != nil {
		t.Fatal(err)
	}
	clip, err := c.Clip(within(t), entries[0].EventID)
	if err != nil {
		t.Fatal(err)
	}
	if clip.Entry.EventID != entries[0].EventID || !strings.HasPrefix(clip.Path, dir) {
		t.Errorf("%+v in %s", clip, dir)
	}
	if img, err := jpeg.Decode(bytes.NewReader(clip.Thumb)); err != nil || img.Bounds().Dx() != 160 {
		t.Errorf("thumbnail of %d bytes: %v", len(clip.Thumb), err)
	}
	if _, err := c.Clip(within(t), "none"); err == nil || !strings.Contains(err.Error(), "there is no clip") {
		t.Error(err)
	}
	if _, err := c.Clip(within(t), ""); err == nil {
		t.Error("a clip of no event is found")
	}
	bare := start(t, func(o *ServerOptions) { o.ClipsDir = "" })
	if _, _, err := bare.client(t).Clips(within(t), 0); err == nil || !strings.Contains(err.Error(), "clip = true") {
		t.Error(err)
	}
}
