// Command track runs the tracker over recorded answers of a detector, for
// compare.py beside it.
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
	flag.Float64Var(&cfg.High, "high", 0, "score from which a detection begins a track by itself; 0: the default")
	flag.IntVar(&cfg.Confirm, "confirm", 0, "answers that must have a thing; 0: the default")
	flag.DurationVar(&cfg.Coast, "coast", 0, "how long a track is present after the last answer that had it; 0: the default")
	flag.DurationVar(&cfg.Keep, "keep", 0, "how long it can be found again; 0: the default")
	flag.Parse()
	if err := replay(cfg, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "track:", err)
		os.Exit(1)
	}
}

// answer is a line of the input.
type answer struct {
	Run   int                   `json:"run"` // a tracker for each
	At    time.Duration         `json:"at_ns"`
	Found []detectors.Detection `json:"found"`
}

// present is a track in a line of the output.
type present struct {
	ID  uint64        `json:"id"`
	Box detectors.Box `json:"box"`
}

// replay writes, for each answer that it reads, the tracks that are present then.
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
