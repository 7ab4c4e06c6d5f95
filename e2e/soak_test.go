package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

var (
	soakFor  = flag.Duration("soak", 0, "how long the soak lasts; make soak plays 10 minutes")
	soakSeed = flag.Uint64("soak-seed", 0, "of the order of its faults; 0: any")
)

// soakLimits are the most that the program may grow in a minute once it has warmed up for
// five minutes.
var soakLimits = []struct {
	what string
	most float64 // a minute
	unit string
	of   func(u usage) float64
}{
	{"resident memory", 100, "kB", func(u usage) float64 { return float64(u.memory) }},
	{"goroutines", 0.1, "", func(u usage) float64 { return float64(u.goroutines) }},
	{"threads", 0.1, "", func(u usage) float64 { return float64(u.threads) }},
	{"descriptors", 0.1, "", func(u usage) float64 { return float64(u.files) }},
}

// soakGap is the longest time between two frames of a camera that no fault is played on.
const soakGap = time.Second

// TestSoak runs four cameras with every kind of detector and output, and plays faults at
// random: two at a time, one on a camera and one on anything else. Each must heal. The
// process must not grow, cameras without faults must miss nothing, every clip must be
// whole, and every event must arrive at every output.
func TestSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("no soak is asked for: -soak DURATION")
	}
	s := newSoak(t)
	s.run()
	s.constant()
	s.steady()
	logged := loggedEvents(t, filepath.Join(s.dir, "events.jsonl"))
	s.until(2*patience, "every event at the webhook", func() bool {
		arrived := map[string]bool{}
		for _, m := range s.world.hook.messages() {
			arrived[m.event] = true
		}
		return !slices.ContainsFunc(logged, func(id string) bool { return !arrived[id] })
	})
	s.until(2*patience, "the last event at the broker", func() bool {
		return slices.Contains(s.world.broker.events(), logged[len(logged)-1])
	})
	s.world.broker.arrived(logged)
	s.stop()
	saved := checkClips(t, s.program, -1)
	if left := leftovers(t, s.dir); len(left) > 0 {
		t.Errorf("clips that are not whole: %v", left)
	}
	t.Logf("%d events, %d clips on disk, all whole", len(logged), len(saved))
}

// soak is a run of TestSoak.
type soak struct {
	*daemon
	world   *soakWorld
	players []*player
	begun   time.Time
	first   map[string]float64 // when everything was live
	last    map[string]float64 // the newest metrics
	used    []usage
	owned   []map[string]int // resident memory by owner, every ten seconds
}

func newSoak(t *testing.T) *soak {
	needOpenCV(t)
	needVideo(t)
	needGRPC(t)
	needONNX(t)
	tool(t, "ffprobe", "ffmpeg")
	seed := *soakSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("seed %d", seed)
	run := runtimeDir(t)
	s := &soak{world: newSoakWorld(t), daemon: &daemon{run: run}}
	s.program = start(t, setup{
		config: s.world.config, env: []string{"XDG_RUNTIME_DIR=" + run},
		args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0", "--event-log", "events.jsonl"},
	})
	for _, name := range []string{"steady", "yard", "gate", "web"} {
		s.until(patience, name+" to be live", func() bool { return s.program.state(name, "live") })
	}
	for camera, signals := range soakSignals {
		for _, signal := range signals {
			s.until(2*patience, signal+" to be known", func() bool { return knows(s.metrics(), camera, signal) })
		}
	}
	for i, list := range s.world.troubles(s.daemon) {
		s.players = append(s.players, &player{troubles: list, random: rand.New(rand.NewPCG(seed, uint64(i))), played: map[string]int{}})
	}
	s.begun, s.first = time.Now(), s.metrics()
	s.last = s.first
	return s
}

// knows reports whether a signal is known.
func knows(all map[string]float64, camera, signal string) bool {
	return all[fmt.Sprintf("rvo_signal_known{camera=%q,signal=%q}", camera, signal)] == 1
}

// run plays faults until the time is over and the last ones have healed.
func (s *soak) run() {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for n := 0; ; n++ {
		s.last = s.metrics()
		u := s.usage()
		u.at, u.goroutines = time.Since(s.begun), int(s.last["go_goroutines"])
		s.used = append(s.used, u)
		if n%10 == 0 {
			s.owned = append(s.owned, resident(s.t, s.cmd.Process.Pid))
		}
		over, busy := u.at >= *soakFor, false
		for _, p := range s.players {
			busy = p.step(s.t, time.Now(), s.last, over) || busy
		}
		if over && !busy {
			break
		}
		select {
		case <-look.C:
		case <-s.done:
			s.t.Fatalf("the program ended with status %d", s.cmd.ProcessState.ExitCode())
		}
	}
	for _, p := range s.players {
		s.t.Logf("healed after at most %v: %v", p.longest.Round(time.Second), p.played)
	}
}

// constant fails the test when something grows faster than it may. A slope counts as
// what it is at least, by twice its standard error: a short run shows less.
func (s *soak) constant() {
	const warm = 5 * time.Minute
	for _, limit := range soakLimits {
		var points []point
		for _, u := range s.used {
			if u.at >= warm && u.at <= *soakFor {
				points = append(points, point{u.at, limit.of(u)})
			}
		}
		if len(points) < 60 {
			s.t.Log("too short to tell what grows")
			return
		}
		grows, wrong := slope(lows(points, 20))
		s.t.Logf("%s: %.0f %s at first, %.0f at the end of the soak; %+.3f ± %.3f a minute, may be %g",
			limit.what, points[0].value, limit.unit, points[len(points)-1].value, grows, 2*wrong, limit.most)
		if grows-2*wrong > limit.most {
			s.t.Errorf("%s: the program grows by %.3f %s a minute", limit.what, grows, limit.unit)
		}
	}
	for _, owner := range owners {
		var points []point
		for i, by := range s.owned {
			if at := time.Duration(i) * 10 * time.Second; at >= warm {
				points = append(points, point{at, float64(by[owner])})
			}
		}
		grows, wrong := slope(points)
		s.t.Logf("%-28s %8.0f kB at first, %8.0f at the end, %+8.1f ± %.1f a minute", owner, points[0].value, points[len(points)-1].value, grows, 2*wrong)
	}
}

// steady fails the test when a camera that no fault was played on has missed something.
func (s *soak) steady() {
	for _, camera := range []string{"steady", "yard"} {
		grown := func(series string) float64 { return s.last[series] - s.first[series] }
		label := fmt.Sprintf("{camera=%q}", camera)
		frames := grown("rvo_frame_interval_seconds_count" + label)
		gaps := frames - grown(fmt.Sprintf("rvo_frame_interval_seconds_bucket{camera=%q,le=\"%g\"}", camera, soakGap.Seconds()))
		stalls, connects := grown("rvo_camera_stalls_total"+label), grown("rvo_camera_reconnects_total"+label)
		s.t.Logf("%s: %v frames, %v gaps, %v stalls, %v new connections, %v damaged", camera, frames, gaps, stalls, connects, grown("rvo_camera_frames_damaged_total"+label))
		if frames == 0 || gaps > 0 || stalls > 0 || connects > 0 {
			s.t.Errorf("%s, on which no fault was played, has gaps", camera)
		}
	}
}
