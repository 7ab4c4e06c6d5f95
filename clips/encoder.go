package clips

import (
	"context"
	"iter"
	"time"
)

// An Encoder writes the movie of a clip. One goroutine at a time uses it, off
// the live path, on a thread of low priority. Its methods name standard types
// alone, so that a package which knows nothing of clips can have one.
type Encoder interface {
	// Ext is how the names of its files end: ".mp4", ".avi".
	Ext() string
	// Encode writes the pictures to a new file at path, on a constant grid of
	// fps pictures a second. Every picture is a JPEG file and comes with how
	// many places of the grid it fills, at least 1; all of one movie have the
	// same size, which may be odd (crop or pad by one where the codec wants even
	// sizes). The bytes are shared: read-only, and not to be kept after the next
	// picture is asked for. There is at least one picture.
	//
	// It returns soon after the context ends, with an error. An error leaves the
	// file as it is; the caller removes it. An error that is
	// errors.ErrUnsupported means that this machine lacks the codec and that no
	// other try will go better: the Recorder then falls back to AVI.
	Encode(ctx context.Context, path string, fps float64, frames iter.Seq2[[]byte, int]) error
	// Verify opens the file again and reads it to its end, decoding at least the
	// first and the last picture. It returns how many pictures it has and how
	// long they play. A file that is cut short is an error or a smaller count,
	// whether or not Encode reported one.
	Verify(ctx context.Context, path string) (frames int, duration time.Duration, err error)
}
