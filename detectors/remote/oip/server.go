package oip

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/status"

	"rvo-tui/detectors"
	"rvo-tui/detectors/remote"
	"rvo-tui/internal/text"
	"rvo-tui/proto/inference"
)

// Reasons for failures, in addition to those of package remote.
const (
	ReasonNoModel  detectors.Reason = "no_model"  // the server has no such model or version
	ReasonNotReady detectors.Reason = "not_ready" // the server or the model is loading, or was unloaded
	ReasonModel    detectors.Reason = "model"     // what the model declares or returns is not supported
	ReasonShape    detectors.Reason = "shape"     // a response differs from the server's declaration
)

var words = remote.Words{Service: "inference.GRPCInferenceService", Shrink: "set a smaller input"}

func fault(reason detectors.Reason, format string, args ...any) *detectors.Error {
	return &detectors.Error{Reason: reason, Err: fmt.Errorf(format, args...)}
}

// Maximum sizes of responses without tensors, in bytes.
const (
	maxReady    = 4 << 10
	maxMetadata = 64 << 10
)

// server is one model on its server. Each of its errors is a *detectors.Error.
type server struct {
	client         *remote.Client
	rpc            inference.GRPCInferenceServiceClient
	model, version string
}

func newServer(pool *remote.Pool, o Options, signals []string) (*server, error) {
	client, err := pool.Client(o.Connection, signals, words)
	if err != nil {
		return nil, err
	}
	return &server{client, inference.NewGRPCInferenceServiceClient(client.Conn()), o.Model, o.Version}, nil
}

// call makes one call whose response is limited to limit bytes.
func (s *server) call(ctx context.Context, limit int, do func(ctx context.Context, opts ...grpc.CallOption) error) error {
	var said error
	err := s.client.Call(ctx, func(ctx context.Context, opts ...grpc.CallOption) error {
		said = do(ctx, append(opts, grpc.MaxCallRecvMsgSize(limit))...)
		return said
	})
	if err == nil || detectors.ReasonOf(err) != remote.ReasonService {
		return err
	}
	words := text.Clean(status.Convert(said).Message())
	switch code := status.Code(said); {
	case code == codes.NotFound, code == codes.Unavailable && strings.Contains(words, "not found"):
		return s.client.At(fault(ReasonNoModel, "the server has no %s: load it there, or correct model and version: %s", s, words))
	case code == codes.Unavailable && strings.Contains(words, "timeout"):
		return s.client.At(fault(detectors.ReasonTimeout, "the request waited too long in the server's queue: reduce its load, or raise timeout: %s", words))
	case code == codes.Unavailable:
		return s.client.At(fault(ReasonNotReady, "%s is not available: load it on the server: %s", s, words))
	}
	return err
}

func (s *server) String() string {
	if s.version == "" {
		return fmt.Sprintf("model %q", text.Clean(s.model))
	}
	return fmt.Sprintf("model %q, version %q", text.Clean(s.model), text.Clean(s.version))
}

// metadata returns the server's declaration of the model once it is ready. The error
// says whether the server or the model is not ready.
func (s *server) metadata(ctx context.Context) (*inference.ModelMetadataResponse, error) {
	var ready *inference.ModelReadyResponse
	notReady := s.call(ctx, maxReady, func(ctx context.Context, opts ...grpc.CallOption) (err error) {
		ready, err = s.rpc.ModelReady(ctx, &inference.ModelReadyRequest{Name: s.model, Version: s.version}, opts...)
		return err
	})
	if notReady == nil && !ready.GetReady() {
		notReady = s.client.At(fault(ReasonNotReady, "%s is not ready: wait until the server has loaded it, or load it", s))
	}
	switch detectors.ReasonOf(notReady) {
	case "", ReasonNotReady, remote.ReasonService:
	default:
		return nil, notReady
	}
	var meta *inference.ModelMetadataResponse
	err := s.call(ctx, maxMetadata, func(ctx context.Context, opts ...grpc.CallOption) (err error) {
		meta, err = s.rpc.ModelMetadata(ctx, &inference.ModelMetadataRequest{Name: s.model, Version: s.version}, opts...)
		return err
	})
	switch {
	case err != nil:
		// More precise than "not ready".
		return nil, s.whole(ctx, err)
	case notReady != nil:
		return nil, s.whole(ctx, notReady)
	}
	return meta, nil
}

// whole returns the error of a model that is not ready or, if the server itself is not
// ready, an error that says so. A server can be ready without all of its models, and
// the other way round.
func (s *server) whole(ctx context.Context, err error) error {
	if detectors.ReasonOf(err) != ReasonNotReady {
		return err
	}
	var ready *inference.ServerReadyResponse
	asked := s.call(ctx, maxReady, func(ctx context.Context, opts ...grpc.CallOption) (err error) {
		ready, err = s.rpc.ServerReady(ctx, &inference.ServerReadyRequest{}, opts...)
		return err
	})
	if asked == nil && !ready.GetReady() {
		return s.client.At(fault(ReasonNotReady, "the server is not ready, nor is %s: wait until it has started, or look at its log", s))
	}
	return err
}

// infer runs the model on the request. The response is limited to limit bytes.
func (s *server) infer(ctx context.Context, request *inference.ModelInferRequest, to *answer, limit int) error {
	err := s.call(ctx, limit, func(ctx context.Context, opts ...grpc.CallOption) error {
		opts = append(opts, grpc.ForceCodecV2(answerCodec{encoding.GetCodecV2(proto.Name)}))
		return s.client.Conn().Invoke(ctx, inference.GRPCInferenceService_ModelInfer_FullMethodName, request, to, opts...)
	})
	if err == nil && to.err != nil {
		err = s.client.At(fault(ReasonShape, "answered with %w: correct the model", to.err))
	}
	return err
}
