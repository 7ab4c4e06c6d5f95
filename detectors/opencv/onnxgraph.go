package opencv

import (
	"encoding/binary"
	"math"
	"slices"
)

// The numbers of further fields, by message.
const (
	modelOpset                                                     = 8
	opsetDomain, opsetVersion                                      = 1, 2
	nodeName, nodeOperator, nodeAttribute, nodeDomain              = 3, 4, 5, 7
	attrName, attrFloat, attrInt, attrText, attrTensor, attrFloats = 1, 2, 3, 4, 5, 7
	attrInts, attrType                                             = 8, 20
	attrIsFloat, attrIsInt, attrIsText, attrIsTensor, attrIsInts   = 1, 2, 3, 4, 7
)

// onnxNode is an operator of a graph.
type onnxNode struct {
	raw        []byte // as it stands in the file; nil: made or changed since
	name       string
	op, domain string
	in, out    []string
	attrs      []onnxAttr
}

// onnxAttr is an attribute of an operator. Raw is all of it; the others are
// what it holds, by type.
type onnxAttr struct {
	name   string
	raw    []byte
	set    bool // i or f
	i      int64
	f      float32
	text   string
	ints   []int64
	floats []float32
	tensor []byte
}

// parseNode keeps parts of data.
func parseNode(data []byte) (*onnxNode, error) {
	n := &onnxNode{raw: data}
	err := fields(data, func(f, _ uint64, part []byte) error {
		switch f {
		case nodeInput:
			n.in = append(n.in, string(part))
		case nodeOutput:
			n.out = append(n.out, string(part))
		case nodeName:
			n.name = string(part)
		case nodeOperator:
			n.op = string(part)
		case nodeDomain:
			n.domain = string(part)
		case nodeAttribute:
			a, err := parseAttr(part)
			n.attrs = append(n.attrs, a)
			return err
		}
		return nil
	})
	return n, err
}

func parseAttr(data []byte) (onnxAttr, error) {
	a := onnxAttr{raw: data}
	err := fields(data, func(f, number uint64, part []byte) error {
		switch f {
		case attrName:
			a.name = string(part)
		case attrFloat:
			a.f, a.set = math.Float32frombits(uint32(number)), true
		case attrInt:
			a.i, a.set = int64(number), true
		case attrText:
			a.text = string(part)
		case attrTensor:
			a.tensor = part
		case attrFloats:
			for _, bits := range fixed(number, part, 4) {
				a.floats = append(a.floats, math.Float32frombits(uint32(bits)))
			}
		case attrInts:
			list, err := varints(number, part)
			a.ints = append(a.ints, list...)
			return err
		}
		return nil
	})
	return a, err
}

// varints returns what a repeated field holds, which is one number or, packed,
// a list.
func varints(number uint64, part []byte) ([]int64, error) {
	if part == nil {
		return []int64{int64(number)}, nil
	}
	var list []int64
	for len(part) > 0 {
		v, size := binary.Uvarint(part)
		if size <= 0 {
			return nil, errNotONNX
		}
		list, part = append(list, int64(v)), part[size:]
	}
	return list, nil
}

// fixed is varints for numbers of size bytes. An incomplete last one is left out.
func fixed(number uint64, part []byte, size int) []uint64 {
	if part == nil {
		return []uint64{number}
	}
	list := make([]uint64, 0, len(part)/size)
	for ; len(part) >= size; part = part[size:] {
		if size == 4 {
			list = append(list, uint64(binary.LittleEndian.Uint32(part)))
		} else {
			list = append(list, binary.LittleEndian.Uint64(part))
		}
	}
	return list
}

// attr returns the attribute of a name; nil: it is not there.
func (n *onnxNode) attr(name string) *onnxAttr {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return &n.attrs[i]
		}
	}
	return nil
}

func (n *onnxNode) int(name string, unset int64) int64 {
	if a := n.attr(name); a != nil && a.set {
		return a.i
	}
	return unset
}

func (n *onnxNode) text(name, unset string) string {
	if a := n.attr(name); a != nil {
		return a.text
	}
	return unset
}

func (n *onnxNode) ints(name string) []int64 {
	if a := n.attr(name); a != nil {
		return a.ints
	}
	return nil
}

// input returns the name of an input; empty: it is left out.
func (n *onnxNode) input(i int) string {
	if i < len(n.in) {
		return n.in[i]
	}
	return ""
}

// set gives an attribute a value: int64, float32, string or []int64.
func (n *onnxNode) set(name string, value any) {
	n.unset(name)
	a := onnxAttr{name: name, set: true, raw: appendPart(nil, attrName, []byte(name))}
	var kind uint64
	switch v := value.(type) {
	case int64:
		a.i, kind = v, attrIsInt
		a.raw = appendNumber(a.raw, attrInt, uint64(v))
	case float32:
		a.f, kind = v, attrIsFloat
		a.raw = binary.LittleEndian.AppendUint32(binary.AppendUvarint(a.raw, attrFloat<<3|5), math.Float32bits(v))
	case string:
		a.text, kind = v, attrIsText
		a.raw = appendPart(a.raw, attrText, []byte(v))
	case []int64:
		a.ints, kind = v, attrIsInts
		for _, i := range v {
			a.raw = appendNumber(a.raw, attrInts, uint64(i))
		}
	case *constant:
		a.tensor, kind = v.encode(""), attrIsTensor
		a.raw = appendPart(a.raw, attrTensor, a.tensor)
	}
	a.raw = appendNumber(a.raw, attrType, kind)
	n.attrs, n.raw = append(n.attrs, a), nil
}

func (n *onnxNode) unset(name string) {
	n.attrs = slices.DeleteFunc(n.attrs, func(a onnxAttr) bool { return a.name == name })
	n.raw = nil
}

// wire gives the node other inputs.
func (n *onnxNode) wire(in ...string) { n.in, n.raw = in, nil }

// become makes another operator of the node, with the same outputs.
func (n *onnxNode) become(op string, in ...string) {
	n.op, n.attrs = op, nil
	n.wire(in...)
}

// encode returns the node as a graph holds it.
func (n *onnxNode) encode() []byte {
	if n.raw != nil {
		return n.raw
	}
	var b []byte
	for _, in := range n.in {
		b = appendPart(b, nodeInput, []byte(in))
	}
	for _, out := range n.out {
		b = appendPart(b, nodeOutput, []byte(out))
	}
	b = appendPart(appendPart(b, nodeName, []byte(n.name)), nodeOperator, []byte(n.op))
	for _, a := range n.attrs {
		b = appendPart(b, nodeAttribute, a.raw)
	}
	if n.domain != "" {
		b = appendPart(b, nodeDomain, []byte(n.domain))
	}
	return b
}
