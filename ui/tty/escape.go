package tty

import (
	"time"
	"unicode/utf8"
)

const (
	escWait  = 100 * time.Millisecond // for more bytes after ESC; then it counts as the Esc key
	tornWait = time.Second            // for the rest of a sequence whose ESC counted as the key
	restWait = 5 * time.Second        // for the next byte of a sequence
	heldMost = 8 << 10                // maximum length of a sequence in bytes; longer ones are dropped
)

const (
	esc = 0x1b
	bel = 0x07
)

// escKey is the Esc key, encoded as a complete sequence that later bytes cannot extend.
const escKey = "\x1b[27u"

// filter reassembles the escape sequences that a terminal sends, however they were split on the
// way. A lone ESC counts as the Esc key after escWait. If it was the start of a sequence after all,
// the rest is dropped, so that it is not mistaken for keys. Callers pass the time.
type filter struct {
	held []byte    // an incomplete sequence or character; begins with ESC even if torn
	last time.Time // arrival of its last byte
	torn bool      // its ESC was passed on as the Esc key: drop the rest
	key  time.Time // when a lone ESC was passed on; zero if other bytes followed
}

// feed handles input that arrived at a time. It appends complete sequences to out and returns
// it.
func (f *filter) feed(now time.Time, in, out []byte) []byte {
	out = f.expire(now, out)
	for _, b := range in {
		if len(f.held) == 0 && !f.key.IsZero() && now.Sub(f.key) < tornWait && introduces(b) {
			f.held, f.torn = append(f.held, esc), true
		}
		f.key = time.Time{}
		f.held, f.last = append(f.held, b), now
		out = f.pass(out)
	}
	return out
}

// expire appends what has waited long enough for more bytes.
func (f *filter) expire(now time.Time, out []byte) []byte {
	if len(f.held) == 0 || now.Before(f.deadline()) {
		return out
	}
	switch {
	case f.torn && len(f.held) == 2: // a key pressed right after Esc
		out = append(out, f.held[1])
	case f.held[0] == esc && len(f.held) == 1, f.held[0] == esc && len(f.held) == 2 && f.held[1] == esc:
		for range f.held {
			out = append(out, escKey...)
		}
		f.key = f.last.Add(escWait)
	}
	f.drop(len(f.held))
	return out
}

// deadline returns when to call expire; zero: not needed.
func (f *filter) deadline() time.Time {
	switch {
	case len(f.held) == 0:
		return time.Time{}
	case f.torn && len(f.held) == 2:
		return f.last.Add(tornWait)
	case f.held[len(f.held)-1] == esc && len(f.held) <= 2:
		return f.last.Add(escWait)
	}
	return f.last.Add(restWait)
}

func (f *filter) drop(n int) {
	f.held = f.held[:copy(f.held, f.held[n:])]
	f.torn = false
}

// pass appends the complete sequences among the held bytes to out.
func (f *filter) pass(out []byte) []byte {
	for len(f.held) > 0 {
		n, state := scan(f.held)
		switch {
		case f.torn && !continues(f.held): // they are keys
			out = append(out, f.held[1])
			f.drop(2)
			continue
		case state == more:
			if len(f.held) > heldMost {
				f.held, f.torn = append(f.held[:3], f.held[len(f.held)-1]), true
			}
			return out
		case state == whole && n == 1 && f.held[0] == esc:
			out = append(out, escKey...)
		case state == whole && !f.torn:
			out = append(out, f.held[:n]...)
		}
		f.drop(n)
	}
	return out
}

// introduces reports whether ESC and this byte begin a sequence that terminals send.
func introduces(b byte) bool {
	switch b {
	case '[', ']', 'O', 'P', '_':
		return true
	}
	return false
}

// continues reports whether bytes after a torn ESC look like the rest of a sequence rather than
// keys.
func continues(b []byte) bool {
	if len(b) < 3 {
		return true
	}
	c := b[2]
	switch b[1] {
	case '[':
		return c >= '0' && c <= '?' || c >= 'A' && c <= 'Z' || c == '['
	case 'O':
		return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'j' && c <= 'y'
	case ']':
		return c >= '0' && c <= '9'
	case 'P':
		return c >= '0' && c <= '?' || c == '!' || c == '$' || c == '+' || c == '|'
	case '_':
		return c == 'G'
	}
	return false
}

// state is the result of scan.
type state int

const (
	more   state = iota // incomplete
	whole               // a sequence or character
	broken              // no terminal sends it
)

// scan returns the length and state of the sequence or character at the beginning of b.
func scan(b []byte) (int, state) {
	if b[0] != esc {
		if !utf8.FullRune(b) {
			return 0, more
		}
		if r, n := utf8.DecodeRune(b); r == utf8.RuneError && n == 1 {
			return 1, broken
		} else {
			return n, whole
		}
	}
	if len(b) == 1 {
		return 0, more
	}
	switch b[1] {
	case esc: // with alt, or pressed twice
		if len(b) == 2 {
			return 0, more
		}
		if !introduces(b[2]) {
			return 1, whole
		}
		n, s := scan(b[1:])
		return n + 1, s
	case '[':
		return scanCSI(b)
	case 'O':
		switch {
		case len(b) < 3:
			return 0, more
		case b[2] < '0' || b[2] > '9':
			return 3, whole
		case len(b) < 4:
			return 0, more
		}
		return 4, whole
	case ']', 'P', '_':
		return scanText(b)
	}
	n, s := scan(b[1:]) // with alt
	return n + 1, s
}

// scanCSI finds the end of a control sequence.
func scanCSI(b []byte) (int, state) {
	fixed := func(n int) (int, state) {
		if len(b) < n {
			return 0, more
		}
		return n, whole
	}
	for i := 2; i < len(b); i++ {
		switch c := b[i]; {
		case c == '[' && i == 2: // a function key of the Linux console
			return fixed(4)
		case c == 'M' && i == 2: // the mouse of old terminals
			return fixed(6)
		case c == '$' && b[2] != '?': // a key of rxvt
			return i + 1, whole
		case c >= 0x40 && c <= 0x7e:
			return i + 1, whole
		case c < 0x20 || c > 0x7e:
			return i, broken
		}
	}
	return 0, more
}

// scanText finds the end of a string sequence (such as OSC), which ends with ESC \ or BEL.
func scanText(b []byte) (int, state) {
	for i := 2; i < len(b); i++ {
		switch {
		case b[i] == bel:
			return i + 1, whole
		case b[i] == 0x18 || b[i] == 0x1a: // cancelled
			return i + 1, broken
		case b[i] == esc && i+1 < len(b):
			if b[i+1] == '\\' {
				return i + 2, whole
			}
			return i, broken
		}
	}
	return 0, more
}
