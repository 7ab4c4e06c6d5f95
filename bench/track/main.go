// Command track runs the tracker on recorded detector results, for compare.py in this directory.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"rvo-tui/detectors"
	"rvo-tui/detectors/track"
)

func main() {
	cfg := track.Config{TTL: time.Second, Period: 67 * time.Millisecond}
	flag.Float64Var(&cfg.High, "high", 0, "minimum score of a detection that starts a track; 0: the default")
	flag.IntVar(&cfg.Confirm, "confirm", 0, "results that must contain an object to confirm it; 0: the default")
	flag.DurationVar(&cfg.Coast, "coast", 0, "how long a track stays present after its last detection; 0: the default")
	flag.DurationVar(&cfg.Keep, "keep", 0, "how long a lost track can be found again; 0: the default")
	flag.Parse()
	if err := replay(cfg, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "track:", err)
		os.Exit(1)
	}
}

// answer is a line of the input.
type answer struct {
	Run   int                   `json:"run"` // each run has its own tracker
	At    time.Duration         `json:"at_ns"`
	Found []detectors.Detection `json:"found"`
}

// present is a track in a line of output.
type present struct {
	ID  uint64        `json:"id"`
	Box detectors.Box `json:"box"`
}

// replay writes the tracks present after each result that it reads.
func replay(cfg track.Config, in io.Reader, out io.Writer) error {
	r, run := track.New(cfg), 0
	lines, buffered := json.NewDecoder(bufio.NewReader(in)), bufio.NewWriter(out)
	write := json.NewEncoder(buffered)
	for {
		var a answer
		if err := lines.Decode(&a); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		if a.Run != run {
			r, run = track.New(cfg), a.Run
		}
		r.Update(a.At, a.Found)
		tracks := []present{}
		for t := range r.Tracks() {
			if t.Present() {
				tracks = append(tracks, present{t.ID, t.Box})
			}
		}
		if err := write.Encode(tracks); err != nil {
			return fmt.Errorf("write tracks: %w", err)
		}
	}
}
