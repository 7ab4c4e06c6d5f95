package network

import (
	"fmt"
	"math"
	"slices"

	"rvo-tui/capture"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/text"
)

// Network is a model whose inputs and outputs are known and, after Understand, what
// they mean. It belongs to one goroutine at a time.
type Network struct {
	Layout Layout      // of the input that takes images
	Image  int         // which of the inputs that is; the others are target sizes
	Used   []int       // the outputs that count, in their order
	Head   *heads.Head // nil before Understand
	Pixels Pixels      // another one after Understand

	options Options
	meta    map[string]string
	labels  []string
	most    int
	shown   shown
	lead    bool // outputs lack the batch dimension: one is put in front
}

// New reads what a model declares: its ports and its metadata. Most is how many
// images it is to be shown at a time. The options are valid and filled in.
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
		return nil, fmt.Errorf("the input %v takes one image at a time: leave max_batch out, or export the model with an open batch", n.Layout.Port)
	}
	// What the model is taught with follows from its head, and that from what it
	// answers: first it sees what most are taught with.
	n.shown = shown{Input: heads.Input{Scale: [3]float64{1. / 255, 1. / 255, 1. / 255}}, fill: [3]uint8{grey, grey, grey}}
	n.Pixels = newPixels(n.Layout, n.shown, most)
	return n, nil
}

// grey is what models are taught with where there is nothing of a frame.
const grey = 114

// WriteGrey shows the first count images a grey frame.
func (n *Network) WriteGrey(count int) {
	pix := make([]byte, 3*grey)
	for i := range pix {
		pix[i] = grey
	}
	for i := range count {
		n.Pixels.Write(i, pix, heads.Place(heads.FitStretch, grey, 1, n.Layout.Width, n.Layout.Height))
	}
}

// Understand finds out what the outputs mean, which are the answer to one grey
// frame.
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

// Select returns the outputs that count, of all of them in the order of the model,
// as the head wants them.
func (n *Network) Select(all []heads.Tensor) []heads.Tensor {
	out := make([]heads.Tensor, len(n.Used))
	for k, i := range n.Used {
		if out[k] = all[i]; n.lead {
			out[k] = led(all[i])
		}
	}
	return out
}

// Place returns where in the input a frame of this size is shown.
func (n *Network) Place(width, height int) heads.Placement {
	return heads.Place(n.shown.Fit, width, height, n.Layout.Width, n.Layout.Height)
}

// Size returns the size at which a frame of this size is looked at, without
// margins and before cropping.
func (n *Network) Size(width, height int) (w, h int) {
	at := n.Place(width, height)
	whole := func(side, from, to int) int {
		return max(int(math.Round(float64(side)*float64(to)/float64(from))), 1)
	}
	return whole(width, at.From.W, at.To.W), whole(height, at.From.H, at.To.H)
}

// View returns the pixels of a frame, blue, green and red, and their size. They are
// the frame's.
func (n *Network) View(frame *capture.Frame) (pix []byte, width, height int, err error) {
	if pix = frame.Pixels(); pix != nil {
		return pix, frame.Width, frame.Height, nil
	}
	// A decoded frame is scaled where its planes are converted, in one pass.
	width, height = n.Size(frame.Width, frame.Height)
	pix, err = frame.ScaledBGR(width, height)
	return pix, width, height, err
}

// String says what the model was understood to be, for people.
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

// led puts a batch dimension in front.
func led(t heads.Tensor) heads.Tensor {
	t.Shape = append([]int{1}, t.Shape...)
	return t
}

// usedOutputs returns the outputs that are asked for, or all of them.
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
