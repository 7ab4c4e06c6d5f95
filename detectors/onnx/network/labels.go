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

// labels returns the class labels: as configured, otherwise from the file's metadata;
// nil if unknown.
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

// readLabels reads a label file.
func readLabels(path string) ([]string, error) {
	if err := Regular(path); err != nil {
		return nil, err
	}
	data, err := fileio.Read(path, maxLabelFile)
	if err != nil {
		return nil, fmt.Errorf("%q cannot be read: %w: give a text file with one label per line", text.Clean(path), fileio.Bare(err))
	}
	labels, err := heads.ParseLabels(string(data))
	if err != nil {
		return nil, fmt.Errorf("%q: %w", text.Clean(path), err)
	}
	return labels, nil
}

// Regular returns an error if path is not a readable regular file.
func Regular(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("file %q does not exist: check the path", text.Clean(path))
	case err != nil:
		return fmt.Errorf("%q cannot be read: %w", text.Clean(path), fileio.Bare(err))
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q is not a file: check the path", text.Clean(path))
	}
	return nil
}

// checkLabels checks labels and their uses as far as possible without the model. signal
// is the detector's.
func (o Options) checkLabels(signal string, bad func(key, problem string)) {
	labels := o.Labels
	if o.LabelsFile != "" {
		read, err := readLabels(o.LabelsFile)
		switch {
		case len(o.Labels) > 0:
			bad("labels_file", "cannot be combined with labels: keep one of the two")
		case err != nil:
			bad("labels_file", err.Error())
		default:
			labels = read
		}
	}
	unknown := func(label string) bool { return len(labels) > 0 && !slices.Contains(labels, label) }
	for i, label := range o.Classes {
		if slices.Contains(o.Classes[:i], label) {
			bad("classes", fmt.Sprintf("%q is listed twice", text.Clean(label)))
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
			bad("signals", fmt.Sprintf("%q cannot name a signal: a signal name begins with a letter and has at most 64 characters", text.Clean(label)))
		case name == signal:
			bad("signals", fmt.Sprintf("%q is already the detector's main signal, which counts everything: set signal to another name", name))
		case slices.Contains(names, name):
			bad("signals", fmt.Sprintf("%q is listed twice", name))
		case unknown(label):
			bad("signals", heads.UnknownLabel(label, labels).Error())
		case len(o.Classes) > 0 && !slices.Contains(o.Classes, label):
			bad("signals", fmt.Sprintf("%q is not in classes: add it there", text.Clean(label)))
		}
		names = append(names, name)
	}
}
