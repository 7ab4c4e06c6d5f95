package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	soakFor  = flag.Duration("soak", 0, "how long the soak lasts; make soak plays 10 minutes")
	soakSeed = flag.Uint64("soak-seed", 0, "of the order of its faults; 0: any")
	soakFile = flag.String("soak-samples", "", "file for what the program used each second of the soak")
)

// soakGap is the longest time between two frames of a camera without faults.
const soakGap = time.Second

// soakUntouched are the cameras without faults.
var soakUntouched = []string{"steady", "yard"}

// TestSoak runs four cameras with every kind of detector and output, and plays random faults: two
// at a time, one on a camera and one on anything else. The program must recover from each. The
// process must not grow, cameras without faults must miss nothing, every clip must be complete,
// and every event must arrive at every output.
func TestSoak(t *testing.T) {
	if *soakFor == 0 {
		t.Skip("no soak is asked for: -soak DURATION")
	}
	s := newSoak(t)
	defer s.used.judge(t) // whatever else has failed
	s.run()
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
	s.film(len(directories(t, s.dir)))
	s.filmed()
	onDisk := checkClips(t, s.program, -1)
	if left := leftovers(t, s.dir); len(left) > 0 {
		t.Errorf("incomplete clips: %v", left)
	}
	t.Logf("%d events; %d clips, all complete, of which %d are still on disk", len(logged), len(s.clips), len(onDisk))
}

// soak is a run of TestSoak.
type soak struct {
	*daemon
	world   *soakWorld
	players []*player
	begun   time.Time
	first   map[string]float64 // when everything was live
	last    map[string]float64 // the newest metrics
	used    *soakSamples
	gaps    soakGaps
	clips   map[string]string // events of clips that were checked to be complete, by directory
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
	s := &soak{world: newSoakWorld(t), daemon: &daemon{run: run}, used: newSoakSamples(t), clips: map[string]string{}}
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

// run plays faults until the time is over and the program has recovered from the last ones.
func (s *soak) run() {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		s.last = s.metrics()
		at := time.Since(s.begun)
		over, busy := at >= *soakFor, false
		for _, p := range s.players {
			busy = p.step(s.t, time.Now(), s.last, over) || busy
		}
		if over && !busy {
			break
		}
		s.gaps.look(s.last, at)
		if !over {
			s.used.add(s, at)
		}
		s.film(1)
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

// film fails the test if a new clip is incomplete. It checks clips early, before they are deleted
// for others, and up to a number of them.
func (s *soak) film(most int) {
	for _, dir := range directories(s.t, s.dir) {
		if _, known := s.clips[dir]; known || most == 0 {
			continue
		}
		s.clips[dir] = checkClip(s.t, dir).ID
		most--
	}
}

// filmed fails the test if a confirmed event of a camera without faults has neither a clip nor a
// log line that says why.
func (s *soak) filmed() {
	saved, log := map[string]bool{}, s.stderr.String()
	for _, id := range s.clips {
		saved[id] = true
	}
	confirmed, missing := 0, 0
	for _, e := range events(s.t, s.stdout.lines()) {
		if e.Type != "seen" || e.Phase != "confirmed" || !slices.Contains(soakUntouched, e.Camera) {
			continue
		}
		confirmed++
		if saved[e.ID] {
			continue
		}
		missing++
		if !strings.Contains(log, `msg="an event has no clip" event=`+e.ID+" ") {
			s.t.Errorf("event %s of %s, on which no fault was played, has no clip, and the log says nothing of it", e.ID, e.Camera)
		}
	}
	s.t.Logf("%d confirmed events of %v, %d of them without a clip", confirmed, soakUntouched, missing)
	if confirmed == 0 {
		s.t.Errorf("no event of %v was confirmed", soakUntouched)
	}
}

// steady fails the test if a camera without faults has missed something.
func (s *soak) steady() {
	for _, camera := range soakUntouched {
		grown := func(series string) float64 { return s.last[series] - s.first[series] }
		label := fmt.Sprintf("{camera=%q}", camera)
		frames, gaps := grown("rvo_frame_interval_seconds_count"+label), s.gaps.own[camera]
		stalls, connects := grown("rvo_camera_stalls_total"+label), grown("rvo_camera_reconnects_total"+label)
		s.t.Logf("%s: %v frames, %v gaps, and %v while the machine stood still, %v stalls, %v new connections, %v damaged",
			camera, frames, gaps, s.gaps.machine[camera], stalls, connects, grown("rvo_camera_frames_damaged_total"+label))
		if frames == 0 || gaps > 0 || stalls > 0 || connects > 0 {
			s.t.Errorf("%s, on which no fault was played, has gaps or was reconnected", camera)
		}
	}
}
