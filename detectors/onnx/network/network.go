package network

import (
	"fmt"
	"math"
	"slices"

	"rvo-tui/capture"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// Network is a model whose inputs and outputs are known and, after Understand, also
// their format. It belongs to one goroutine at a time.
type Network struct {
	Layout Layout      // of the image input
	Image  int         // index of the image input; the other inputs are target sizes
	Used   []int       // indices of the outputs in use, in order
	Head   *heads.Head // nil before Understand
	Pixels Pixels      // replaced by Understand

	options Options
	meta    map[string]string
	labels  []string
	most    int
	shown   shown
	lead    bool // outputs lack the batch dimension, so it is added in front
}

// New interprets what a model declares: its inputs, outputs and metadata. most is the
// maximum batch size. The options must be valid and filled in.
func New(o Options, inputs, outputs []Port, meta map[string]string, most int) (*Network, error) {
	n := &Network{options: o, meta: meta, most: most}
	var err error
	if n.Image, err = imageInput(inputs); err != nil {
		return nil, err
	}
	if n.Layout, err = layoutOf(inputs[n.Image], o.Input, meta["imgsz"]); err != nil {
		return nil, err
	}
	if n.Used, err = usedOutputs(outputs, o.Outputs); err != nil {
		return nil, err
	}
	if n.labels, err = o.labels(meta["names"]); err != nil {
		return nil, err
	}
	if most > 1 && !n.Layout.Open {
		return nil, fmt.Errorf("the input %v takes one image at a time: leave max_batch out, or export the model with a dynamic batch size", n.Layout.Port)
	}
	// The preprocessing follows from the head, and the head from a first result. That
	// first run uses the most common preprocessing.
	n.shown = shown{Input: heads.Input{Scale: [3]float64{1. / 255, 1. / 255, 1. / 255}}, fill: [3]uint8{grey, grey, grey}}
	n.Pixels = newPixels(n.Layout, n.shown, most)
	return n, nil
}

// grey is the usual margin value in training.
const grey = 114

// WriteGrey writes grey frames as the first count images.
func (n *Network) WriteGrey(count int) {
	pix := make([]byte, 3*grey)
	for i := range pix {
		pix[i] = grey
	}
	for i := range count {
		n.Pixels.Write(i, pix, heads.Place(heads.FitStretch, grey, 1, n.Layout.Width, n.Layout.Height))
	}
}

// Understand determines the format of the outputs, given the result for one grey frame.
func (n *Network) Understand(out []heads.Tensor) error {
	facts := heads.Model{Width: n.Layout.Width, Height: n.Layout.Height, Outputs: out, Meta: n.meta, Labels: n.labels, Format: n.options.Format}
	var err error
	if n.Head, err = heads.Choose(facts); err != nil && !n.Layout.Batched {
		facts.Outputs = slices.Clone(out)
		for i := range out {
			facts.Outputs[i] = led(out[i])
		}
		if head, again := heads.Choose(facts); again == nil {
			n.Head, n.lead, err = head, true, nil
		}
	}
	if err != nil {
		return err
	}
	if n.shown, err = n.options.shown(n.Head.Input, n.Layout); err != nil {
		return err
	}
	n.Pixels = newPixels(n.Layout, n.shown, n.most)
	return nil
}

// Select picks the outputs in use from all outputs, in the head's order.
func (n *Network) Select(all []heads.Tensor) []heads.Tensor {
	out := make([]heads.Tensor, len(n.Used))
	for k, i := range n.Used {
		if out[k] = all[i]; n.lead {
			out[k] = led(all[i])
		}
	}
	return out
}

// Place returns the placement of a frame of this size in the input.
func (n *Network) Place(width, height int) heads.Placement {
	return heads.Place(n.shown.Fit, width, height, n.Layout.Width, n.Layout.Height)
}

// Size returns the size to which a frame of this size is scaled, without margins and
// before cropping.
func (n *Network) Size(width, height int) (w, h int) {
	at := n.Place(width, height)
	whole := func(side, from, to int) int {
		return max(int(math.Round(float64(side)*float64(to)/float64(from))), 1)
	}
	return whole(width, at.From.W, at.To.W), whole(height, at.From.H, at.To.H)
}

// View returns the pixels of a frame (blue, green, red) and their size. The frame owns
// them.
func (n *Network) View(frame *capture.Frame) (pix []byte, width, height int, err error) {
	if pix = frame.Pixels(); pix != nil {
		return pix, frame.Width, frame.Height, nil
	}
	// Scaling a decoded frame during the colour conversion takes one pass.
	width, height = n.Size(frame.Width, frame.Height)
	pix, err = frame.ScaledBGR(width, height)
	return pix, width, height, err
}

// String describes the model's format, for display.
func (n *Network) String() string {
	text := n.Head.Title
	switch classes := max(len(n.Head.Labels), n.Head.Classes); {
	case classes == 1 && len(n.Head.Labels) == 1:
		text += fmt.Sprintf(", label %q", n.Head.Labels[0])
	case classes == 1:
		text += ", 1 class without a label"
	case classes > 0 && len(n.Head.Labels) == 0:
		text += fmt.Sprintf(", %d classes without labels", classes)
	case classes > 0:
		text += fmt.Sprintf(", %d labels", classes)
	}
	text += fmt.Sprintf(", %dx%d %s, %s", n.Layout.Width, n.Layout.Height, n.shown.Fit, n.Layout.Elem)
	switch {
	case n.Layout.Elem == JPEG:
		return text
	case n.Layout.Channels == 1:
		return text + " grey"
	case n.shown.BGR:
		return text + " BGR"
	}
	return text + " RGB"
}

// led adds a batch dimension in front.
func led(t heads.Tensor) heads.Tensor {
	t.Shape = append([]int{1}, t.Shape...)
	return t
}

// usedOutputs returns the requested outputs, or all of them.
func usedOutputs(outputs []Port, asked []string) ([]int, error) {
	var used []int
	if len(asked) == 0 {
		for i, p := range outputs {
			if len(p.Shape) > 0 {
				used = append(used, i)
			}
		}
		return used, nil
	}
	for _, name := range asked {
		i := slices.IndexFunc(outputs, func(p Port) bool { return p.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("outputs: the model has no output %q: it has %v", text.Clean(name), outputs)
		}
		used = append(used, i)
	}
	return used, nil
}
