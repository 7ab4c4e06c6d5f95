package mjpeg

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"

	"rvo-tui/capture"
)

// maxSide and maxArea limit what a JPEG header can make the decoder allocate, in
// pixels.
const (
	maxSide = 16384
	maxArea = 7680 * 4320
)

// jpegSize returns the size in a JPEG file's header.
func jpegSize(data []byte) (width, height int, err error) {
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return 0, 0, err
	}
	if cfg.Width <= 0 || cfg.Height <= 0 || cfg.Width > maxSide || cfg.Height > maxSide || cfg.Width*cfg.Height > maxArea {
		return 0, 0, fmt.Errorf("frame of %dx%d pixels", cfg.Width, cfg.Height)
	}
	return cfg.Width, cfg.Height, nil
}

// decoder is the capture.Decoder of MJPEG in Go.
type decoder struct{ tables []byte }

// OpenDecoder is the capture.DecoderOpener for MJPEG in a build without FFmpeg. Other
// codecs give capture.ErrUnsupported.
func OpenDecoder(t *capture.Track, _ capture.Config) (capture.Decoder, error) {
	if t.Codec != capture.MJPEG {
		return nil, fmt.Errorf("decode %s: %w by a build without FFmpeg", t.Codec, capture.ErrUnsupported)
	}
	return &decoder{standardTables()}, nil
}

// Decode decodes the newest valid packet. Frames do not depend on each other.
func (d *decoder) Decode(packets []*capture.Packet, _ bool) (capture.Decoded, error) {
	var out capture.Decoded
	for i := len(packets) - 1; i >= 0; i-- {
		img, err := d.decode(packets[i].Data)
		if err != nil {
			out.Refused++
			continue
		}
		out.Image, out.Packet, out.Damaged, out.Frames = img, packets[i], packets[i].Damaged, 1
		if out.Damaged {
			out.DamagedFrames = 1
		}
		break
	}
	return out, nil
}

func (d *decoder) decode(data []byte) (capture.Image, error) {
	if _, _, err := jpegSize(data); err != nil {
		return nil, err
	}
	img, err := jpeg.Decode(bytes.NewReader(withTables(data, d.tables)))
	if err != nil {
		return nil, err
	}
	return still{img}, nil
}

// Drain returns nothing: no frames are held back.
func (d *decoder) Drain() (capture.Decoded, error) { return capture.Decoded{}, nil }

// Flush does nothing: no frame depends on another.
func (d *decoder) Flush() {}

// Close does nothing: all memory is Go's.
func (d *decoder) Close() {}

// standardTables returns the segment with the Huffman tables of JPEG's annex K, as
// written by the standard library's encoder.
func standardTables() []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, image.NewYCbCr(image.Rect(0, 0, 8, 8), image.YCbCrSubsampleRatio420), nil); err != nil {
		return nil // cannot happen: a buffer never fails to write
	}
	from, to := segment(out.Bytes(), markDHT)
	return out.Bytes()[from:to]
}

// withTables adds Huffman tables to a JPEG: many devices omit the standard ones.
func withTables(data, tables []byte) []byte {
	if from, _ := segment(data, markDHT); from >= 0 {
		return data
	}
	at, _ := segment(data, markSOS)
	if at < 0 {
		return data
	}
	return append(append(append(make([]byte, 0, len(data)+len(tables)), data[:at]...), tables...), data[at:]...)
}

// segment returns the position of the first segment with a marker before the image
// data, or -1.
func segment(data []byte, mark byte) (from, to int) {
	for at := 2; at+4 <= len(data) && data[at] == 0xFF; {
		end := at + 2 + int(data[at+2])<<8 + int(data[at+3])
		switch {
		case end > len(data):
			return -1, -1
		case data[at+1] == mark:
			return at, end
		case data[at+1] == markSOS:
			return -1, -1
		}
		at = end
	}
	return -1, -1
}

// still is a decoded JPEG as a capture.Image.
type still struct{ img image.Image }

func (s still) Size() (width, height int) { return s.img.Bounds().Dx(), s.img.Bounds().Dy() }

func (s still) Luma() (capture.Luma, bool) {
	w, h := s.Size()
	switch img := s.img.(type) {
	case *image.YCbCr:
		return capture.Luma{Pix: img.Y, Width: w, Height: h, Origin: img.YOffset(img.Rect.Min.X, img.Rect.Min.Y), DX: 1, DY: img.YStride}, true
	case *image.Gray:
		return capture.Luma{Pix: img.Pix, Width: w, Height: h, Origin: img.PixOffset(img.Rect.Min.X, img.Rect.Min.Y), DX: 1, DY: img.Stride}, true
	}
	return capture.Luma{}, false
}

func (s still) Convert(dst []byte, t capture.Target) error {
	w, h := s.Size()
	if w <= 0 || h <= 0 {
		return errors.New("the frame has no pixels")
	}
	b := s.img.Bounds()
	at := func(x, y int) (r, g, bl int) { // CMYK and RGB, which cameras rarely use
		r16, g16, b16, _ := s.img.At(b.Min.X+x, b.Min.Y+y).RGBA()
		return int(r16 >> 8), int(g16 >> 8), int(b16 >> 8)
	}
	switch img := s.img.(type) {
	case *image.YCbCr:
		at = func(x, y int) (r, g, bl int) {
			c := img.COffset(b.Min.X+x, b.Min.Y+y)
			r8, g8, b8 := color.YCbCrToRGB(img.Y[img.YOffset(b.Min.X+x, b.Min.Y+y)], img.Cb[c], img.Cr[c])
			return int(r8), int(g8), int(b8)
		}
	case *image.Gray:
		at = func(x, y int) (r, g, bl int) {
			v := int(img.Pix[img.PixOffset(b.Min.X+x, b.Min.Y+y)])
			return v, v, v
		}
	}
	capture.Box(dst, t, w, h, at)
	return nil
}

// Free does nothing: the memory is garbage collected.
func (s still) Free() {}
