package clips

import (
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"math"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"rvo-tui/capture"
	"rvo-tui/detectors"
)

// boxColors are chosen so that most people can tell them apart, and visible on most
// frames.
var boxColors = []color.RGBA{
	{0xff, 0xd5, 0x4f, 0xff},
	{0x4d, 0xd0, 0xe1, 0xff},
	{0xff, 0x8a, 0x65, 0xff},
	{0xae, 0xd5, 0x81, 0xff},
	{0xf0, 0x62, 0x92, 0xff},
	{0xb3, 0x9d, 0xdb, 0xff},
}

// maxLabel is the maximum length of a drawn label, in characters.
const maxLabel = 40

// Draw returns the JPEG with the detections drawn in. Without detections it returns
// file unchanged.
func Draw(redraw capture.Redrawer, file []byte, found []detectors.Detection) ([]byte, error) {
	if len(found) == 0 {
		return file, nil
	}
	drawn, err := redraw(file, func(img *image.YCbCr) {
		for _, d := range found[:min(len(found), boxLimit)] {
			drawDetection(planes{img}, d)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("draw thumbnail: %w", err)
	}
	return drawn, nil
}

// planes draws into YCbCr directly, without converting the frame to RGB and back.
type planes struct{ *image.YCbCr }

func (p planes) Set(x, y int, c color.Color) {
	if !(image.Point{X: x, Y: y}.In(p.Rect)) {
		return
	}
	ink := color.YCbCrModel.Convert(c).(color.YCbCr)
	at := p.COffset(x, y)
	p.Y[p.YOffset(x, y)], p.Cb[at], p.Cr[at] = ink.Y, ink.Cb, ink.Cr
}

func drawDetection(dst draw.Image, d detectors.Detection) {
	w, h := dst.Bounds().Dx(), dst.Bounds().Dy()
	x0, y0 := pixel(d.Box.X, w), pixel(d.Box.Y, h)
	x1, y1 := pixel(d.Box.X+d.Box.W, w), pixel(d.Box.Y+d.Box.H, h)
	scale := 1 + w/800
	line := 2 * scale
	hash := fnv.New32a()
	hash.Write([]byte(d.Label))
	ink := image.NewUniform(boxColors[hash.Sum32()%uint32(len(boxColors))])
	if x1 > x0 && y1 > y0 {
		for _, r := range []image.Rectangle{
			image.Rect(x0, y0, x1, y0+line),
			image.Rect(x0, y1-line, x1, y1),
			image.Rect(x0, y0, x0+line, y1),
			image.Rect(x1-line, y0, x1, y1),
		} {
			draw.Draw(dst, r, ink, image.Point{}, draw.Src)
		}
	}
	label := drawLabel(fmt.Sprintf("%s %.2f", printable(d.Label), d.Score)+printable(d.Found()), ink)
	lw, lh := label.Bounds().Dx()*scale, label.Bounds().Dy()*scale
	x := max(0, min(x0, w-lw))
	y := y0 - lh
	if y < 0 {
		y = min(y0+line, max(0, h-lh))
	}
	draw.NearestNeighbor.Scale(dst, image.Rect(x, y, x+lw, y+lh), label, label.Bounds(), draw.Src, nil)
}

// drawLabel returns the text in black on ink, with a margin of one pixel.
func drawLabel(text string, ink image.Image) image.Image {
	face := basicfont.Face7x13
	label := image.NewRGBA(image.Rect(0, 0, font.MeasureString(face, text).Ceil()+4, face.Height+2))
	draw.Draw(label, label.Bounds(), ink, image.Point{}, draw.Src)
	(&font.Drawer{Dst: label, Src: image.Black, Face: face, Dot: fixed.P(2, face.Ascent+1)}).DrawString(text)
	return label
}

// pixel converts a fraction of 0..1 to a position on a side of n pixels. Values outside
// and NaN are clamped to an edge.
func pixel(part float64, n int) int {
	if !(part > 0) {
		return 0
	}
	return int(math.Round(min(part, 1) * float64(n)))
}

// printable replaces characters that the font lacks and truncates long labels.
func printable(label string) string {
	n := 0
	return strings.Map(func(r rune) rune {
		n++
		switch {
		case n > maxLabel:
			return -1
		case r < ' ' || r > '~':
			return '?'
		}
		return r
	}, label)
}
