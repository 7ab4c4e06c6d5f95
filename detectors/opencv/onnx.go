//go:build cgo

package opencv

/*
#include <stdlib.h>
#include "onnx.h"
*/
import "C"

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// network is a detector that shows frames to a neural network. A call into
// OpenCV cannot be interrupted, so that the context counts only before it.
type network struct {
	net     *C.rvo_net
	run     *C.rvo_run
	decoder *decoder
	output  int // the one that counts
	fit     string
	tally   *tally
	shape   [C.RVO_DIMS]int
}

func newONNX(of detectors.Config) (detectors.Detector, error) {
	cfg := onnxOf(of)
	f, err := readONNX(cfg.Model)
	if err != nil {
		return nil, fmt.Errorf("load network: %w", err)
	}
	p, err := planFor(cfg, f)
	if err != nil {
		return nil, fmt.Errorf("load network %q: %w", detectors.Clean(cfg.Model), err)
	}
	n := &network{run: (*C.rvo_run)(C.calloc(1, C.sizeof_rvo_run)), tally: newTally(cfg)}
	if err := n.load(f, p); err != nil {
		n.Close()
		return nil, fmt.Errorf("load network %q: %w", detectors.Clean(cfg.Model), err)
	}
	return n, nil
}

func (n *network) why() string { return detectors.Clean(C.GoString(&n.run.why[0])) }

// load reads the network and shows it a grey picture: what cannot work is known
// at once, and the first frame does not wait for what is made on first use.
func (n *network) load(f *onnxFile, p *plan) error {
	data := f.adapted(p.input)
	n.net = C.rvo_net_new((*C.char)(unsafe.Pointer(unsafe.SliceData(data))), C.size_t(len(data)), &n.run.why[0])
	if n.net == nil {
		return fmt.Errorf("OpenCV cannot read it: export it with a fixed size, in full precision and without NMS, or run it in a model service: %s", n.why())
	}
	n.run.width, n.run.height, n.run.channels = C.int(p.input.width), C.int(p.input.height), C.int(p.input.channels)
	n.run.scale = C.double(p.cfg.Scale)
	for i, m := range p.mean {
		n.run.mean[i] = C.double(m)
	}
	if p.cfg.Color != colorBGR {
		n.run.swap = 1
	}
	const side = 32
	pix := C.calloc(side*side, 3)
	defer C.free(pix)
	for i := range side * side * 3 {
		*(*byte)(unsafe.Add(pix, i)) = 114
	}
	at := place(fitStretch, side, side, p.input.width, p.input.height)
	if err := n.show((*C.uchar)(pix), &at); err != nil {
		return err
	}
	outputs := make([]tensor, n.run.outputs)
	for i := range outputs {
		outputs[i] = n.tensor(i, make([]int, C.RVO_DIMS))
	}
	var err error
	if n.output, n.decoder, err = p.decoder(outputs); err != nil {
		return err
	}
	n.fit = p.fit(n.decoder.format)
	return nil
}

// show runs the network on a picture.
func (n *network) show(pix *C.uchar, p *placement) error {
	rect := func(s span) C.rvo_rect {
		return C.rvo_rect{x: C.int(s.x), y: C.int(s.y), width: C.int(s.width), height: C.int(s.height)}
	}
	n.run.picture = C.rvo_picture{pix: pix, width: C.int(p.width), height: C.int(p.height)}
	n.run.from, n.run.to = rect(p.from), rect(p.to)
	if C.rvo_net_run(n.net, n.run) != 0 {
		return fmt.Errorf("run network: export the model again with a fixed size and without NMS, or run it in a model service: %s", n.why())
	}
	return nil
}

// tensor returns an output of the last run, which is valid until the next one.
func (n *network) tensor(i int, shape []int) tensor {
	out := &n.run.output[i]
	shape = shape[:out.dims]
	for k := range shape {
		shape[k] = int(out.shape[k])
	}
	return tensor{shape: shape, data: unsafe.Slice((*float32)(out.data), int(out.count))}
}

// Detect answers with how many wanted things there are, highest score first, and
// with how many of each label that has a signal.
func (n *network) Detect(ctx context.Context, frame *capture.Frame) ([]detectors.Reading, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at := place(n.fit, frame.Width, frame.Height, int(n.run.width), int(n.run.height))
	// The pixels are not Go's memory, so that C's memory may point to them.
	if err := n.show((*C.uchar)(unsafe.Pointer(unsafe.SliceData(frame.Pixels()))), &at); err != nil {
		return nil, err
	}
	if n.output >= int(n.run.outputs) {
		return nil, errors.New("the model left an output out: export it again")
	}
	found, err := n.decoder.decode(n.tensor(n.output, n.shape[:]), &at)
	if err != nil {
		return nil, err
	}
	return n.tally.count(found), nil
}

// Close frees the network.
func (n *network) Close() error {
	if n.net != nil {
		C.rvo_net_free(n.net)
	}
	C.free(unsafe.Pointer(n.run))
	return nil
}
