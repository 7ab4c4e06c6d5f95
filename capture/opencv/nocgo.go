//go:build !cgo

package opencv

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"rvo-tui/capture"
	"rvo-tui/internal/text"
)

// Drivers returns openers that answer ErrBuiltWithout and capture.ErrUnsupported.
func Drivers(*slog.Logger) capture.Drivers {
	open := func(_ context.Context, cfg capture.Config, _ capture.Address) (capture.Connection, error) {
		return nil, fmt.Errorf("open source %s: %w: %w", text.Redact(cfg.Source), capture.ErrUnsupported, ErrBuiltWithout)
	}
	return capture.Drivers{capture.KindRTSP: open, capture.KindFile: open}
}

// Movie answers ErrBuiltWithout and errors.ErrUnsupported.
type Movie struct{}

var errMovie = fmt.Errorf("%w: %w", errors.ErrUnsupported, ErrBuiltWithout)

// Ext returns ".mp4".
func (Movie) Ext() string { return ".mp4" }

// Encode answers ErrBuiltWithout.
func (Movie) Encode(context.Context, string, float64, iter.Seq2[[]byte, int]) error {
	return fmt.Errorf("encode movie: %w", errMovie)
}

// Verify answers ErrBuiltWithout.
func (Movie) Verify(context.Context, string) (int, time.Duration, error) {
	return 0, 0, fmt.Errorf("verify movie: %w", errMovie)
}

// Version returns the version of OpenCV that the program was built with, empty
// when it was built without.
func Version() string { return "" }
