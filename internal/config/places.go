package config

import (
	"fmt"
	"slices"
	"strconv"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
)

// place is a zone or a line.
type place struct {
	origin
	name, where string
	cameras     []string
}

func (b *builder) allZones() []place {
	all := make([]place, len(b.cfg.Zone))
	for i, z := range b.cfg.Zone {
		all[i] = place{b.zones[i], z.Name, zoneLabel(z, i), z.Cameras}
	}
	return all
}

func (b *builder) allLines() []place {
	all := make([]place, len(b.cfg.Line))
	for i, l := range b.cfg.Line {
		all[i] = place{b.lines[i], l.Name, lineLabel(l, i), l.Cameras}
	}
	return all
}

// checkPlaces reports duplicate zones and lines on a camera, cameras with too many of them, and
// detectors with zones that one of their cameras does not have.
func (b *builder) checkPlaces() {
	b.checkOnce("zone", b.allZones())
	b.checkOnce("line", b.allLines())
	for i, z := range b.cfg.Zone {
		if z.Privacy && b.cfg.Clips.Mode == clips.ModeCopy {
			b.of(b.section("clips", "mode"), "clips", "mode", fmt.Sprintf(
				"\"copy\" keeps the camera's video, which shows the private %s; set \"auto\", which encodes the clips of its cameras, or \"encode\"", zoneLabel(z, i)))
			break
		}
	}
	if b.broken["zone"] {
		return
	}
	zones := b.allZones()
	for i, c := range b.cfg.Detector {
		o, where := b.detectors[i], b.detectorAt(i)
		for _, key := range []struct {
			name  string
			zones []string
		}{{"mask", c.Mask}, {"zones", c.Zones}} {
			for n, zone := range key.zones {
				if problem := b.missing("zone", zone, zones, c.Cameras); problem != "" {
					b.of(o, where, fmt.Sprintf("%s[%d]", key.name, n), problem)
				}
			}
		}
	}
}

// checkNamed reports zones, lines and directions in a condition that one of its cameras does not
// have, and zones for boxes that are not relative to the whole frame.
func (b *builder) checkNamed(e expression, cameras []string) {
	zones, lines := b.allZones(), b.allLines()
	for _, p := range e.expr.Places() {
		what, name, all := "zone", p.Zone, zones
		if p.Line != "" {
			what, name, all = "line", p.Line, lines
		}
		if b.broken[what] {
			continue
		}
		if problem := b.missing(what, name, all, cameras); problem != "" {
			b.inText(e, wordIndex(e.text, name), problem)
			continue
		}
		for i, l := range b.cfg.Line {
			if l.Name == p.Line && !b.broken[b.lines[i].path+".directions"] && !slices.Contains(l.Directions, p.Direction) {
				b.inText(e, wordIndex(e.text, p.Direction), text.Unknown("direction of the line "+strconv.Quote(l.Name), p.Direction, l.Directions))
				break
			}
		}
		for i, d := range b.cfg.Detector {
			if d.CropsOf != "" && slices.Contains(b.signals[i], p.Signal) {
				b.inText(e, wordIndex(e.text, p.Signal), fmt.Sprintf("%s runs on boxes, not on whole frames, so %q has no place in the frame; apply the zone to the signal of its crops_of, %q", b.detectorAt(i), p.Signal, d.CropsOf))
			}
		}
	}
}

// checkOnce reports duplicate names of places on a camera, and cameras with too many places.
func (b *builder) checkOnce(what string, all []place) {
	told := map[[2]int]bool{}
	for _, camera := range b.cfg.Camera {
		first := map[string]int{}
		n := 0
		for i, p := range all {
			if !covers(p.cameras, camera.Name) {
				continue
			}
			if n++; n == detectors.MaxZones+1 {
				b.of(p.origin, p.where, "", fmt.Sprintf("camera %q would have more than %d with this %s; set cameras to choose where it applies", camera.Name, detectors.MaxZones, what))
			}
			j, taken := first[p.name]
			if !taken {
				first[p.name] = i
			} else if !told[[2]int{j, i}] && p.name != "" {
				told[[2]int{j, i}] = true
				b.of(p.origin, p.where, "name", fmt.Sprintf("is taken on camera %q by the %s at %s; choose another, or other cameras", camera.Name, what, b.place(all[j].origin, "name")))
			}
		}
	}
}

// missing returns the problem if some of these cameras do not have a zone or line, else "".
func (b *builder) missing(what, name string, all []place, cameras []string) string {
	var names, without, with []string
	for _, camera := range b.cfg.Camera {
		has := false
		for _, p := range all {
			if covers(p.cameras, camera.Name) {
				names = append(names, p.name)
				has = has || p.name == name
			}
		}
		switch {
		case has:
			with = append(with, camera.Name)
		case covers(cameras, camera.Name):
			without = append(without, camera.Name)
		}
	}
	slices.Sort(names)
	switch {
	case len(without) == 0:
		return ""
	case len(with) == 0:
		return text.Unknown(what, name, slices.Compact(names))
	}
	return fmt.Sprintf("there is no %s %q on %s (there is one on %s); set cameras to choose where this applies", what, name, quoteAll(without), quoteAll(with))
}
