package capture

import (
	"strings"
	"testing"
)

func TestScaleDownIsTheMean(t *testing.T) {
	const width, height = 6, 4
	src := make([]byte, width*height*3)
	for i := range src {
		src[i] = byte(37 * i)
	}
	for w := 1; w <= width; w++ {
		for h := 1; h <= height; h++ {
			dst := make([]byte, w*h*3)
			if err := ScaleDown(dst, src, width, height, w, h); err != nil {
				t.Fatal(err)
			}
			for i := range dst {
				x, y, ch := i/3%w, i/3/w, i%3
				sum, n := 0, 0
				for sy := y * height / h; sy < (y+1)*height/h; sy++ {
					for sx := x * width / w; sx < (x+1)*width/w; sx++ {
						sum, n = sum+int(src[(sy*width+sx)*3+ch]), n+1
					}
				}
				if int(dst[i]) != sum/n {
					t.Fatalf("to %dx%d: pixel %d,%d,%d is %d, want %d", w, h, x, y, ch, dst[i], sum/n)
				}
			}
		}
	}
}

func TestScaleDownRefuses(t *testing.T) {
	for _, c := range []struct {
		dst, src, width, height, w, h int
		want                          string
	}{
		{3, 12, 2, 2, 0, 1, "no pixels"},
		{3, 12, 2, -2, 1, 1, "no pixels"},
		{3, 11, 2, 2, 1, 1, "are no pictures"},
		{4, 12, 2, 2, 1, 1, "are no pictures"},
		{27, 12, 2, 2, 3, 3, "scaled down"},
	} {
		err := ScaleDown(make([]byte, c.dst), make([]byte, c.src), c.width, c.height, c.w, c.h)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
}
