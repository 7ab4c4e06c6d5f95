package network

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx/heads"
	"rvo-tui/internal/fileio"
	"rvo-tui/internal/text"
)

const maxLabelFile = 4 << 20 // bytes

// labels returns what the classes are called: as configured, else as the names in
// the file's metadata say; nil: it is not known.
func (o Options) labels(names string) ([]string, error) {
	switch {
	case len(o.Labels) > 0:
		return o.Labels, nil
	case o.LabelsFile != "":
		labels, err := readLabels(o.LabelsFile)
		if err != nil {
			return nil, fmt.Errorf("labels_file: %w", err)
		}
		return labels, nil
	}
	return heads.ParseNames(names), nil
}

// readLabels returns the labels in a file, by class.
func readLabels(path string) ([]string, error) {
	if err := Regular(path); err != nil {
		return nil, err
	}
	data, err := fileio.Read(path, maxLabelFile)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w: give a text file with a label a line", text.Clean(path), fileio.Bare(err))
	}
	labels, err := heads.ParseLabels(string(data))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text.Clean(path), err)
	}
	return labels, nil
}

// Regular reports what is wrong with the path of a file.
func Regular(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no file %q: check the path", text.Clean(path))
	case err != nil:
		return fmt.Errorf("%q cannot be read: %w", text.Clean(path), fileio.Bare(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a file: check the path", text.Clean(path))
	}
	return nil
}

// checkLabels reports what is wrong with labels and with what is asked of them, as
// far as it is known without the model. Signal is that of the detector.
func (o Options) checkLabels(signal string, bad func(key, problem string)) {
	labels := o.Labels
	if o.LabelsFile != "" {
		read, err := readLabels(o.LabelsFile)
		switch {
		case len(o.Labels) > 0:
			bad("labels_file", "does not go with labels: keep one of the two")
		case err != nil:
			bad("labels_file", err.Error())
		default:
			labels = read
		}
	}
	unknown := func(label string) bool { return len(labels) > 0 && !slices.Contains(labels, label) }
	for i, label := range o.Classes {
		if slices.Contains(o.Classes[:i], label) {
			bad("classes", fmt.Sprintf("%q is there twice", text.Clean(label)))
		} else if unknown(label) {
			bad("classes", heads.UnknownLabel(label, labels).Error())
		}
	}
	if len(o.Signals) > maxSignals {
		bad("signals", fmt.Sprintf("has %d labels: at most %d are allowed", len(o.Signals), maxSignals))
		return
	}
	names := []string{signal}
	for _, label := range o.Signals {
		name := detectors.SignalOf(label)
		switch {
		case !detectors.ValidName(name):
			bad("signals", fmt.Sprintf("%q makes no name of a signal: that begins with a letter and is at most 64 long", text.Clean(label)))
		case name == signal:
			bad("signals", fmt.Sprintf("%q is what the detector's own signal is called, which counts everything: set signal to something else", name))
		case slices.Contains(names, name):
			bad("signals", fmt.Sprintf("%q is there twice", name))
		case unknown(label):
			bad("signals", heads.UnknownLabel(label, labels).Error())
		case len(o.Classes) > 0 && !slices.Contains(o.Classes, label):
			bad("signals", fmt.Sprintf("%q does not count, as it is not among classes: add it there", text.Clean(label)))
		}
		names = append(names, name)
	}
}
