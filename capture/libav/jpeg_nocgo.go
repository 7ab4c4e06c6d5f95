//go:build !cgo

package libav

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"

	"rvo-tui/capture"
)

// maxPixels limits the size that a JPEG header may claim.
const maxPixels = 1 << 26

// jpegDecoder decodes MJPEG in Go.
type jpegDecoder struct{}

// Decode decodes the newest packet. Frames do not depend on each other.
func (jpegDecoder) Decode(packets []*capture.Packet, _ bool) (capture.Decoded, error) {
	if len(packets) == 0 {
		return capture.Decoded{}, nil
	}
	p := packets[len(packets)-1]
	pix, width, height, err := decodeJPEG(p.Data)
	if err != nil {
		return capture.Decoded{Refused: 1}, nil //nolint:nilerr // faults in single packets are only counted
	}
	out := capture.Decoded{Image: bgr{pix, width, height}, Packet: p, Damaged: p.Damaged, Frames: 1}
	if p.Damaged {
		out.DamagedFrames = 1
	}
	return out, nil
}

func (jpegDecoder) Drain() (capture.Decoded, error) { return capture.Decoded{}, nil }
func (jpegDecoder) Flush()                          {}
func (jpegDecoder) Close()                          {}

// decodeJPEG returns packed BGR.
func decodeJPEG(data []byte) (pix []byte, width, height int, err error) {
	head, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, 0, 0, err
	}
	if head.Width*head.Height > maxPixels {
		return nil, 0, 0, image.ErrFormat
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, 0, 0, err
	}
	area := img.Bounds()
	width, height = area.Dx(), area.Dy()
	pix = make([]byte, 0, width*height*3)
	planes, isYCbCr := img.(*image.YCbCr)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			var r, g, b uint8
			if isYCbCr {
				at := planes.COffset(x, y)
				r, g, b = color.YCbCrToRGB(planes.Y[planes.YOffset(x, y)], planes.Cb[at], planes.Cr[at])
			} else {
				c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
				r, g, b = c.R, c.G, c.B
			}
			pix = append(pix, b, g, r)
		}
	}
	return pix, width, height, nil
}

// bgr is a decoded frame.
type bgr struct {
	pix           []byte
	width, height int
}

func (m bgr) Size() (width, height int)  { return m.width, m.height }
func (m bgr) Luma() (capture.Luma, bool) { return capture.Luma{}, false }
func (m bgr) Free()                      {}
func (m bgr) Convert(dst []byte, t capture.Target) error {
	return capture.ConvertPacked(dst, m.pix, m.width, m.height, t)
}
