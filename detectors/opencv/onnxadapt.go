package opencv

import (
	"fmt"
	"slices"
)

const (
	maxFold  = 1 << 18 // elements of a constant that is worked out
	foldWork = 1 << 23 // elements of all of them together
)

// adapter rewrites a graph into the forms of operators that OpenCV 4.6 reads.
// It knows the shape of everything where it can be worked out, and computes what
// depends on constants and shapes alone.
type adapter struct {
	opset   int64
	shapes  map[string][]int64 // by the name of what has the shape
	weights map[string][]byte  // the constants that the file has, encoded
	values  map[string]*constant
	listed  map[string]bool   // the names of initializers, which OpenCV treats otherwise than it does Constants
	same    map[string]string // what is but another name of something
	made    []string          // constants to write beside those of the file
	work    int64
	changed bool
	serial  int
	taken   map[string]bool
}

// adapted returns the model with the input's size in it, for OpenCV. Where there
// is nothing to do that is the file as it is.
func (f *onnxFile) adapted(in onnxInput) []byte {
	data := f.sized(in)
	var graph []byte
	a := &adapter{
		shapes:  map[string][]int64{in.name: {1, int64(in.channels), int64(in.height), int64(in.width)}},
		weights: map[string][]byte{}, values: map[string]*constant{}, listed: map[string]bool{}, same: map[string]string{},
		taken: map[string]bool{}, work: foldWork, opset: 1,
	}
	err := fields(data, func(n, _ uint64, part []byte) error {
		switch n {
		case modelGraph:
			graph = part
		case modelOpset:
			return a.readOpset(part)
		}
		return nil
	})
	if err != nil {
		return data
	}
	adapted := a.graph(graph)
	if adapted == nil {
		return data
	}
	out := rewrite(data, modelGraph, func([]byte) []byte { return adapted })
	if _, err := parseONNX(out); err != nil {
		return data
	}
	return out
}

func (a *adapter) readOpset(part []byte) error {
	var domain string
	var version int64
	err := fields(part, func(n, number uint64, part []byte) error {
		switch n {
		case opsetDomain:
			domain = string(part)
		case opsetVersion:
			version = int64(number)
		}
		return nil
	})
	if standard(domain) {
		a.opset = max(a.opset, version)
	}
	return err
}

func standard(domain string) bool { return domain == "" || domain == "ai.onnx" }

// graph returns the graph rewritten; nil: there is nothing to do, or it cannot
// be read.
func (a *adapter) graph(data []byte) []byte {
	var nodes []*onnxNode
	outputs := map[string]bool{}
	err := fields(data, func(n, _ uint64, part []byte) error {
		switch n {
		case graphNode:
			node, err := parseNode(part)
			nodes = append(nodes, node)
			return err
		case graphInitializer:
			h, err := parseTensorHead(part)
			if _, ok := total(h.dims); ok && err == nil {
				a.weights[h.name], a.shapes[h.name], a.listed[h.name] = part, h.dims, true
				a.changed = a.changed || !readable(h.elem)
			}
			return err
		case graphOutput:
			v, err := parseValue(part)
			outputs[v.name] = true
			return err
		}
		return nil
	})
	if err != nil {
		return nil
	}
	for _, n := range nodes {
		for _, name := range n.out {
			if name != "" && (a.taken[name] || a.fixed(name)) {
				return nil // made twice
			}
			a.taken[name] = true
		}
	}
	var kept []*onnxNode
	for _, n := range nodes {
		kept = append(kept, a.node(n, outputs)...)
	}
	if !a.changed {
		return nil
	}
	return a.write(data, kept)
}

