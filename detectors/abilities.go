package detectors

// A Sizer is a Detector that looks at pictures of a certain size. Whoever has to
// send it pictures over some distance scales them down first; it takes any other
// size as well. The goroutine that calls Detect calls it.
type Sizer interface {
	// Size returns, in pixels, how large a picture of width x height is when the
	// detector looks at it, before margins and without a part left out. Both are
	// above 0; one that is larger than was asked about need not be heeded.
	Size(width, height int) (w, h int)
}

// A Modeler is a Detector that knows which model looks at its pictures. The
// goroutine that calls Detect calls it.
type Modeler interface {
	// Model returns name and version of the model, clean, for people; empty: it
	// is not known, or not yet.
	Model() string
}
