// Package device takes video in from local capture devices (V4L2). MJPEG and H.264
// come as the device sends them, raw formats as pixels. Elsewhere than on Linux there
// are no devices.
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
	Path   string // such as /dev/video0
	Name   string // as the driver says; empty when it cannot be asked
	Modes  []Mode // by format, the largest first
	Err    error  // why it could not be asked: no permission, mostly
}

// Mode is one size that a device delivers in one format.
type Mode struct {
	Format        string    // four characters, such as YUYV or MJPG
	Width, Height int       // of a range: the largest
	Rates         []float64 // frames a second, highest first; empty when the driver does not say

	least, step [2]int // of a range: the smallest size, and what sizes are multiples of from there
}

func (m Mode) area() int { return m.Width * m.Height }

// rate returns the highest rate, 0 where it is not known.
func (m Mode) rate() float64 {
	if len(m.Rates) == 0 {
		return 0
	}
	return m.Rates[0]
}

var videoName = regexp.MustCompile(`^video([0-9]{1,4})$`)

// List returns the local devices that capture video, by number. Nodes that do not
// capture (metadata, outputs, codecs) are left out.
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
		n, _ := strconv.Atoi(m[1]) // the pattern allows nothing else
		d := Device{Number: n, Path: filepath.Join(dir, e.Name())}
		d.Name, d.Modes, d.Err = ask(d.Path)
		if len(d.Modes) > 0 || d.Err != nil {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Device) int { return cmp.Compare(a.Number, b.Number) })
	return list
}
