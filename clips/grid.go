package clips

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math"
	"slices"
	"time"

	"golang.org/x/image/draw"

	"rvo-tui/capture"
)

// shown is a picture in the movie and how many places of the grid it fills.
type shown struct {
	picture
	repeat int
}

// layOut puts pictures, which are in order of time, on a grid that starts with
// the first of them. Where several belong to one place, one of the IDs
// confirm is shown, else the nearest; a place without a picture shows the one
// before it again. It returns what is shown and how many places there are.
func layOut(pictures []picture, step time.Duration, confirm []uint64) (movie []shown, places int) {
	base := pictures[0].ts
	place := func(p picture) int { return int(math.Round(float64(p.ts-base) / float64(step))) }
	off := func(p picture) time.Duration { return (p.ts - base - time.Duration(place(p))*step).Abs() }
	for _, p := range pictures {
		if n := len(movie); n > 0 {
			last := &movie[n-1]
			if gap := place(p) - place(last.picture); gap > 0 {
				last.repeat = gap
			} else {
				if !slices.Contains(confirm, last.id) && (slices.Contains(confirm, p.id) || off(p) < off(last.picture)) {
					last.picture = p
				}
				continue
			}
		}
		movie = append(movie, shown{p, 1})
	}
	return movie, place(movie[len(movie)-1].picture) + 1
}

// unify scales every picture of a movie whose stream changed its size to the
// size of the picture lead.
func unify(movie []shown, lead picture) error {
	width, height := lead.width, lead.height
	for i := range movie {
		s := &movie[i]
		if s.width == width && s.height == height {
			continue
		}
		src, err := jpeg.Decode(bytes.NewReader(s.jpeg))
		if err != nil {
			return fmt.Errorf("scale frame %d: %w", s.id, err)
		}
		dst := image.NewRGBA(image.Rect(0, 0, width, height))
		draw.ApproxBiLinear.Scale(dst, dst.Bounds(), src, src.Bounds(), draw.Src, nil)
		var out bytes.Buffer
		if err := jpeg.Encode(&out, dst, &jpeg.Options{Quality: capture.JPEGQuality}); err != nil {
			return fmt.Errorf("scale frame %d: %w", s.id, err)
		}
		s.jpeg, s.width, s.height = out.Bytes(), width, height
	}
	return nil
}
