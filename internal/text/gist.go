package text

import "regexp"

// varying is what differs between lines that say the same: which camera and event, and
// numbers.
var varying = regexp.MustCompile(`( (camera|event)=("[^"]*"|\S*))|[0-9]+(\.[0-9]+)?(ns|µs|ms|s|m|h)?`)

// Gist returns what a message has in common with others that say the same of another
// camera, event or number, so that repeated ones can be folded.
func Gist(message string) string { return varying.ReplaceAllString(message, "#") }
