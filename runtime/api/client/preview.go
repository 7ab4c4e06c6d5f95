package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"golang.org/x/image/draw"

	"rvo-tui/runtime"
	"rvo-tui/runtime/live"
)

// maxSide is the maximum size of decoded frames, in pixels.
const maxSide = 4096

// Preview calls show with the newest frames of the cameras in list, each at its size
// and at most rate times a second, until ctx ends, a camera is removed or the
// connection is lost. list must not contain a camera twice.
func (c *Client) Preview(ctx context.Context, list []runtime.PreviewSpec, rate float64, show func(i int, p runtime.Preview)) error {
	names, width := make([]string, len(list)), 16
	for i, spec := range list {
		names[i], width = spec.Camera, max(width, spec.Width)
	}
	q := url.Values{"jpeg": {strings.Join(names, ",")}, "width": {strconv.Itoa(width)}, "rate": {strconv.FormatFloat(rate, 'g', -1, 64)}}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(silenceTime, func() { cancel(errSilent) })
	defer silent.Stop()
	res, err := c.open(ctx, http.MethodGet, "/media?"+q.Encode(), nil, nil)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	for {
		m, err := live.ReadMessage(res.Body)
		if err != nil {
			return c.link.explain(ctx, err)
		}
		silent.Reset(silenceTime)
		i := int(m.Camera)
		if m.Type != live.MessageJPEG || i >= len(list) {
			continue
		}
		p, err := decode(m, list[i].Width, list[i].Height)
		if err != nil {
			return fmt.Errorf("read preview of %s: %w", c.link.where, err)
		}
		show(i, p)
	}
}

// decode decodes a JPEG file and scales it to a preview.
func decode(m live.Message, width, height int) (runtime.Preview, error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(m.Payload))
	if err != nil {
		return runtime.Preview{}, err
	}
	if cfg.Width > maxSide || cfg.Height > maxSide {
		return runtime.Preview{}, errors.New("the frame is larger than requested")
	}
	img, err := jpeg.Decode(bytes.NewReader(m.Payload))
	if err != nil {
		return runtime.Preview{}, err
	}
	scaled := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.ApproxBiLinear.Scale(scaled, scaled.Bounds(), img, img.Bounds(), draw.Src, nil)
	p := runtime.Preview{Frame: m.Frame, Width: width, Height: height, Pixels: make([]byte, 0, 3*width*height)}
	for i := 0; i < len(scaled.Pix); i += 4 {
		p.Pixels = append(p.Pixels, scaled.Pix[i:i+3]...)
	}
	return p, nil
}
