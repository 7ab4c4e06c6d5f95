package detectors

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"rvo-tui/internal/option"
	"rvo-tui/internal/text"
)

// Limits of a detector's rate, in runs per second, and of its durations.
const (
	MaxRate    = 10_000
	minTTL     = 10 * time.Millisecond
	maxTTL     = time.Hour
	minTimeout = 10 * time.Millisecond
	maxTimeout = 10 * time.Minute
)

// Limits of a detector's process: memory in MiB, and processors.
const (
	minMemory = 1024
	maxMemory = 1 << 20
	maxCPUs   = 1024
)

// Validate reports every problem of c, each with its configuration key and the allowed
// values. The caller must check what depends on the rest of the configuration: unique
// names, known cameras, signals used in needs.
func (c Config) Validate(kinds Kinds, bad func(key, problem string)) {
	c.checkCommon(bad)
	k, ok := kinds[c.Kind]
	if !ok {
		bad("kind", unknownKind(c.Kind, kinds))
		return
	}
	if k.Absent != nil {
		bad("kind", absentKind(k))
		return
	}
	filled := c.Fill(k)
	if reflect.TypeOf(filled.Options) != reflect.TypeOf(k.Defaults.Options) {
		bad("kind", fmt.Sprintf("%q does not accept the keys of another kind", c.Kind))
		return
	}
	if filled.MaxFPS > 0 && c.TTL > 0 && TooShort(time.Duration(c.TTL), filled.MaxFPS) {
		bad("ttl", fmt.Sprintf("%v is shorter than the time between two runs (max_fps = %v), so the signal would be unknown in between; raise it, or leave it out for three times that", c.TTL, filled.MaxFPS))
	}
	filled.checkChoices(option.List(filled.Options), bad)
	filled.checkProcess(k, bad)
	filled.checkCrops(k, bad)
	key := "signal"
	if c.Signal == "" {
		key = "name"
	}
	for _, name := range filled.provides(k) {
		if !ValidName(name) && c.Name != "" && strings.HasPrefix(name, filled.Signal) {
			problem := fmt.Sprintf("%q cannot name a signal: use a letter, then letters, digits and underscores, at most 64 in all", name)
			if key == "name" {
				problem += ", or set signal"
			}
			bad(key, problem)
			break
		}
	}
	if k.Check != nil {
		k.Check(filled, bad)
	}
}

func (c Config) checkCommon(bad func(key, problem string)) {
	if !validName(c.Name) {
		bad("name", fmt.Sprintf("%q cannot name a detector: use letters, digits, underscores, dashes and dots, at most 64 in all", c.Name))
	}
	if slices.Contains(c.Cameras, "") {
		bad("cameras", "has an empty name; leave the key out for all cameras")
	}
	if slices.Contains(c.DisabledOn, "") {
		bad("disabled_on", "has an empty name; leave it out")
	}
	for _, need := range c.Needs {
		if strings.TrimSpace(need) == "" {
			bad("needs", "has an empty condition; write one as in \"motion > 0.01\"")
			break
		}
	}
	if c.MaxFPS != 0 && !(c.MaxFPS > 0 && c.MaxFPS <= MaxRate) {
		bad("max_fps", fmt.Sprintf("%v is out of range: above 0, at most %d a second", c.MaxFPS, MaxRate))
	}
	inRange("ttl", c.TTL, minTTL, maxTTL, bad)
	inRange("timeout", c.Timeout, minTimeout, maxTimeout, bad)
	c.checkChoices(Common(), bad)
}

// checkProcess checks settings for and against a process of its own. It requires a
// filled c.
func (c Config) checkProcess(k Kind, bad func(key, problem string)) {
	switch {
	case k.Remote && c.Isolation == ProcessIsolation:
		bad("isolation", fmt.Sprintf("kind %q already runs outside this program; leave it out", c.Kind))
	case !c.InProcess(k):
		if c.MaxMemory != 0 {
			bad("max_memory", "applies to a process of its own; set isolation = \"process\"")
		}
		if c.MaxCPUs != 0 {
			bad("max_cpus", "applies to a process of its own; set isolation = \"process\"")
		}
	case c.Execution == Inline:
		bad("execution", "a detector in a process of its own runs in a worker; leave it out")
	case c.MaxMemory < minMemory || c.MaxMemory > maxMemory:
		bad("max_memory", fmt.Sprintf("%d is out of range: %d to %d MiB", c.MaxMemory, minMemory, maxMemory))
	case c.MaxCPUs < 0 || c.MaxCPUs > maxCPUs:
		bad("max_cpus", fmt.Sprintf("%d is out of range: 1 to %d processors, or 0 for all", c.MaxCPUs, maxCPUs))
	}
}

// checkCrops checks settings for and against crops_of. It requires a filled c.
func (c Config) checkCrops(k Kind, bad func(key, problem string)) {
	switch {
	case c.CropsOf == "" && c.MaxCrops != 0:
		bad("max_crops", "applies to boxes; set crops_of to the signal that has them")
	case c.CropsOf == "":
	case len(c.Mask)+len(c.Zones) > 0:
		bad("crops_of", "cannot be combined with mask or zones; set those on the detector that finds the boxes")
	case !ValidName(c.CropsOf):
		bad("crops_of", fmt.Sprintf("%q cannot be a signal: use a letter, then letters, digits and underscores, at most 64 in all", text.Clean(c.CropsOf)))
	case !k.Crops:
		bad("crops_of", fmt.Sprintf("kind %q compares frames with each other and cannot look at boxes; leave it out", c.Kind))
	case slices.Contains(c.provides(k), c.CropsOf):
		bad("crops_of", fmt.Sprintf("%q is its own signal; name that of another detector", c.CropsOf))
	case c.Execution == Inline:
		bad("execution", "a detector with crops_of runs in a worker; leave it out")
	case c.MaxCrops < 1 || c.MaxCrops > maxCrops:
		bad("max_crops", fmt.Sprintf("%d is out of range: 1 to %d boxes", c.MaxCrops, maxCrops))
	}
}

// checkChoices checks keys that have a fixed set of values.
func (c Config) checkChoices(list []option.Option, bad func(key, problem string)) {
	for _, o := range list {
		if len(o.Choices) == 0 {
			continue
		}
		if problem := o.Choice(option.Text(c.Value(o.Key))); problem != "" {
			bad(o.Key, problem)
		}
	}
}

func inRange(key string, d text.Duration, least, most time.Duration, bad func(key, problem string)) {
	if d != 0 && (d < text.Duration(least) || d > text.Duration(most)) {
		bad(key, fmt.Sprintf("%v is out of range: %v to %v", d, least, most))
	}
}

func unknownKind(kind string, kinds Kinds) string {
	names := kinds.Names()
	if kind == "" {
		return "is missing; choose " + text.Quoted(names, "or")
	}
	return fmt.Sprintf("%q is not a kind of detector; known kinds are %s%s", kind, text.Quoted(names, "and"), text.DidYouMean(kind, names))
}

func absentKind(k Kind) string {
	return fmt.Sprintf("%q is not available in this build, which was %v", k.Name, k.Absent)
}

// validName reports whether name is a valid detector name.
func validName(name string) bool {
	for i, r := range []byte(name) {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9'
		if !letter && (i == 0 || r != '_' && r != '-' && r != '.') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
