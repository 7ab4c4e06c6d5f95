package tty

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// UnknownZone returns the time zone in TZ if this machine does not know it, in which case Go uses
// UTC. Empty if it is known or TZ is not set.
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
