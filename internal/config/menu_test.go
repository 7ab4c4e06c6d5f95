package config

import (
	"testing"

	"rvo-tui/internal/cli"
)

func TestCameraMenuAllowsNoCamera(t *testing.T) {
	const text = "[log]\nlevel = \"warn\"\n"
	for _, menu := range []bool{false, true} {
		l := testLoader()
		l.CameraMenu = menu
		cfg, err := loadText(t, l, text, cli.Flags{})
		if (err == nil) != menu || menu && len(cfg.Camera) != 0 {
			t.Errorf("with a camera menu %v: %d cameras, error %v", menu, len(cfg.Camera), err)
		}
	}
}
