package e2e

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The owners of resident memory, as far as mappings tell.
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

// slope returns the slope of the straight line through points, per minute, and its
// standard error; both 0 where there are fewer than three.
func slope(points []point) (perMinute, wrong float64) {
	n := float64(len(points))
	if n < 3 {
		return 0, 0
	}
	var x, y float64
	for _, p := range points {
		x += p.at.Minutes() / n
		y += p.value / n
	}
	var xx, xy float64
	for _, p := range points {
		xx += (p.at.Minutes() - x) * (p.at.Minutes() - x)
		xy += (p.at.Minutes() - x) * (p.value - y)
	}
	if xx == 0 {
		return 0, 0
	}
	perMinute = xy / xx
	var rest float64
	for _, p := range points {
		off := p.value - y - perMinute*(p.at.Minutes()-x)
		rest += off * off
	}
	return perMinute, math.Sqrt(rest / (n - 2) / xx)
}

// lows returns the lowest value in each of n parts of the time, at the middle of the
// part: what comes and goes does not count.
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

func TestSlope(t *testing.T) {
	var points []point
	for i := range 60 {
		points = append(points, point{time.Duration(i) * time.Second, 100 + float64(i)/2 + float64(i%10)*7})
	}
	if got, wrong := slope(lows(points, 6)); math.Abs(got-30) > 0.5 || wrong > 1 {
		t.Errorf("slope %v ± %v a minute, want 30", got, wrong)
	}
	if got, wrong := slope(points[:2]); got != 0 || wrong != 0 {
		t.Errorf("slope of two points %v ± %v", got, wrong)
	}
}
