package opencv

import (
	"cmp"
	"errors"
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
	Modes  []Mode // in the driver's order, formats first
	Err    error  // why it could not be asked: no permission, mostly
}

// Mode is one size that a device delivers in one format.
type Mode struct {
	Format        string    // four characters, such as YUYV or MJPG
	Width, Height int       // of a range: the largest
	Rates         []float64 // pictures a second, highest first; empty when the driver does not say
}

var videoName = regexp.MustCompile(`^video([0-9]{1,4})$`)

// Devices lists the local devices that capture video, by number. Nodes that do
// not capture (metadata, outputs, codecs) are left out. It takes some system
// calls for each device and none without any.
func Devices() []Device { return devicesIn("/dev", askDevice) }

func devicesIn(dir string, ask func(path string) (name string, modes []Mode, captures bool, err error)) []Device {
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
		var captures bool
		d.Name, d.Modes, captures, d.Err = ask(d.Path)
		if captures || d.Err != nil {
			list = append(list, d)
		}
	}
	slices.SortFunc(list, func(a, b Device) int { return cmp.Compare(a.Number, b.Number) })
	return list
}

// pickFormat returns which format to ask a device for, so that it can deliver
// the size and the rate: the first that has both, as a number for V4L2, or 0
// when nothing is asked or the driver's own choice will do. Cameras on USB
// deliver large pictures at a low rate unless they are asked for MJPG.
func pickFormat(modes []Mode, width, height int, fps float64) uint32 {
	if width <= 0 || height <= 0 || len(modes) == 0 {
		return 0
	}
	fits := func(m Mode) bool {
		return m.Width == width && m.Height == height && (fps <= 0 || len(m.Rates) == 0 || m.Rates[0] >= fps-0.5)
	}
	// OpenCV decodes these; a device may offer others as well.
	for _, format := range []string{"YUYV", "UYVY", "NV12", "YU12", "RGB3", "BGR3", "MJPG"} {
		for _, m := range modes {
			if m.Format == format && fits(m) {
				return fourCC(format)
			}
		}
	}
	return 0
}

func fourCC(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// bare takes the path out of an error whose caller names it.
func bare(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
