//go:build cgo

package opencv

import (
	"testing"

	"pgregory.net/rapid"
)

func TestSizeOfWhatIsSeen(t *testing.T) {
	for _, c := range []struct {
		fit                     string
		width, height, inW, inH int
		wantWidth, wantHeight   int
	}{
		{fitLetterbox, 1280, 720, 640, 640, 640, 360},
		{fitLetterbox, 720, 1280, 640, 640, 360, 640},
		{fitStretch, 1280, 720, 300, 300, 300, 300},
		{fitStretch, 200, 100, 300, 300, 300, 300},
		{fitCrop, 1280, 720, 224, 224, 398, 224},
		{fitCrop, 720, 1280, 224, 224, 224, 398},
	} {
		at := place(c.fit, c.width, c.height, c.inW, c.inH)
		if w, h := at.seen(); w != c.wantWidth || h != c.wantHeight {
			t.Errorf("%s of %dx%d into %dx%d: %dx%d, want %dx%d", c.fit, c.width, c.height, c.inW, c.inH, w, h, c.wantWidth, c.wantHeight)
		}
	}
}

// A picture that was scaled to the size that is seen is shown as it is, at the
// same place, to within a pixel of rounding.
func TestScaledPictureIsShownAsItIs(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		side := func(name string, least, most int) int { return rapid.IntRange(least, most).Draw(rt, name) }
		fit := rapid.SampledFrom([]string{fitLetterbox, fitStretch, fitCrop}).Draw(rt, "fit")
		inW, inH := side("inW", 32, 700), side("inH", 32, 700)
		// Smaller ones are not scaled beforehand.
		width, height := side("width", inW, 4*inW), side("height", inH, 4*inH)
		before := place(fit, width, height, inW, inH)
		w, h := before.seen()
		after := place(fit, w, h, inW, inH)
		near := func(what string, a, b int) {
			if a-b > 1 || b-a > 1 {
				rt.Errorf("%s: %+v becomes %+v", what, before, after)
			}
		}
		near("x", before.to.x, after.to.x)
		near("y", before.to.y, after.to.y)
		near("width", before.to.width, after.to.width)
		near("height", before.to.height, after.to.height)
		near("scale across", after.from.width, after.to.width)
		near("scale down", after.from.height, after.to.height)
	})
}
