package opencv

import "slices"

// axisOf returns an axis that may be counted from the end.
func axisOf(axis int64, rank int) (int, bool) {
	if axis < 0 {
		axis += int64(rank)
	}
	return int(axis), axis >= 0 && axis < int64(rank)
}

// strides returns how far apart neighbours along each dimension are.
func strides(dims []int64) []int64 {
	s := make([]int64, len(dims))
	step := int64(1)
	for i := len(dims) - 1; i >= 0; i-- {
		s[i] = step
		step *= dims[i]
	}
	return s
}

// taken returns the elements of c whose places a function gives, for each place
// in a result of a shape; nil: that is too large, or one is not in c.
func (c *constant) taken(dims []int64, from func(at []int64) int64) *constant {
	if !fits(dims) {
		return nil
	}
	count, _ := total(dims)
	out := &constant{elem: c.elem, dims: dims, values: make([]float64, count)}
	at := make([]int64, len(dims))
	for i := range out.values {
		j := from(at)
		if j < 0 || j >= int64(len(c.values)) {
			return nil
		}
		out.values[i] = c.values[j]
		for d := len(dims) - 1; d >= 0; d-- {
			if at[d]++; at[d] < dims[d] {
				break
			}
			at[d] = 0
		}
	}
	return out
}

func (c *constant) transposed(perm []int64) *constant {
	dims := permuted(c.dims, perm)
	if dims == nil {
		return nil
	}
	steps := permuted(strides(c.dims), perm)
	return c.taken(dims, func(at []int64) (j int64) {
		for i, k := range at {
			j += k * steps[i]
		}
		return j
	})
}

// permuted returns a list in another order; without one, backwards.
func permuted(list, perm []int64) []int64 {
	out := slices.Clone(list)
	if perm == nil {
		slices.Reverse(out)
		return out
	}
	if len(perm) != len(list) {
		return nil
	}
	for i, p := range perm {
		if p < 0 || p >= int64(len(list)) {
			return nil
		}
		out[i] = list[p]
	}
	return out
}

func concat(in []*constant, axis int64) *constant {
	at, ok := axisOf(axis, len(in[0].dims))
	if !ok {
		return nil
	}
	dims := slices.Clone(in[0].dims)
	dims[at] = 0
	for _, c := range in {
		if c == nil || len(c.dims) != len(dims) {
			return nil
		}
		dims[at] += c.dims[at]
	}
	if !fits(dims) {
		return nil
	}
	outer, _ := total(dims[:at])
	out := &constant{elem: in[0].elem, dims: dims}
	for i := range int(outer) {
		for _, c := range in {
			n := len(c.values) / int(outer)
			out.values = append(out.values, c.values[i*n:(i+1)*n]...)
		}
	}
	return out
}

func gather(in []*constant, axis int64) *constant {
	if len(in) != 2 || in[1] == nil {
		return nil
	}
	c, indices := in[0], in[1].ints()
	k, ok := axisOf(axis, len(c.dims))
	if !ok {
		return nil
	}
	places := strides(in[1].dims)
	steps, rank := strides(c.dims), len(in[1].dims)
	dims := slices.Concat(c.dims[:k], in[1].dims, c.dims[k+1:])
	return c.taken(dims, func(at []int64) (j int64) {
		var place int64
		for i, p := range at {
			switch {
			case i < k:
				j += p * steps[i]
			case i < k+rank:
				place += p * places[i-k]
			default:
				j += p * steps[i-rank+1]
			}
		}
		index := indices[place]
		if index < 0 {
			index += c.dims[k]
		}
		if index < 0 || index >= c.dims[k] {
			return -1
		}
		return j + index*steps[k]
	})
}

// cut is one part of a dimension: count elements from first on, step apart.
type cut struct{ first, step, count int64 }

// cuts works out which part of each dimension a Slice wants, whose starts, ends,
// axes and steps these are. Axes and steps may be left out.
func cuts(dims, starts, ends, axes, steps []int64) []cut {
	list := make([]cut, len(dims))
	for i, d := range dims {
		list[i] = cut{0, 1, d}
	}
	if len(starts) != len(ends) || axes != nil && len(axes) != len(starts) || steps != nil && len(steps) != len(starts) {
		return nil
	}
	for i := range starts {
		axis, step := int64(i), int64(1)
		if axes != nil {
			axis = axes[i]
		}
		if steps != nil {
			step = steps[i]
		}
		k, ok := axisOf(axis, len(dims))
		if !ok || step == 0 {
			return nil
		}
		d := dims[k]
		low, high := int64(0), d // where one can begin and end
		if step < 0 {
			low, high = -1, d-1
		}
		bound := func(v int64) int64 {
			if v < 0 {
				v += d
			}
			return max(low, min(v, high))
		}
		first, end := max(0, bound(starts[i])), bound(ends[i])
		count := (end - first + step - 1) / step
		if step < 0 {
			count = (first - end - step - 1) / -step
		}
		list[k] = cut{first, step, max(0, count)}
	}
	return list
}

func sliced(in []*constant) *constant {
	var lists [4][]int64
	for i := range in[1:] {
		if i >= 4 {
			return nil
		}
		if in[1+i] != nil {
			lists[i] = in[1+i].ints()
		}
	}
	c := in[0]
	parts := cuts(c.dims, lists[0], lists[1], lists[2], lists[3])
	if parts == nil || len(in) < 3 {
		return nil
	}
	dims := make([]int64, len(parts))
	for i, p := range parts {
		dims[i] = p.count
	}
	steps := strides(c.dims)
	return c.taken(dims, func(at []int64) (j int64) {
		for i, k := range at {
			j += (parts[i].first + k*parts[i].step) * steps[i]
		}
		return j
	})
}
