package app

import (
	"rvo-tui/capture/libav"
	"rvo-tui/detectors"
	"rvo-tui/detectors/onnx"
	detectcv "rvo-tui/detectors/opencv"
	"rvo-tui/detectors/remote"
	"rvo-tui/detectors/remote/child"
	"rvo-tui/detectors/remote/oip"
	"rvo-tui/runtime"
)

// kinds has every kind of detector, and the resources that some of them share.
type kinds struct {
	all      detectors.Kinds
	services *remote.Pool  // connections to model services
	children *child.Pool   // processes of detectors
	networks *onnx.Runtime // in this process
	settings child.Tuning  // of libraries, in this process and in children
}

func newKinds() *kinds {
	k := &kinds{
		services: remote.NewPool(nil), children: child.NewPool(child.Options{}),
		networks: onnx.NewRuntime(),
	}
	k.all = child.Wrap(localKinds(k.networks), k.children)
	k.all["remote"] = remote.Kind(k.services)
	k.all["oip"] = oip.Kind(k.services, new(libav.Library).EncodeJPEG)
	k.all["command"] = child.Kind(k.children)
	return k
}

// localKinds returns the kinds of detector that compute locally.
func localKinds(networks *onnx.Runtime) detectors.Kinds {
	kinds := detectors.Builtin()
	for name, kind := range detectcv.Kinds() {
		kinds[name] = kind
	}
	kinds["face"] = faces(kinds["face"], networks)
	kinds["person"] = persons(kinds["person"], networks)
	network := networks.Kind()
	kinds[network.Name] = network
	return kinds
}

// tune applies the library settings of the configuration to this process and to child processes
// started later.
func (k *kinds) tune(cfg runtime.Config) {
	t := child.Tuning{OpenCVThreads: cfg.OpenCVThreads, ONNXThreads: cfg.ONNXThreads, ONNXRuntime: cfg.ONNXRuntime}
	k.settings = t
	k.children.Tune(cfg.Nice, t)
	tune(k.networks, t)
}

func tune(networks *onnx.Runtime, t child.Tuning) {
	detectcv.Threads(t.OpenCVThreads)
	networks.Tune(t.ONNXRuntime, t.ONNXThreads)
}

// childMain is the main function of a detector's child process.
func childMain(args []string) int {
	networks := onnx.NewRuntime()
	return child.Main(args, func() detectors.Kinds { return localKinds(networks) }, func(t child.Tuning) { tune(networks, t) })
}

// close ends connections and processes. It ignores errors, which could not be handled.
func (k *kinds) close() {
	_ = k.services.Close()
	_ = k.children.Close()
}
