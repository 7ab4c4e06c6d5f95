package text

import "regexp"

// varying matches what may differ between lines with the same message: camera, event and numbers.
var varying = regexp.MustCompile(`( (camera|event)=("[^"]*"|\S*))|[0-9]+(\.[0-9]+)?(ns|µs|ms|s|m|h)?`)

// Gist replaces camera, event and numbers in a message by "#". Messages with the same gist can be
// folded.
func Gist(message string) string { return varying.ReplaceAllString(message, "#") }
