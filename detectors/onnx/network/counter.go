package network

import (
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
)

// Counter converts the results of a model to the readings of one detector. It belongs
// to one goroutine.
type Counter struct {
	decoder  *heads.Decoder
	labels   []string // labels of readings[1:]
	readings []detectors.Reading
}

// Counter returns the counter of a detector with these options, whose main signal is
// signal. It fails for a label that the model does not have.
func (n *Network) Counter(o Options, signal string) (*Counter, error) {
	// The signal of a label that the model does not have would always be 0.
	if _, err := n.Head.Decoder(heads.Options{Classes: o.Signals}); err != nil {
		return nil, err
	}
	decoder, err := n.Head.Decoder(heads.Options{Threshold: o.Threshold, NMS: o.NMS, Classes: o.Classes})
	if err != nil {
		return nil, err
	}
	c := &Counter{decoder: decoder, labels: o.Signals}
	for _, name := range o.Provides(signal) {
		c.readings = append(c.readings, detectors.Reading{Signal: name})
	}
	return c, nil
}

// Decode returns the detections in the outputs of one image, as returned by Select,
// highest score first.
func (c *Counter) Decode(out []heads.Tensor, at heads.Placement) ([]detectors.Detection, error) {
	return c.decoder.Decode(out, at)
}

// Readings returns the number of objects, and the number for each label that has a
// signal. The result is valid until the next call.
func (c *Counter) Readings(found []detectors.Detection) []detectors.Reading {
	c.readings[0].Value, c.readings[0].Detections = float64(len(found)), found
	for i, label := range c.labels {
		r := &c.readings[i+1]
		r.Value, r.Detections = 0, nil
		for _, one := range found {
			if one.Label == label {
				r.Value++
				r.Detections = append(r.Detections, one)
			}
		}
	}
	return c.readings
}
