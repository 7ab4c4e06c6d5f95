package e2e

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The owners of resident memory, as far as mappings show.
const (
	ownGo     = "Go heap"
	ownMain   = "malloc, main arena"
	ownArenas = "malloc, arenas of threads"
	ownMapped = "mapped by malloc and others"
	ownCode   = "program and libraries"
	ownFiles  = "other files"
)

var owners = []string{ownGo, ownMain, ownArenas, ownMapped, ownCode, ownFiles}

// resident returns the resident memory of a process in kB, by owner.
func resident(t testing.TB, pid int) map[string]int {
	t.Helper()
	f, err := os.Open(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	by := make(map[string]int)
	owner := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if from, _, ok := strings.Cut(words[0], "-"); ok && !strings.HasSuffix(words[0], ":") {
			owner = ownerOf(from, words)
		} else if words[0] == "Rss:" {
			by[owner] += number(t, words[1])
		}
	}
	return by
}

// ownerOf returns who owns the mapping of a line of smaps, which begins at an address.
func ownerOf(from string, words []string) string {
	const arena = 64 << 20 // where an arena of glibc begins
	at, _ := strconv.ParseUint(from, 16, 64)
	name := ""
	if len(words) > 5 {
		name = words[5]
	}
	switch {
	case name == "[heap]":
		return ownMain
	case name == "" && at>>32 == 0:
		return ownCode // its variables
	case name == "" && at>>40 < 0x70: // the system maps from 0x7f… downwards
		return ownGo
	case strings.Contains(name, ".so") || strings.HasSuffix(name, "/rvo-tui"):
		return ownCode
	case strings.HasPrefix(name, "/"):
		return ownFiles
	case name == "" && at%arena == 0:
		return ownArenas
	}
	return ownMapped
}

// point is a measured value.
type point struct {
	at    time.Duration
	value float64
}

// trend is the growth per minute, with its 95 % confidence interval.
type trend struct{ perMinute, least, most float64 }

// theilSen returns the trend of points: the median of the slopes between all pairs, which is
// robust to outliers, with the interval of Kendall's test. It is 0 with fewer than three points.
func theilSen(points []point) trend {
	n := len(points)
	if n < 3 {
		return trend{}
	}
	var slopes []float64
	for i, p := range points {
		for _, q := range points[i+1:] {
			slopes = append(slopes, (q.value-p.value)/(q.at-p.at).Minutes())
		}
	}
	slices.Sort(slopes)
	pairs := len(slopes)
	wide := 1.96 * math.Sqrt(float64(n*(n-1)*(2*n+5))/18)
	off := max(0, int((float64(pairs)-wide)/2)-1) // from either end
	return trend{(slopes[(pairs-1)/2] + slopes[pairs/2]) / 2, slopes[off], slopes[pairs-1-off]}
}

// lows returns the lowest value in each of n parts of the time, at the middle of the part, which
// ignores temporary peaks.
func lows(points []point, n int) (lowest []point) {
	for i := range n {
		part := points[i*len(points)/n : (i+1)*len(points)/n]
		if len(part) == 0 {
			continue
		}
		low := point{part[len(part)/2].at, part[0].value}
		for _, p := range part {
			low.value = min(low.value, p.value)
		}
		lowest = append(lowest, low)
	}
	return lowest
}

func TestTheilSen(t *testing.T) {
	minutes := func(n int, value func(i int) float64) (points []point) {
		for i := range n {
			points = append(points, point{time.Duration(i) * time.Second, value(i)})
		}
		return points
	}
	saw := func(i int) float64 { return float64(i%10) * 7 }
	for name, test := range map[string]struct {
		points    []point
		want      float64
		surely    bool // it grows or shrinks
		tolerance float64
	}{
		"level":                    {lows(minutes(1200, func(i int) float64 { return 100 + saw(i) }), 20), 0, false, 0},
		"growing":                  {lows(minutes(1200, func(i int) float64 { return 100 + float64(i)/2 + saw(i) }), 20), 30, true, 0.5},
		"growing, with outliers":   {lows(minutes(1200, func(i int) float64 { return float64(i)/2 + float64(i/300%2*i%7)*50 }), 20), 30, true, 3},
		"level, high at the end":   {lows(minutes(1200, func(i int) float64 { return float64(i / 1150 * 1000) }), 20), 0, false, 0},
		"one more in ten minutes":  {lows(minutes(1200, func(i int) float64 { return float64(30 + i/600) }), 20), 0, false, 0.1},
		"five more in ten minutes": {lows(minutes(1200, func(i int) float64 { return float64(30 + i/120) }), 20), 0.5, true, 0.05},
		"two points":               {minutes(2, saw), 0, false, 0},
	} {
		got := theilSen(test.points)
		if math.Abs(got.perMinute-test.want) > test.tolerance || got.least > got.perMinute || got.most < got.perMinute {
			t.Errorf("%s: %+v a minute, want %v", name, got, test.want)
		}
		if surely := got.least > 0 || got.most < 0; surely != test.surely {
			t.Errorf("%s: %+v excludes 0: %v, want %v", name, got, surely, test.surely)
		}
	}
}
