package app

import (
	"fmt"

	"rvo-tui/capture"
	"rvo-tui/detectors"
	"rvo-tui/internal/cli"
	"rvo-tui/internal/config"
	"rvo-tui/runtime"
)

// command returns the command that a verb of ctl stands for.
func command(l config.Loader, flags cli.Flags) (runtime.Command, error) {
	f := flags.Ctl
	switch flags.Verb {
	case "attach":
		text, err := l.KeyText(detectors.Config{}, append([]string{"kind=" + f.Attach.Kind}, f.Attach.Set...), "name="+f.Attach.Kind)
		if err != nil {
			return runtime.Command{}, fmt.Errorf("attach: %w", err)
		}
		cfg, err := config.ParseDetector(elsewhere(l.Kinds), text)
		return runtime.Command{Do: runtime.Attach, Camera: f.Attach.Camera, Attached: &cfg}, err
	case "add-camera":
		text, err := l.KeyText(capture.Config{}, append([]string{"name=" + f.AddCamera.Name, "source=" + f.AddCamera.Source}, f.AddCamera.Set...))
		if err != nil {
			return runtime.Command{}, fmt.Errorf("add-camera: %w", err)
		}
		cfg, err := config.ParseCamera(text)
		return runtime.Command{Do: runtime.AddCamera, Added: &cfg}, err
	case "detach":
		return runtime.Command{Do: runtime.Detach, Camera: f.Detach.Camera, Detector: f.Detach.Detector}, nil
	case "enable":
		return runtime.Command{Do: runtime.Enable, Camera: f.Enable.Camera, Detector: f.Enable.Detector}, nil
	case "disable":
		return runtime.Command{Do: runtime.Disable, Camera: f.Disable.Camera, Detector: f.Disable.Detector}, nil
	case "rate":
		return runtime.Command{Do: runtime.SetRate, Camera: f.Rate.Camera, Detector: f.Rate.Detector, FPS: f.Rate.FPS}, nil
	case "remove-camera":
		return runtime.Command{Do: runtime.RemoveCamera, Camera: f.RemoveCamera.Name}, nil
	case "pause":
		return runtime.Command{Do: runtime.Pause, Camera: f.Pause.Camera}, nil
	case "resume":
		return runtime.Command{Do: runtime.Resume, Camera: f.Resume.Camera}, nil
	case "rule-on":
		return runtime.Command{Do: runtime.RuleOn, Camera: f.RuleOn.Camera, Rule: f.RuleOn.Rule}, nil
	case "rule-off":
		return runtime.Command{Do: runtime.RuleOff, Camera: f.RuleOff.Camera, Rule: f.RuleOff.Rule}, nil
	case "clip":
		return runtime.Command{Do: runtime.SaveClip, Camera: f.Clip.Camera}, nil
	case "reload":
		return runtime.Command{Do: runtime.Reload}, nil
	}
	return runtime.Command{}, fmt.Errorf("unknown command %q", flags.Verb)
}

// elsewhere returns the kinds as far as they can be judged on another machine: of
// what is installed there this one knows nothing.
func elsewhere(kinds detectors.Kinds) detectors.Kinds {
	other := make(detectors.Kinds, len(kinds))
	for name, kind := range kinds {
		if !kind.Remote {
			kind.Check = nil
		}
		other[name] = kind
	}
	return other
}
