package child

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"

	"rvo-tui/internal/text"
)

// Limits for a child's output in the log.
const (
	maxLine      = 1000 // maximum bytes of a line; the rest is cut off
	linesASecond = 10   // lines logged, after a burst of twice as many
)

// relay reads lines until the end, passes them on and closes r. Lines are cleaned of
// control characters and of passwords in addresses, and truncated. read gets all of
// them, emit those within the rate; the next line, or the end, reports how many were
// dropped. It never stops reading, so a child that prints much is not blocked.
func relay(r io.ReadCloser, read, emit func(line string)) {
	defer r.Close()
	b := bucket{tokens: 2 * linesASecond}
	left := 0
	tell := func() {
		if left > 0 {
			emit(fmt.Sprintf("(%d lines left out: too many at once)", left))
			left = 0
		}
	}
	defer tell()
	in := bufio.NewReaderSize(r, maxLine)
	for cut := false; ; {
		part, err := in.ReadSlice('\n')
		rest := cut
		cut = errors.Is(err, bufio.ErrBufferFull)
		if line := text.Clean(text.RedactLine(string(part))); line != "" && !rest {
			read(line)
			if b.take(time.Now()) {
				tell()
				emit(line)
			} else {
				left++
			}
		}
		if err != nil && !cut {
			return
		}
	}
}

// bucket is a token bucket. It belongs to one goroutine.
type bucket struct {
	tokens float64
	at     time.Time
}

func (b *bucket) take(now time.Time) bool {
	if !b.at.IsZero() {
		b.tokens = min(b.tokens+now.Sub(b.at).Seconds()*linesASecond, 2*linesASecond)
	}
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
