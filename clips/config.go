package clips

import (
	"fmt"
	"time"

	"rvo-tui/internal/text"
)

// Config is the [clips] section of the configuration.
type Config struct {
	// Dir is where clips are kept. It is created if missing.
	Dir string `toml:"dir"`
	// Before and After are how much time a clip shows around an event. A rule can
	// override them.
	Before text.Duration `toml:"before"`
	After  text.Duration `toml:"after"`
	// Mode selects whether movies are copied from the camera's stream or encoded.
	Mode Mode `toml:"mode"`
	// Sound records sound from cameras that have it.
	Sound bool `toml:"sound"`
	// FPS is the maximum frame rate of an encoded movie.
	FPS float64 `toml:"fps"`
	// MaxWidth is the maximum width of encoded frames, in pixels; 0: as captured.
	MaxWidth int `toml:"max_width"`
	// Frames also saves every frame as a JPEG file next to the movie.
	Frames bool `toml:"frames"`
	// Merge lets an event extend the clip that is being recorded for an earlier event
	// of the same camera. Otherwise each event has its own clip.
	Merge bool `toml:"merge"`
	// RequireMount refuses to start or to write while no file system is mounted at Dir
	// itself.
	RequireMount bool `toml:"require_mount"`
	// Memory is the limit for packets and frames kept in memory, for each camera.
	Memory text.Bytes `toml:"memory"`
	// MaxBytes and MaxAge limit what is kept on disk. MinFree is the space to keep
	// free, together with a tenth of the inodes (16 to 1,000). The oldest clips are
	// deleted first. 0: no limit.
	MaxBytes text.Bytes    `toml:"max_bytes"`
	MaxAge   text.Duration `toml:"max_age"`
	MinFree  text.Bytes    `toml:"min_free"`
}

// Mode is where the video of a clip comes from.
type Mode string

const (
	// ModeAuto copies the camera's stream where browsers can play it in MP4, and
	// encodes the rest.
	ModeAuto Mode = "auto"
	// ModeCopy copies the camera's stream even if browsers cannot play it. Only
	// uncompressed sources are encoded.
	ModeCopy Mode = "copy"
	// ModeEncode encodes everything as H.264, at most FPS and MaxWidth.
	ModeEncode Mode = "encode"
)

// MaxRoll is the maximum of Before and After.
const MaxRoll = 5 * time.Minute

// DefaultConfig returns the default values.
func DefaultConfig() Config {
	return Config{
		Dir:      "evidence",
		Before:   text.Duration(3 * time.Second),
		After:    text.Duration(2 * time.Second),
		Mode:     ModeAuto,
		Sound:    true,
		FPS:      10,
		MaxWidth: 1280,
		Memory:   64 << 20,
		MaxBytes: 2 << 30,
		MaxAge:   text.Duration(7 * 24 * time.Hour),
		MinFree:  1 << 30,
	}
}

// Validate calls bad for every invalid key, with the allowed values.
func (c Config) Validate(bad func(key, problem string)) {
	if c.Dir == "" {
		bad("dir", `is empty; name a directory, as in "evidence"`)
	}
	roll := func(key string, d text.Duration) {
		if d < 0 || time.Duration(d) > MaxRoll {
			bad(key, fmt.Sprintf("is %s; allowed is 0s to %s", d, MaxRoll))
		}
	}
	roll("before", c.Before)
	roll("after", c.After)
	if c.Mode != ModeAuto && c.Mode != ModeCopy && c.Mode != ModeEncode {
		bad("mode", fmt.Sprintf("is %q; allowed are \"auto\", \"copy\" and \"encode\"", c.Mode))
	}
	if !(c.FPS >= 0.1 && c.FPS <= 120) {
		bad("fps", fmt.Sprintf("is %g; allowed is 0.1 to 120 frames a second", c.FPS))
	}
	if c.MaxWidth != 0 && (c.MaxWidth < 16 || c.MaxWidth > 16384) {
		bad("max_width", fmt.Sprintf("is %d; allowed is 0 (as captured) or 16 to 16384 pixels", c.MaxWidth))
	}
	if c.Memory < 1<<20 {
		bad("memory", fmt.Sprintf("is %s; allowed is 1MiB or more", c.Memory))
	}
	switch span := c.Before + c.After; {
	case c.MaxBytes < 0:
		bad("max_bytes", fmt.Sprintf("is %s; allowed is 0 (no bound) or more", c.MaxBytes))
	case span > 0 && !c.Holds(time.Duration(span)):
		bad("max_bytes", fmt.Sprintf("is %s, less than a single clip of %s needs: allowed is 0 (no bound), or %s (256 kbit/s) or more", c.MaxBytes, span, leastBytes(time.Duration(span))))
	}
	if c.MaxAge < 0 {
		bad("max_age", fmt.Sprintf("is %s; allowed is 0s (no bound) or more", c.MaxAge))
	}
	if c.MinFree < 0 {
		bad("min_free", fmt.Sprintf("is %s; allowed is 0 (no bound) or more", c.MinFree))
	}
}

// leanRate is a lower bound for what cameras send, in bytes a second: 256 kbit/s.
const leanRate = 32 << 10

func leastBytes(span time.Duration) text.Bytes { return text.Bytes(span.Seconds() * leanRate) }

// Holds reports whether MaxBytes has room for one clip of length span at leanRate.
func (c Config) Holds(span time.Duration) bool {
	return c.MaxBytes <= 0 || span <= 0 || c.MaxBytes >= leastBytes(span)
}

// step returns the minimum time between two encoded frames.
func (c Config) step() time.Duration { return time.Duration(float64(time.Second) / c.FPS) }
