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

// fileName returns a name for one path element. It consists of letters, digits, '.',
// '_' and '-', does not start with '.' or '-', and has at most maxName bytes. A name
// that already fits is unchanged. Any other name is changed and marked with a hash, so
// that different names stay different.
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

// clipPath returns the path of an event's clip, relative to the clips directory and
// with slashes.
func clipPath(camera string, at time.Time, id string) string {
	at = at.UTC()
	return path.Join(fileName(camera), at.Format(dateLayout), at.Format(clockLayout)+"_"+fileName(id))
}

// parseClipPath splits a path made by clipPath. It rejects everything else, so an
// accepted path is safe to open and to delete below the clips directory.
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

// isFileName reports whether name is a possible result of fileName.
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
