package tty

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// UnknownZone returns the time zone that TZ asks for where it is not known; then Go's times
// are in UTC. Empty: it is known, or none is asked for.
func UnknownZone(getenv func(string) string) string {
	zone := strings.TrimPrefix(getenv("TZ"), ":")
	if zone == "" {
		return ""
	}
	if filepath.IsAbs(zone) {
		if _, err := os.Stat(zone); err == nil {
			return ""
		}
		return zone
	}
	if _, err := time.LoadLocation(zone); err != nil {
		return zone
	}
	return ""
}
