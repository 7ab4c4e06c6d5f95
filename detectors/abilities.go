package detectors

// A Sizer is a Detector with an input size. A frame for a detector in another
// process is scaled down to that size first; it accepts every other size too.
// The goroutine that calls Detect calls Size.
type Sizer interface {
	// Size returns the size in pixels, both sides above 0, at which the detector
	// looks at a frame of width x height, without margins and before cropping. The
	// caller may ignore a size larger than the frame.
	Size(width, height int) (w, h int)
}

// A Restarter is a Detector whose process is started anew when it ends. Restarts is
// safe for concurrent use, and may be called after Close.
type Restarter interface {
	// Restarts returns how often its process was started anew since the detector was
	// opened, also while it had nothing to do.
	Restarts() uint64
}

// A Modeler is a Detector that knows which model it runs. The goroutine that calls
// Detect calls Model.
type Modeler interface {
	// Model returns the name and version of the model, clean; empty: not known yet.
	Model() string
}
