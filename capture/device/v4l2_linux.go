package device

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/blackjack/webcam"

	"rvo-tui/capture"
)

// buffers is the number of frames that a driver buffers.
const buffers = 4

// v4l2 is the camera interface to a driver.
type v4l2 struct{ *webcam.Webcam }

func (c v4l2) Start(m Mode, fps float64) error {
	// The returned size is not checked: it is always the requested one, even if the
	// driver chose another. The driver listed this mode, so it should not.
	format, _, _, err := c.SetImageFormat(fourCC(m.Format), uint32(m.Width), uint32(m.Height))
	if err != nil {
		return fmt.Errorf("set format %s of %dx%d: %w", m.Format, m.Width, m.Height, err)
	}
	if format != fourCC(m.Format) {
		return fmt.Errorf("%w: the device listed format %s but does not send it", capture.ErrUnsupported, m.Format)
	}
	if fps > 0 {
		_ = c.SetFramerate(float32(fps)) // if it cannot be set, the rate is limited later
	}
	if err := c.SetBufferCount(buffers); err != nil {
		return err
	}
	return c.StartStreaming()
}

func (c v4l2) Wait() (bool, error) {
	err := c.WaitForFrame(1)
	if errors.As(err, new(*webcam.Timeout)) {
		return false, nil
	}
	return err == nil, err
}

func (c v4l2) Frame() ([]byte, uint32, error) { return c.GetFrame() }
func (c v4l2) Release(buffer uint32) error    { return c.ReleaseFrame(buffer) }

func openNode(path string) (v4l2, error) {
	cam, err := webcam.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return v4l2{}, fmt.Errorf("%w: list the devices with rvo-tui --list-cameras", os.ErrNotExist)
	case errors.Is(err, os.ErrPermission):
		return v4l2{}, fmt.Errorf("%w: add this user to the group video", os.ErrPermission)
	}
	return v4l2{cam}, err
}

// ask returns a device's name and modes. A node that cannot capture has no modes.
func ask(path string) (name string, modes []Mode, err error) {
	cam, err := openNode(path)
	if errors.Is(err, os.ErrPermission) {
		return "", nil, err
	}
	if err != nil {
		return "", nil, nil // a codec, an output, or not a V4L2 device
	}
	defer cam.Close()
	name, _ = cam.GetName() // for display only
	return name, cam.modes(), nil
}

// modes returns the modes listed by the driver.
func (c v4l2) modes() []Mode {
	var modes []Mode
	for format := range c.GetSupportedFormats() {
		for _, size := range c.GetSupportedFrameSizes(format) {
			m := Mode{
				Format: fourCCText(format), Width: int(size.MaxWidth), Height: int(size.MaxHeight),
				least: [2]int{int(size.MinWidth), int(size.MinHeight)}, step: [2]int{int(size.StepWidth), int(size.StepHeight)},
			}
			m.Rates = ratesOf(func() []webcam.FrameRate { return c.GetSupportedFramerates(format, size.MaxWidth, size.MaxHeight) })
			if m.Width > 0 && m.Height > 0 {
				modes = append(modes, m)
			}
		}
	}
	slices.SortStableFunc(modes, func(a, b Mode) int {
		return cmp.Or(cmp.Compare(a.Format, b.Format), cmp.Compare(b.area(), a.area()))
	})
	return modes
}

// ratesOf returns the rates that ask lists, highest first. The library panics if the driver lists a
// range of frame intervals with steps, as those of some UVC cameras do; the rates are then unknown.
func ratesOf(ask func() []webcam.FrameRate) (rates []float64) {
	defer func() {
		if recover() != nil {
			rates = nil
		}
	}()
	for _, r := range ask() {
		if r.MinNumerator > 0 && r.MaxDenominator > 0 {
			rates = append(rates, float64(r.MaxDenominator)/float64(r.MinNumerator))
		}
	}
	slices.Sort(rates)
	slices.Reverse(rates)
	return rates
}

func fourCC(s string) webcam.PixelFormat {
	return webcam.PixelFormat(uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24)
}

func fourCCText(f webcam.PixelFormat) string {
	return string([]byte{byte(f), byte(f >> 8), byte(f >> 16), byte(f >> 24)})
}

// Open is the capture.Opener of capture.KindDevice. It returns a capture.PacketSource
// if the device sends MJPEG or H.264, and otherwise a capture.Source of pixels. Reads
// end within a second after the context.
func Open(ctx context.Context, cfg capture.Config, addr capture.Address) (capture.Connection, error) {
	cam, err := openNode(fmt.Sprintf("/dev/video%d", addr.Device))
	if err == nil {
		var src capture.Connection
		if src, err = start(ctx, cam, cam.modes(), cfg); err == nil {
			return src, nil
		}
	}
	return nil, fmt.Errorf("open device:%d: %w", addr.Device, err)
}
