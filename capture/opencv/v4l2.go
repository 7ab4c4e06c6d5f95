package opencv

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The parts of <linux/videodev2.h> that listing needs: requests with the sizes
// of their structures, and where the fields are. The layout is the same on all
// of Linux.
const (
	vidiocQueryCap     = 0x80685600 // struct v4l2_capability, 104 bytes
	vidiocEnumFmt      = 0xc0405602 // struct v4l2_fmtdesc, 64
	vidiocEnumSizes    = 0xc02c564a // struct v4l2_frmsizeenum, 44
	vidiocEnumInterval = 0xc034564b // struct v4l2_frmivalenum, 52

	bufVideoCapture = 1
	capVideoCapture = 0x00000001
	capVideoMplane  = 0x00001000
	capDeviceCaps   = 0x80000000
	enumDiscrete    = 1

	// A driver that never says that it is done must not hold the listing.
	maxEnum = 256
)

type ioctl func(request uintptr, arg []byte) error

func fileIoctl(f *os.File) ioctl {
	return func(request uintptr, arg []byte) error {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), request, uintptr(unsafe.Pointer(&arg[0])))
		if errno != 0 {
			return errno
		}
		return nil
	}
}

// askDevice asks the device at path who it is and what it delivers.
func askDevice(path string) (name string, modes []Mode, captures bool, err error) {
	// Without O_NONBLOCK some drivers wait here for who has the device now.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		if errors.Is(err, os.ErrPermission) {
			return "", nil, false, fmt.Errorf("%w: add this user to the group video", os.ErrPermission)
		}
		return "", nil, false, bare(err)
	}
	defer f.Close()
	do := fileIoctl(f)
	name, captures, err = capability(do)
	if err != nil || !captures {
		return name, nil, captures, err
	}
	return name, listModes(do), true, nil
}

func deviceModes(f *os.File) []Mode { return listModes(fileIoctl(f)) }

func capability(do ioctl) (name string, captures bool, err error) {
	arg := make([]byte, 104)
	if err := do(vidiocQueryCap, arg); err != nil {
		return "", false, fmt.Errorf("ask for capabilities: %w", err)
	}
	caps := binary.NativeEndian.Uint32(arg[84:])
	if caps&capDeviceCaps != 0 {
		caps = binary.NativeEndian.Uint32(arg[88:])
	}
	return ascii(arg[16:48]), caps&(capVideoCapture|capVideoMplane) != 0, nil
}

// listModes returns all modes; what the driver does not tell is missing.
func listModes(do ioctl) []Mode {
	var modes []Mode
	for i := range uint32(maxEnum) {
		arg := make([]byte, 64)
		binary.NativeEndian.PutUint32(arg[0:], i)
		binary.NativeEndian.PutUint32(arg[4:], bufVideoCapture)
		if do(vidiocEnumFmt, arg) != nil {
			break
		}
		format := binary.NativeEndian.Uint32(arg[44:])
		for _, m := range listSizes(do, format) {
			if len(modes) == maxEnum {
				return modes
			}
			modes = append(modes, m)
		}
	}
	return modes
}

func listSizes(do ioctl, format uint32) []Mode {
	var modes []Mode
	name := ascii([]byte{byte(format), byte(format >> 8), byte(format >> 16), byte(format >> 24)})
	for i := range uint32(maxEnum) {
		arg := make([]byte, 44)
		binary.NativeEndian.PutUint32(arg[0:], i)
		binary.NativeEndian.PutUint32(arg[4:], format)
		if do(vidiocEnumSizes, arg) != nil {
			break
		}
		u := func(at int) uint32 { return binary.NativeEndian.Uint32(arg[at:]) }
		discrete := u(8) == enumDiscrete
		w, h := u(12), u(16)
		if !discrete { // min, max and step of the width, then of the height
			w, h = u(16), u(28)
		}
		modes = append(modes, Mode{name, int(w), int(h), listRates(do, format, w, h)})
		if !discrete {
			break
		}
	}
	return modes
}

func listRates(do ioctl, format, width, height uint32) []float64 {
	var rates []float64
	for i := range uint32(maxEnum) {
		arg := make([]byte, 52)
		for at, v := range []uint32{i, format, width, height} {
			binary.NativeEndian.PutUint32(arg[4*at:], v)
		}
		if do(vidiocEnumInterval, arg) != nil {
			break
		}
		u := func(at int) float64 { return float64(binary.NativeEndian.Uint32(arg[at:])) }
		// Of a range the smallest interval comes first, which is the highest rate.
		if num, den := u(20), u(24); num > 0 && den > 0 {
			rates = append(rates, den/num)
		}
		if u(16) != enumDiscrete {
			break
		}
	}
	slices.SortFunc(rates, func(a, b float64) int { return cmp.Compare(b, a) })
	return rates
}

// ascii returns a driver's text up to its end, printable ASCII alone.
func ascii(b []byte) string {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	return string(bytes.TrimSpace(bytes.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, b)))
}