// node returns what an operator becomes.
func (a *adapter) node(n *onnxNode, outputs map[string]bool) []*onnxNode {
	for i, name := range n.in {
		if of, ok := a.same[name]; ok {
			in := slices.Clone(n.in)
			in[i] = of
			n.wire(in...)
		}
	}
	if !standard(n.domain) || len(n.out) == 0 {
		return []*onnxNode{n}
	}
	if slices.ContainsFunc(n.out, func(name string) bool { return outputs[name] }) {
		// OpenCV wants an operator behind each output.
	} else if of := n.input(0); n.op == "Identity" && a.fixed(of) {
		a.same[n.out[0]], a.changed = of, true
		return nil
	} else if c := a.fold(n); c != nil {
		a.values[n.out[0]], a.shapes[n.out[0]] = c, c.dims
		if n.op == "Constant" && n.attr("value") != nil && readable(c.elem) {
			return []*onnxNode{n}
		}
		a.listed[n.out[0]], a.changed = true, true
		a.made = append(a.made, n.out[0])
		return nil
	} else if v := n.attr("value"); n.op == "Constant" && v != nil && v.tensor != nil {
		if h, err := parseTensorHead(v.tensor); err == nil {
			a.weights[n.out[0]], a.shapes[n.out[0]] = v.tensor, h.dims
		}
	}
	list := []*onnxNode{n}
	if rule := ruleFor(n.op); rule != nil {
		list = rule(a, n)
	}
	for _, n := range list {
		a.changed = a.changed || n.raw == nil
		a.infer(n)
	}
	return list
}

// fixed reports whether something is a constant.
func (a *adapter) fixed(name string) bool {
	return a.values[name] != nil || a.weights[name] != nil
}

// value returns a constant; nil: it is none, or too large.
func (a *adapter) value(name string) *constant { return a.decode(name, maxFold) }

func (a *adapter) decode(name string, limit int64) *constant {
	if c := a.values[name]; c != nil {
		return c
	}
	data := a.weights[name]
	if data == nil {
		return nil
	}
	c := parseTensor(data, min(limit, a.work))
	if c != nil && len(c.values) <= maxFold {
		a.work -= int64(len(c.values))
		a.values[name] = c
	}
	return c
}

// list returns a constant that is a list of whole numbers.
func (a *adapter) list(name string) ([]int64, bool) {
	c := a.value(name)
	if c == nil || len(c.dims) > 1 {
		return nil, false
	}
	return c.ints(), true
}

// fresh returns a name that nothing has.
func (a *adapter) fresh() string {
	for {
		a.serial++
		name := fmt.Sprintf("adapted_%d", a.serial)
		if !a.taken[name] && !a.fixed(name) && a.shapes[name] == nil {
			return name
		}
	}
}

// constant adds a constant to the graph and returns its name.
func (a *adapter) constant(c *constant) string {
	name := a.fresh()
	a.values[name], a.shapes[name], a.listed[name] = c, c.dims, true
	a.made = append(a.made, name)
	return name
}

// variable is constant for what OpenCV takes as an input alone. Its Const is an
// operator of OpenCV, not of ONNX.
func (a *adapter) variable(c *constant) *onnxNode {
	n := &onnxNode{op: "Const", out: []string{a.fresh()}}
	n.name = n.out[0]
	n.set("value", c)
	a.shapes[n.out[0]] = c.dims
	return n
}

// write returns the graph with other operators, without the constants that none
// of them wants any more, and with those that were made.
func (a *adapter) write(data []byte, nodes []*onnxNode) []byte {
	wanted := map[string]bool{}
	size := len(data)
	for _, n := range nodes {
		for _, name := range n.in {
			wanted[name] = true
		}
	}
	out := make([]byte, 0, size+1024)
	for rest := data; len(rest) > 0; {
		n, _, part, next, err := field(rest)
		if err != nil {
			return nil
		}
		whole := rest[:len(rest)-len(next)]
		rest = next
		switch n {
		case graphNode:
			continue
		case graphInitializer:
			h, err := parseTensorHead(part)
			if err != nil || !wanted[h.name] {
				continue
			}
			if c := a.retyped(h); c != nil {
				out = appendPart(out, graphInitializer, c.encode(h.name))
				continue
			}
		}
		out = append(out, whole...)
	}
	for _, n := range nodes {
		out = appendPart(out, graphNode, n.encode())
	}
	slices.Sort(a.made)
	for _, name := range slices.Compact(a.made) {
		if wanted[name] {
			out = appendPart(out, graphInitializer, a.values[name].encode(name))
		}
	}
	return out
}

// retyped returns a constant of a type that OpenCV cannot read.
func (a *adapter) retyped(h tensorHead) *constant {
	if readable(h.elem) {
		return nil
	}
	return a.decode(h.name, maxStretch)
}

// readable reports whether OpenCV reads constants of a type.
func readable(elem uint64) bool {
	return elem == elemFloat || elem == elemInt8 || elem == elemInt32 || elem == elemInt64
}
