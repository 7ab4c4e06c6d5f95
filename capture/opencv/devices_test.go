package opencv

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// webcam answers like the driver of a camera with two formats.
func webcam(request uintptr, arg []byte) error {
	u := func(at int) uint32 { return binary.NativeEndian.Uint32(arg[at:]) }
	put := func(at int, v ...uint32) {
		for i, v := range v {
			binary.NativeEndian.PutUint32(arg[at+4*i:], v)
		}
	}
	yuyv, mjpg := fourCC("YUYV"), fourCC("MJPG")
	switch request {
	case vidiocQueryCap:
		copy(arg[16:48], "Webcam\x1b C920\x00rest")
		put(84, 0x84a00001, 0x04200001)
		return nil
	case vidiocEnumFmt:
		if formats := []uint32{yuyv, mjpg}; u(4) == bufVideoCapture && u(0) < 2 {
			put(44, formats[u(0)])
			return nil
		}
	case vidiocEnumSizes:
		if u(4) == yuyv && u(0) < 2 {
			sizes := [][2]uint32{{640, 480}, {1920, 1080}}
			put(8, enumDiscrete, sizes[u(0)][0], sizes[u(0)][1])
			return nil
		}
		if u(4) == mjpg { // a range, and never the end of it
			put(8, 3, 160, 1920, 8, 120, 1080, 8)
			return nil
		}
	case vidiocEnumInterval:
		rates := []uint32{15, 30}
		if u(4) == yuyv && u(8) == 1920 {
			rates = []uint32{5}
		}
		if u(0) < uint32(len(rates)) {
			put(16, enumDiscrete, 1, rates[u(0)])
			return nil
		}
	}
	return unix.EINVAL
}

var webcamModes = []Mode{
	{"YUYV", 640, 480, []float64{30, 15}},
	{"YUYV", 1920, 1080, []float64{5}},
	{"MJPG", 1920, 1080, []float64{30, 15}},
}

func TestAskingADriver(t *testing.T) {
	name, captures, err := capability(webcam)
	if name != "Webcam? C920" || !captures || err != nil {
		t.Errorf("capability: %q, %v, %v", name, captures, err)
	}
	if got := listModes(webcam); !reflect.DeepEqual(got, webcamModes) {
		t.Errorf("modes %+v, want %+v", got, webcamModes)
	}
	metadata := func(request uintptr, arg []byte) error {
		binary.NativeEndian.PutUint32(arg[84:], 0x84a00001)
		binary.NativeEndian.PutUint32(arg[88:], 0x04a00000)
		return nil
	}
	if _, captures, err := capability(metadata); captures || err != nil {
		t.Errorf("a metadata node: captures %v, %v", captures, err)
	}
	if _, _, err := capability(func(uintptr, []byte) error { return unix.ENOTTY }); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("no V4L2 device: %v", err)
	}
	endless := func(uintptr, []byte) error { return nil }
	if got := len(listModes(endless)); got > maxEnum {
		t.Errorf("a driver without an end: %d modes", got)
	}
}

func TestDevicesIn(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"video10", "video2", "video3", "video4", "videoX", "video", "null", "video99999"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(path string) (string, []Mode, bool, error) {
		switch filepath.Base(path) {
		case "video3":
			return "metadata", nil, false, nil
		case "video4":
			return "", nil, false, os.ErrPermission
		}
		return "cam", webcamModes, true, nil
	}
	want := []Device{
		{Number: 2, Path: dir + "/video2", Name: "cam", Modes: webcamModes},
		{Number: 4, Path: dir + "/video4", Err: os.ErrPermission},
		{Number: 10, Path: dir + "/video10", Name: "cam", Modes: webcamModes},
	}
	if got := devicesIn(dir, ask); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := devicesIn(dir+"/none", ask); got != nil {
		t.Errorf("no directory: %v", got)
	}
	if _, _, _, err := askDevice(filepath.Join(dir, "video2")); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a plain file: %v", err)
	}
}

func TestPickFormat(t *testing.T) {
	for _, c := range []struct {
		w, h int
		fps  float64
		want string
	}{
		{0, 0, 0, ""},
		{640, 480, 30, "YUYV"},
		{640, 480, 60, ""},
		{1920, 1080, 0, "YUYV"},
		{1920, 1080, 5, "YUYV"},
		{1920, 1080, 30, "MJPG"},
		{800, 600, 30, ""},
		{1920, 0, 30, ""},
	} {
		want := uint32(0)
		if c.want != "" {
			want = fourCC(c.want)
		}
		if got := pickFormat(webcamModes, c.w, c.h, c.fps); got != want {
			t.Errorf("%dx%d at %v: %#x, want %q", c.w, c.h, c.fps, got, c.want)
		}
	}
}
