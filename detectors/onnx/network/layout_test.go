package network

import (
	"slices"
	"strings"
	"testing"
)

func TestLayout(t *testing.T) {
	in := func(e Elem, shape ...int) Port { return Port{"images", shape, e} }
	tests := []struct {
		name          string
		port          Port
		size, trained string
		width, height int
		dims          []int64
		open          bool
		says          string
	}{
		{"channels first", in(Float32, 1, 3, 480, 640), "", "", 640, 480, []int64{1, 3, 480, 640}, false, ""},
		{"channels last", in(Uint8, 1, 480, 640, 3), "", "", 640, 480, []int64{1, 480, 640, 3}, false, ""},
		{"without a batch", in(Float32, 3, 480, 640), "", "", 640, 480, []int64{3, 480, 640}, false, ""},
		{"without a batch, channels last", in(Float32, 480, 640, 1), "", "", 640, 480, []int64{480, 640, 1}, false, ""},
		{"open batch", in(Float16, -1, 1, 32, 64), "64x32", "", 64, 32, []int64{1, 1, 32, 64}, true, ""},
		{"all open", in(Float32, -1, -1, -1, -1), "640x480", "", 640, 480, []int64{1, 3, 480, 640}, true, ""},
		{"open, taught size known", in(Float32, 1, 3, -1, -1), "", "[480, 640]", 640, 480, []int64{1, 3, 480, 640}, false, ""},
		{"one side open", in(Float32, 1, 3, 48, -1), "320x48", "", 320, 48, []int64{1, 3, 48, 320}, false, ""},
		{"open, not told", in(Float32, 1, 3, -1, -1), "", "", 0, 0, nil, false, "set input"},
		{"another size", in(Float32, 1, 3, 64, 64), "32x32", "", 0, 0, nil, false, "requires images of 64x64"},
		{"no size", in(Float32, 1, 3, -1, -1), "large", "", 0, 0, nil, false, "is not a size"},
		{"four channels", in(Float32, 1, 4, 64, 64), "", "", 0, 0, nil, false, "1 nor 3 channels"},
		{"a fixed batch", in(Float32, 4, 3, 64, 64), "", "", 0, 0, nil, false, "4 images at a time"},
		{"doubles", in("type 11", 1, 3, 64, 64), "", "", 0, 0, nil, false, "is not float32"},
		{"enormous", in(Float32, 1, 3, 64, 100_000), "", "", 0, 0, nil, false, "8 to 4096 pixels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l, err := layoutOf(tt.port, tt.size, tt.trained)
			if tt.says != "" {
				if err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("error %v, want %q in it", err, tt.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if l.Width != tt.width || l.Height != tt.height || l.Open != tt.open || !slices.Equal(l.Dims(1), tt.dims) {
				t.Errorf("%dx%d %v, open %v; want %dx%d %v, open %v", l.Width, l.Height, l.Dims(1), l.Open, tt.width, tt.height, tt.dims, tt.open)
			}
		})
	}
}

func TestImageInput(t *testing.T) {
	image := Port{"images", []int{1, 3, 64, 64}, Float32}
	if at, err := imageInput([]Port{{targetSizes, []int{1, 2}, Int64}, image}); err != nil || at != 1 {
		t.Errorf("with the size as another input: %d, %v", at, err)
	}
	for _, list := range [][]Port{{}, {image, {"state", []int{1, 128}, Float32}}, {{"tokens", []int{1, 77}, Int64}}} {
		if _, err := imageInput(list); err == nil {
			t.Errorf("%v is taken for a model of images", list)
		}
	}
}
