package clips

import (
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"rvo-tui/capture"
)

// niceness records the nice values of the threads on which it is used.
type niceness struct {
	AVI
	mu     sync.Mutex // guards values
	values map[string]int
}

func (n *niceness) note(work string) {
	p, err := syscall.Getpriority(syscall.PRIO_PROCESS, syscall.Gettid())
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.values[work] = 20 - p; err != nil {
		n.values[work] = -1
	}
}

func (n *niceness) Create(path string, tracks []capture.MovieTrack) (capture.MovieWriter, error) {
	n.note("movie")
	return n.AVI.Create(path, tracks)
}

func TestEvidenceIsMadeAtThePriorityAskedFor(t *testing.T) {
	var now niceness
	now.values = map[string]int{}
	now.note("test")
	for _, nice := range []int{0, 7, 19} {
		synctest.Test(t, func(t *testing.T) {
			seen := &niceness{values: map[string]int{}}
			s := newStudio(t, testConfig(t), func(o *Options) { o.Muxer, o.Nice = seen, nice })
			s.pool = capture.NewPool(16, func(pix []byte, width, height, outWidth, outHeight int) ([]byte, error) {
				seen.note("frame")
				return capture.EncodeJPEG(pix, width, height, outWidth, outHeight)
			})
			s.film(time.Second)
			s.save(s.job("a"))
			s.film(3 * time.Second)
			s.drain()
			want := max(nice, now.values["test"])
			if seen.values["movie"] != want || seen.values["frame"] != want {
				t.Errorf("nice %d: %v, want %d for both", nice, seen.values, want)
			}
		})
	}
}
