package onnx

// providers are where a model can run.
const (
	providerCPU      = "cpu"
	providerOpenVINO = "openvino"
	providerCUDA     = "cuda"
	providerTensorRT = "tensorrt"
)

// sessionOptions is how a session is made.
type sessionOptions struct {
	provider, device string
	fallback         bool
	threads          int
}
