package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var mutations = flag.Int("mutations", 200, "how many sessions with wrong bytes the program is given, and a quarter as many files; make fuzz-program gives 2,000")

// containers are the file formats to test.
var containers = []string{"mp4", "mkv", "ts", "avi", "flv", "mov", "mpg", "webm"}

// mutate returns a corrupted file: changed bytes, a part that is missing, zeroed or duplicated,
// or a truncated end.
func mutate(data []byte, r *rand.Rand) []byte {
	out := append([]byte(nil), data...)
	for range r.IntN(3) + 1 {
		at, n := r.IntN(len(out)), r.IntN(400)+1
		if r.IntN(2) == 0 {
			at = r.IntN(min(len(out), 2000)) // headers are short
		}
		end := min(at+n, len(out))
		switch r.IntN(5) {
		case 0:
			out = out[:max(at, 16)]
		case 1:
			out = append(out[:at:at], out[end:]...)
		case 2:
			out = append(out[:end:end], out[at:]...)
		case 3:
			clear(out[at:end])
		default:
			for range r.IntN(20) + 1 {
				out[r.IntN(end-at)+at] = byte(r.Uint32())
			}
		}
		if len(out) == 0 {
			return []byte{0}
		}
	}
	return out
}

// Corrupted files, in every container, do the program no harm: it continues, as does a healthy
// camera, in bounded memory.
func TestMutatedFiles(t *testing.T) {
	t.Parallel()
	needOpenCV(t)
	ffmpeg := tool(t, "ffmpeg", "ffmpeg")
	dir := t.TempDir()
	var whole [][]byte
	for _, name := range containers {
		file := filepath.Join(dir, "whole."+name)
		args := []string{"-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=2", "-f", "lavfi", "-i", "sine=duration=2", "-shortest", file}
		if out, err := exec.Command(ffmpeg, args...).CombinedOutput(); err != nil {
			t.Fatalf("make %s: %v\n%s", name, err, out)
		}
		whole = append(whole, []byte(read(t, file)))
	}
	const each = 25 // in one process
	for round := range (*mutations/4 + each - 1) / each {
		config := street + "[[camera]]\nname = \"well\"\nsource = \"synthetic:street\"\nwidth = 160\nheight = 90\n"
		for i := range each {
			n := round*each + i
			file := filepath.Join(dir, fmt.Sprintf("%d.%s", i, containers[n%len(containers)]))
			data := mutate(whole[n%len(containers)], rand.New(rand.NewPCG(11, uint64(n))))
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			config += fmt.Sprintf("[[camera]]\nname = \"c%d\"\nsource = %q\nopen_timeout = \"2s\"\nstall_timeout = \"2s\"\n", n, file)
		}
		p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
		well, before := `rvo_camera_frames_total{camera="well"}`, 0.0
		p.until(2*patience, fmt.Sprintf("every file of round %d to be tried, beside a camera that is well", round), func() bool {
			all := p.metrics()
			for i := range each {
				label := fmt.Sprintf("_total{camera=\"c%d\"}", round*each+i)
				if all["rvo_camera_connects"+label]+all["rvo_camera_connect_failures"+label] == 0 {
					before = all[well]
					return false
				}
			}
			return all[well] >= before+90
		})
		if kb := p.usage().memory; kb > 1<<20 {
			t.Errorf("round %d: %d kB are in use", round, kb)
		}
		p.stop()
		if log := p.stderr.String(); strings.Contains(log, "panic") || strings.ContainsAny(log, "\x00\x1b") {
			t.Errorf("round %d:\n%s", round, tail(log))
		}
	}
}

// Corrupted RTSP sessions do the program no harm: it continues, as does a healthy camera, in
// bounded memory.
func TestRTSPMutatedSessions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	t.Parallel()
	needOpenCV(t)
	server := serveRTSP(t, 0, "--size", "320x240")
	proxy := newRTSPProxy(t, &rtspProxy{target: fmt.Sprintf("127.0.0.1:%d", server.port), mutate: mutator(7)})
	config := nice
	for i := range 25 {
		config += fmt.Sprintf("[[camera]]\nname = \"c%d\"\nsource = %q\nopen_timeout = \"1s\"\nstall_timeout = \"1s\"\n", i, proxy.url())
	}
	config += "[[camera]]\nname = \"well\"\nsource = \"synthetic:street\"\nwidth = 160\nheight = 90\n[[detector]]\nname = \"motion\"\nkind = \"motion\"\n"
	p := start(t, setup{config: config, args: []string{"--no-ui", "--metrics-listen", "127.0.0.1:0"}})
	p.until(5*time.Minute+time.Duration(*mutations)*time.Second, fmt.Sprintf("%d sessions", *mutations), func() bool {
		conns, _, _ := proxy.counts()
		return conns >= *mutations
	})
	const well = `rvo_camera_frames_total{camera="well"}`
	frames := p.metrics()[well]
	p.until(patience, "further frames of a camera that is well", func() bool { return p.metrics()[well] > frames+30 })
	if kb := p.usage().memory; kb > 1<<20 {
		t.Errorf("%d kB are in use", kb)
	}
	p.stop()
	if log := p.stderr.String(); strings.Contains(log, "panic") || strings.ContainsAny(log, "\x00\x1b") {
		t.Error(tail(log))
	}
}
