package mqtt

import (
	"fmt"
	"math"
	"time"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/runtime"
)

// zoneState is the payload of a zone: the objects of tracked detectors in it.
type zoneState struct {
	Known     bool                 `json:"known"`
	Why       string               `json:"why"`
	Count     *int                 `json:"count"`   // null: unknown
	DwellS    *float64             `json:"dwell_s"` // of the object that has been in it longest; 0: empty; null: unknown
	Detectors map[string]zoneCount `json:"detectors"`
}

// zoneCount are the objects of one detector in a zone.
type zoneCount struct {
	Known  bool     `json:"known"`
	Why    string   `json:"why"`
	Count  *int     `json:"count"`
	DwellS *float64 `json:"dwell_s"`
}

// zonesOf returns the states of a camera's zones, except privacy zones.
func zonesOf(v *runtime.CameraView) map[string]zoneState {
	states := map[string]zoneState{}
	for i := range v.Zones {
		if z := &v.Zones[i]; !z.Privacy {
			states[z.Name] = zoneOf(v, z.Name)
		}
	}
	return states
}

func zoneOf(v *runtime.CameraView, zone string) zoneState {
	state := zoneState{Known: true, Detectors: map[string]zoneCount{}}
	total, longest := 0, 0.
	for i := range v.Detectors {
		d := &v.Detectors[i]
		if d.Tracks == nil {
			continue
		}
		c := zoneCount{Why: blind(v, d.Name)}
		if c.Known = c.Why == ""; c.Known {
			n, dwell := inside(v, d.Name, zone)
			c.Count, c.DwellS = &n, &dwell
			total, longest = total+n, max(longest, dwell)
		} else {
			state.Known, state.Why = false, d.Name+": "+c.Why
		}
		state.Detectors[d.Name] = c
	}
	switch {
	case len(state.Detectors) == 0:
		state.Known, state.Why = false, "no detector is tracked"
	case state.Known:
		state.Count, state.DwellS = &total, &longest
	}
	return state
}

// blind returns why it is unknown what a detector sees; empty: it is known.
func blind(v *runtime.CameraView, detector string) string {
	if v.State != capture.Live {
		return "the camera is " + string(v.State)
	}
	for i := range v.Signals {
		if s := &v.Signals[i]; s.Detector == detector && s.Unknown != detectors.Known {
			return s.Unknown.String()
		}
	}
	return ""
}

// inside returns how many tracks of a detector are in a zone, and the longest dwell
// time in seconds.
func inside(v *runtime.CameraView, detector, zone string) (n int, longest float64) {
	for i := range v.Tracks {
		t := &v.Tracks[i]
		if t.Detector != detector || t.State != "seen" && t.State != "coasting" {
			continue
		}
		for _, stay := range t.Zones {
			if stay.Zone == zone {
				n++
				longest = max(longest, math.Floor(stay.Dwell.Round(time.Millisecond).Seconds()))
			}
		}
	}
	return n, longest
}

// calm is the state without dwell times.
func (s zoneState) calm() string {
	if s.Count == nil {
		return s.Why
	}
	return fmt.Sprint("count ", *s.Count)
}

// zoneEntities adds the sensors of a zone.
func (c *client) zoneEntities(name, zone string, add func(string, component)) {
	topic, p := c.topics.part(name, ofZone, zone), part{ofZone, zone}
	there := c.available(availability{Topic: c.topics.online(name)}, when(topic, "value_json.known"))
	add(p.key("count"), component{
		Platform: sensor, Name: zone + " count", State: topic, Value: "{{ value_json.count }}", Attributes: topic, StateClass: "measurement",
		Icon: "mdi:counter", Availability: there,
	})
	add(p.key("dwell"), component{
		Platform: sensor, Name: zone + " dwell", State: topic, Value: "{{ value_json.dwell_s }}", Class: "duration", Unit: "s", StateClass: "measurement",
		Availability: there,
	})
}
