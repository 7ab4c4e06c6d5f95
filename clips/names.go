package clips

import (
	"fmt"
	"hash/fnv"
	"path"
	"strings"
	"time"
)

const (
	maxName     = 96
	dateLayout  = "2006-01-02"
	clockLayout = "15-04-05"
)

// fileName returns a name for one path element that is made of letters, digits,
// '.', '_' and '-' alone, starts with none of '.' and '-', and is at most
// maxName bytes long. A name that has all this is returned as it is; any other
// one is changed, and marked with a hash so that different names stay different.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, name)
	if clean != "" && (clean[0] == '.' || clean[0] == '-') {
		clean = "_" + clean[1:]
	}
	if clean == name && name != "" && len(name) <= maxName {
		return name
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	return fmt.Sprintf("%.80s~%08x", clean, h.Sum32())
}

// clipPath returns where the clip of an event belongs, relative to the clips
// directory and with slashes.
func clipPath(camera string, at time.Time, id string) string {
	at = at.UTC()
	return path.Join(fileName(camera), at.Format(dateLayout), at.Format(clockLayout)+"_"+fileName(id))
}

// parseClipPath takes a path that clipPath made apart. It fails for every path
// that clipPath cannot have made, so what it accepts is safe to open and to
// delete below the clips directory.
func parseClipPath(p string) (camera string, at time.Time, id string, ok bool) {
	parts := strings.Split(p, "/")
	if len(parts) != 3 {
		return "", time.Time{}, "", false
	}
	clock, id, found := strings.Cut(parts[2], "_")
	at, err := time.Parse(dateLayout+" "+clockLayout, parts[1]+" "+clock)
	if !found || err != nil || !isFileName(parts[0]) || !isFileName(id) {
		return "", time.Time{}, "", false
	}
	return parts[0], at, id, true
}

// isFileName reports whether fileName can have returned name.
func isFileName(name string) bool {
	body := name
	if i := len(name) - 9; i >= 0 && name[i] == '~' && strings.Trim(name[i+1:], "0123456789abcdef") == "" {
		body = name[:i]
		if body == "" {
			return true
		}
	}
	return len(name) <= maxName && body != "" && fileName(body) == body
}
