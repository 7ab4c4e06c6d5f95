package control

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rvo-tui/clips"
	"rvo-tui/detectors"
	"rvo-tui/internal/text"
	controlv1 "rvo-tui/proto/rvo/control/v1"
	"rvo-tui/runtime"
	"rvo-tui/runtime/engine"
)

const (
	maxCommands = 16
	maxText     = 64 << 10        // bytes of a [[detector]] or [[camera]]
	maxName     = 256             // bytes of a name in a command
	maxMessage  = 6 << 10         // bytes of an error: it travels in a header
	commandTime = 2 * time.Minute // that a command may take
)

// Do implements the contract.
func (s *service) Do(ctx context.Context, req *controlv1.DoRequest) (*controlv1.DoResponse, error) {
	who := callerOf(ctx)
	cmd, err := s.carryOut(ctx, who, req)
	s.audit(who, req, cmd, err)
	if err != nil {
		return nil, refusal(err)
	}
	return new(controlv1.DoResponse), nil
}

// carryOut does what a request asks for, as one of maxCommands at a time: reading
// it may take a while, too. It returns what was asked for as far as that is known.
func (s *service) carryOut(ctx context.Context, who caller, req *controlv1.DoRequest) (runtime.Command, error) {
	if err := s.commands.acquire(); err != nil {
		return runtime.Command{}, err
	}
	defer s.commands.release()
	cmd, err := s.command(who, req)
	if err != nil {
		return cmd, err
	}
	return cmd, s.perform(ctx, cmd)
}

// command returns what a request asks for, or why it is refused.
func (s *service) command(who caller, req *controlv1.DoRequest) (runtime.Command, error) {
	cmd := runtime.Command{
		Do: runtime.Verb(req.GetVerb()), Camera: req.GetCamera(), Detector: req.GetDetector(), Rule: req.GetRule(), FPS: req.GetFps(),
	}
	if !who.write {
		return cmd, denied("read_token is for those who only look: give control.token to change anything")
	}
	if !slices.Contains(runtime.Verbs(), cmd.Do) {
		return cmd, status.Errorf(codes.InvalidArgument, "unknown command %q: use one of %v", text.Clean(req.GetVerb()), runtime.Verbs())
	}
	for _, name := range []string{cmd.Camera, cmd.Detector, cmd.Rule} {
		if len(name) > maxName {
			return cmd, status.Errorf(codes.InvalidArgument, "a name of %d bytes: none is longer than %d", len(name), maxName)
		}
	}
	switch cmd.Do {
	case runtime.Attach:
		cfg, err := decode(req.GetAttach(), "detector", s.opts.Codec.Detector)
		if err != nil {
			return cmd, err
		}
		cmd.Attached = &cfg
		if err := s.policy.detector(cfg); err != nil {
			return cmd, err
		}
		return cmd, s.valid(cfg)
	case runtime.AddCamera:
		cfg, err := decode(req.GetAddCamera(), "camera", s.opts.Codec.Camera)
		if err != nil {
			return cmd, err
		}
		cmd.Added = &cfg
		return cmd, s.policy.camera(cfg)
	}
	return cmd, nil
}

// valid reports what is wrong with a detector that policy allows. It is called
// for no other: it may look at the files that one names.
func (s *service) valid(cfg detectors.Config) error {
	var problems []string
	cfg.Validate(s.opts.Kinds, func(key, problem string) { problems = append(problems, key+": "+problem) })
	if len(problems) == 0 {
		return nil
	}
	return status.Error(codes.InvalidArgument, "read detector: "+strings.Join(problems, "; "))
}

func decode[T any](text, what string, read func(string) (T, error)) (T, error) {
	var none T
	switch {
	case read == nil:
		return none, status.Errorf(codes.Unimplemented, "a %s cannot be given over this API", what)
	case strings.TrimSpace(text) == "":
		return none, status.Errorf(codes.InvalidArgument, "no %s was given: write its keys as in the configuration", what)
	case len(text) > maxText:
		return none, status.Errorf(codes.InvalidArgument, "the text of the %s has %d bytes: at most %d are taken", what, len(text), maxText)
	}
	if err := expands(text); err != nil {
		return none, err
	}
	v, err := read(text)
	if err != nil {
		return none, status.Errorf(codes.InvalidArgument, "%v", err)
	}
	return v, nil
}

// perform carries a command out.
func (s *service) perform(ctx context.Context, cmd runtime.Command) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	if cmd.Do != runtime.Reload {
		err := s.opts.Runtime.Do(ctx, cmd)
		if err != nil && cmd.Camera != "" && !s.present(cmd.Camera) {
			return status.Error(codes.NotFound, err.Error())
		}
		return err
	}
	if s.opts.Reload == nil {
		return status.Error(codes.Unimplemented, "this rvo-tui does not read its configuration again: start it anew")
	}
	return s.opts.Reload(ctx)
}

// audit writes down who asked for what, and what came of it. Texts are left out:
// they may hold secrets.
func (s *service) audit(who caller, req *controlv1.DoRequest, cmd runtime.Command, err error) {
	attrs := []slog.Attr{slog.String("verb", text.Clean(req.GetVerb())), slog.String("by", who.who)}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, text.Clean(value)))
		}
	}
	add("camera", cmd.Camera)
	add("detector", cmd.Detector)
	add("rule", cmd.Rule)
	if cmd.Do == runtime.SetRate {
		attrs = append(attrs, slog.Float64("fps", cmd.FPS))
	}
	if c := cmd.Attached; c != nil {
		add("attached", c.Name)
		add("kind", c.Kind)
		add("endpoint", redactUser(c.Text("endpoint")))
	}
	if c := cmd.Added; c != nil {
		add("added", c.Name)
		add("source", text.Redact(c.Source))
		add("evidence_source", text.Redact(c.EvidenceSource))
	}
	result := "done"
	if err != nil {
		result = "refused"
		attrs = append(attrs, slog.String("error", status.Convert(refusal(err)).Message()))
	}
	attrs = append(attrs, slog.String("result", result))
	s.opts.Log.LogAttrs(context.Background(), slog.LevelInfo, "control command", attrs...)
}

// refusal returns an error as a status.
func refusal(err error) error {
	if st, ok := status.FromError(err); ok {
		return st.Err()
	}
	code := codes.FailedPrecondition
	switch {
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	case runtime.Busy(err):
		code = codes.ResourceExhausted
	case runtime.Stopped(err):
		code = codes.Unavailable
	case errors.Is(err, engine.ErrNoDetector), errors.Is(err, engine.ErrNoRule), errors.Is(err, clips.ErrCamera):
		code = codes.NotFound
	}
	text := err.Error()
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return status.Error(code, text)
}
