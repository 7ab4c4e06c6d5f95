package e2e

import (
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// clip is what the tests need of an entry of the index, and of meta.json.
type clip struct {
	ID    string    `json:"event_id"`
	Path  string    `json:"path"`
	Movie string    `json:"movie"`
	Time  time.Time `json:"time"`
	Bytes int64     `json:"bytes"`
	meta  meta
}

type meta struct {
	ID      string    `json:"event_id"`
	Camera  string    `json:"camera"`
	Start   time.Time `json:"start_time"`
	PreRoll roll      `json:"pre_roll_ms"`
	Post    roll      `json:"post_roll_ms"`

	Confirming *int `json:"confirming_frame"`
	Movie      struct {
		File     string `json:"file"`
		Frames   int    `json:"frames"`
		Duration int64  `json:"duration_ms"`
		Width    int    `json:"width"`
		Height   int    `json:"height"`
		Codec    string `json:"codec"`
		Sound    string `json:"sound"`
		Copied   bool   `json:"copied"`
	} `json:"movie"`
}

type roll struct{ Asked, Actual float64 }

// checkClips returns the clips of an ended program. There must be the given number (-1: any), in
// the index and in directories, each complete and with a movie of the stated duration.
func checkClips(t testing.TB, p *program, want int) []clip {
	t.Helper()
	list := exec.Command(binary, "clips", "--json")
	list.Dir, list.Env = p.dir, p.cmd.Env
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the clips: %v", err)
	}
	var all []clip
	for line := range strings.Lines(string(out)) {
		var c clip
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		c.meta = checkClip(t, filepath.Join(p.dir, "evidence", c.Path))
		if c.meta.ID != c.ID {
			t.Errorf("clip of %s at the place of %s", c.meta.ID, c.ID)
		}
		all = append(all, c)
	}
	if n := len(directories(t, p.dir)); want >= 0 && (len(all) != want || n != want) {
		t.Errorf("%d clips in the list, %d in directories, want %d", len(all), n, want)
	}
	if left := leftovers(t, p.dir); len(left) > 0 && want >= 0 {
		t.Errorf("leftovers: %v", left)
	}
	return all
}

// checkClip fails the test if a clip's directory is incomplete.
func checkClip(t testing.TB, dir string) (m meta) {
	t.Helper()
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "meta.json"))), &m); err != nil {
		t.Fatalf("%s: meta.json: %v", dir, err)
	}
	if read(t, filepath.Join(dir, "thumb.jpg")) == "" {
		t.Errorf("%s: no thumb.jpg", dir)
	}
	out, err := exec.Command(tool(t, "ffprobe", "ffmpeg"), "-v", "error", "-count_frames", "-select_streams", "v",
		"-show_entries", "format=duration:stream=nb_read_frames", "-of", "default=noprint_wrappers=1:nokey=1",
		filepath.Join(dir, m.Movie.File)).CombinedOutput()
	f := strings.Fields(string(out))
	if err != nil || len(f) != 2 {
		t.Fatalf("%s: ffprobe: %v, %q", dir, err, out)
	}
	frames, _ := strconv.Atoi(f[0]) // 0 is reported below
	seconds, _ := strconv.ParseFloat(f[1], 64)
	if frames != m.Movie.Frames || math.Abs(seconds*1000-float64(m.Movie.Duration)) > 60 {
		t.Errorf("%s: ffprobe sees %d frames in %v s, meta.json says %d in %d ms", dir, frames, seconds, m.Movie.Frames, m.Movie.Duration)
	}
	return m
}

// directories returns the directories of finished clips.
func directories(t testing.TB, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "evidence", "[^.]*", "*-*-*", "*-*-*_*"))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// leftovers returns the hidden files in the clips directory.
func leftovers(t testing.TB, dir string) (all []string) {
	t.Helper()
	root := filepath.Join(dir, "evidence")
	_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".building") {
			all = append(all, path)
			return fs.SkipDir
		}
		return nil // a file deleted meanwhile is no leftover
	})
	return all
}

// storm makes a short clip every tenth of a second.
const storm = street + `
[[rule]]
event    = "again"
when     = "motion >= 0"
cooldown = "100ms"
before   = "300ms"
after    = "100ms"

[clips]
min_free = "1MiB"
`

func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	tool(t, "ffprobe", "ffmpeg")
	dir, whole := t.TempDir(), 0
	for range 4 {
		p := start(t, setup{dir: dir, config: storm, args: []string{"--no-ui", "--metrics-listen", ""}})
		before := len(directories(t, dir))
		p.until(patience, "clips, and one under way", func() bool {
			return len(directories(t, dir)) >= before+2 && len(leftovers(t, dir)) > 0
		})
		p.signal(syscall.SIGKILL)
		p.status(patience)
		for _, d := range directories(t, dir)[whole:] {
			checkClip(t, d)
		}
		whole = len(directories(t, dir))
		if whole < before+2 {
			t.Errorf("%d clips after the kill, at least %d before it", whole, before+2)
		}
	}
	// At the start, leftovers are finished or removed before new clips come.
	left := len(leftovers(t, dir))
	write(t, filepath.Join(dir, "canary"), "")
	p := start(t, setup{dir: dir, config: street + "\n[[rule]]\nevent = \"never\"\nwhen = \"motion > 2\"\n", args: []string{"--no-ui", "--metrics-listen", ""}})
	p.until(patience, "that nothing is left over", func() bool { return len(leftovers(t, dir)) == 0 })
	p.stop()
	finished := strings.Count(p.stderr.String(), "recovered a clip up to the point")
	removed := strings.Count(p.stderr.String(), "removed a clip that had no content yet") + strings.Count(p.stderr.String(), "a clip is lost")
	if finished+removed != left {
		t.Errorf("%d clips finished and %d removed, of %d that were under way", finished, removed, left)
	}
	checkClips(t, p, whole+finished)
	if _, err := os.Stat(filepath.Join(dir, "canary")); err != nil {
		t.Error("it cleared away what is not its own:", err)
	}
}
