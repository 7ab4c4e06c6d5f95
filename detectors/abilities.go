package detectors

// A Sizer is a Detector with an input size. Frames for a detector in another process
// are scaled down to that size first; the detector must accept every other size too.
// Size is called on the goroutine that calls Detect.
type Sizer interface {
	// Size returns the size in pixels, both sides above 0, at which the detector
	// processes a frame of width x height, without margins and before cropping. The
	// caller may ignore a size larger than the frame.
	Size(width, height int) (w, h int)
}

// A Restarter is a Detector whose process is restarted when it ends. Restarts is safe
// for concurrent use, also after Close.
type Restarter interface {
	// Restarts returns how often the process was restarted since the detector was
	// opened, including while it was idle.
	Restarts() uint64
}

// A Modeler is a Detector that knows its model. Model is called on the goroutine that
// calls Detect.
type Modeler interface {
	// Model returns the name and version of the model, safe to display; empty: unknown
	// so far.
	Model() string
}
