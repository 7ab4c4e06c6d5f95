package onnx

// providers are the execution providers.
const (
	providerCPU      = "cpu"
	providerOpenVINO = "openvino"
	providerCUDA     = "cuda"
	providerTensorRT = "tensorrt"
)

// sessionOptions configure a session.
type sessionOptions struct {
	provider, device string
	fallback         bool
	threads          int
	most             int // maximum batch size
}
