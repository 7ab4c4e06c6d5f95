// Package device reads local capture devices (V4L2). MJPEG and H.264 are delivered as
// packets, raw formats as pixels. Only Linux is supported.
package device

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// Device is one local capture device.
type Device struct {
	Number int    // as in "device:0"
	Path   string // such as "/dev/video0"
	Name   string // from the driver; empty if it cannot be queried
	Modes  []Mode // by format, largest first
	Err    error  // why it cannot be queried, mostly missing permission
}

// Mode is one size in one format that a device can deliver.
type Mode struct {
	Format        string    // four characters, such as YUYV or MJPG
	Width, Height int       // the largest size, for a range
	Rates         []float64 // frames a second, highest first; empty if unknown

	least, step [2]int // for a range: the smallest size, and the step between sizes
}

func (m Mode) area() int { return m.Width * m.Height }

// rate returns the highest rate, or 0 if unknown.
func (m Mode) rate() float64 {
	if len(m.Rates) == 0 {
		return 0
	}
	return m.Rates[0]
}

var videoName = regexp.MustCompile(`^video([0-9]{1,4})$`)

// List returns the local video capture devices, by number. It leaves out nodes that
// cannot capture (metadata, outputs, codecs).
func List() []Device { return listIn("/dev", ask) }

func listIn(dir string, ask func(path string) (name string, modes []Mode, err error)) []Device {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []Device
	for _, e := range entries {
		m := videoName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, _ := strconv.Atoi(m[1]) // the pattern matches only digits
		d := Device{Number: n, Path: filepath.Join(dir, e.Name())}
		d.Name, d.Modes, d.Err = ask(d.Path)
		if len(d.Modes) > 0 || d.Err != nil {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Device) int { return cmp.Compare(a.Number, b.Number) })
	return list
}
