package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"rvo-tui/internal/cli"
	"rvo-tui/internal/text"
	"rvo-tui/runtime"
)

const (
	maxName     = 256             // bytes of a name in a command
	commandTime = 2 * time.Minute // limit for a command
)

// Rate is the request body of set_rate.
type Rate struct {
	FPS float64 `json:"fps"`
}

// verbRoutes returns the route of each verb, and those of similar actions.
func (s *Server) verbRoutes() []Route {
	var routes []Route
	for _, v := range cli.List() {
		do := runtime.Verb(v.Name)
		routes = append(routes, Route{
			Method: v.Method, Path: v.Path, Doc: v.Help, Write: true,
			Serve: func(w http.ResponseWriter, r *http.Request) error { return s.command(w, r, do) },
		})
	}
	return append(
		routes,
		Route{Method: "POST", Path: "/stop", Doc: "Stop the program.", Write: true, Serve: s.stop},
		Route{Method: "POST", Path: "/nodes", Doc: "Attach a model service to all cameras, in the format of rvo.", Write: true, Serve: s.addNode},
	)
}

// command carries out a verb and responds with {} when it is done.
func (s *Server) command(w http.ResponseWriter, r *http.Request, do runtime.Verb) error {
	cmd := runtime.Command{Do: do, Camera: r.PathValue("camera"), Detector: r.PathValue("detector"), Rule: r.PathValue("rule"), Alert: r.PathValue("alert"), Output: r.PathValue("output"), Message: r.PathValue("message")}
	if cmd.Camera == cli.AllCameras && do != runtime.RemoveCamera {
		cmd.Camera = ""
	}
	if (do == runtime.Arm || do == runtime.Disarm) && cmd.Rule == cli.AllRules {
		cmd.Rule = ""
	}
	if cmd.Message == cli.AllMessages {
		cmd.Message = ""
	}
	err := s.carryOut(w, r, &cmd)
	s.audit(r.Context(), cmd, err)
	if err != nil {
		return err
	}
	return writeJSON(w, struct{}{})
}

// Do carries out a command received other than over HTTP, with the same limits and
// policy, and logs who sent it. Its errors may be displayed.
func (s *Server) Do(ctx context.Context, who string, cmd runtime.Command) error {
	err := s.commands.acquire()
	if err == nil {
		err = s.admit(ctx, &cmd)
		s.commands.release()
	}
	s.audit(context.WithValue(ctx, callerKey{}, caller{who: who, write: true}), cmd, err)
	if err != nil {
		return problemOf(err)
	}
	return nil
}

// shortNames rejects names longer than any existing one can be.
func shortNames(cmd *runtime.Command) error {
	for _, name := range []string{cmd.Camera, cmd.Detector, cmd.Rule, cmd.Alert, cmd.Output, cmd.Message} {
		if len(name) > maxName {
			return problem(http.StatusBadRequest, fmt.Sprintf("a name of %d bytes", len(name)), fmt.Sprintf("names have at most %d", maxName))
		}
	}
	return nil
}

// admit performs a complete command.
func (s *Server) admit(ctx context.Context, cmd *runtime.Command) error {
	if err := shortNames(cmd); err != nil {
		return err
	}
	if cmd.Attached != nil || cmd.Added != nil {
		return s.addition(ctx, cmd)
	}
	return s.perform(ctx, *cmd)
}

// carryOut reads the request body of a command and performs the command. At most
// maxCommands run at a time, including reading.
func (s *Server) carryOut(w http.ResponseWriter, r *http.Request, cmd *runtime.Command) error {
	if err := s.commands.acquire(); err != nil {
		return err
	}
	defer s.commands.release()
	if err := shortNames(cmd); err != nil {
		return err
	}
	switch cmd.Do {
	case runtime.Attach, runtime.AddCamera:
		body, err := readBody(w, r)
		if err != nil {
			return err
		}
		return s.add(r.Context(), cmd, body)
	case runtime.SetRate:
		var rate Rate
		if err := readJSON(w, r, &rate); err != nil {
			return err
		}
		cmd.FPS = rate.FPS
	}
	return s.perform(r.Context(), *cmd)
}

// add reads and performs attach or add_camera.
func (s *Server) add(ctx context.Context, cmd *runtime.Command, body []byte) error {
	if cmd.Do == runtime.Attach {
		if err := expands(body); err != nil {
			return err
		}
		cfg, err := decode(body, "detector", s.opts.Codec.Detector)
		if err != nil {
			return err
		}
		cmd.Attached = &cfg
	} else {
		cfg, err := s.cameraOf(body)
		if err != nil {
			return err
		}
		cmd.Added = &cfg
	}
	return s.addition(ctx, cmd)
}

// addition performs attach or add_camera if the policy allows it. Only one runs at a
// time, because the total is limited.
func (s *Server) addition(ctx context.Context, cmd *runtime.Command) error {
	select {
	case s.adding <- struct{}{}:
		defer func() { <-s.adding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	snap := s.opts.Runtime.Snapshot()
	if cmd.Added != nil {
		if err := s.policy.camera(*cmd.Added, snap); err != nil {
			return err
		}
		return s.perform(ctx, *cmd)
	}
	if err := s.policy.detector(*cmd.Attached, cmd.Camera, snap); err != nil {
		return err
	}
	// After the policy check: validation may access files that a detector names.
	var problems []string
	cmd.Attached.Validate(s.opts.Kinds, func(key, problem string) { problems = append(problems, key+": "+problem) })
	if len(problems) > 0 {
		return problem(http.StatusBadRequest, "detector: "+strings.Join(problems, "; "), "")
	}
	return s.perform(ctx, *cmd)
}

func decode[T any](body []byte, what string, read func([]byte) (T, error)) (T, error) {
	var none T
	if read == nil {
		return none, problem(http.StatusNotImplemented, "a "+what+" cannot be given over this API", "")
	}
	if len(body) == 0 {
		return none, problem(http.StatusBadRequest, "no "+what+" was given", "send its keys as a JSON object, as in the configuration")
	}
	v, err := read(body)
	if err != nil {
		return none, problem(http.StatusBadRequest, err.Error(), "")
	}
	return v, nil
}

// perform carries out a command.
func (s *Server) perform(ctx context.Context, cmd runtime.Command) error {
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	if cmd.Do == runtime.Reload {
		if s.opts.Reload == nil {
			return problem(http.StatusNotImplemented, "this rvo-tui does not reload its configuration", "restart it")
		}
		return s.opts.Reload(ctx)
	}
	err := s.opts.Runtime.Do(ctx, cmd)
	if err != nil && cmd.Camera != "" && !s.present(cmd.Camera) {
		return problem(http.StatusNotFound, err.Error(), "")
	}
	return err
}

// present reports whether a camera is running.
func (s *Server) present(camera string) bool {
	snap := s.opts.Runtime.Snapshot()
	for i := range snap.Cameras {
		if snap.Cameras[i].Name == camera {
			return true
		}
	}
	return false
}

// stop starts the shutdown, and responds first.
func (s *Server) stop(w http.ResponseWriter, r *http.Request) error {
	if s.opts.Stop == nil {
		return problem(http.StatusNotImplemented, "this rvo-tui cannot be stopped over the API", "send it SIGTERM")
	}
	s.audit(r.Context(), runtime.Command{Do: "stop"}, nil)
	defer s.opts.Stop()
	return writeJSON(w, struct{}{})
}

// audit logs who requested what, and the result. The request body is left out, because
// it may contain secrets.
func (s *Server) audit(ctx context.Context, cmd runtime.Command, err error) {
	by, _ := callerOf(ctx)
	attrs := []slog.Attr{slog.String("verb", string(cmd.Do)), slog.String("by", by.who)}
	add := func(key, value string) {
		if value != "" {
			attrs = append(attrs, slog.String(key, text.Clean(value)))
		}
	}
	add("camera", cmd.Camera)
	add("detector", cmd.Detector)
	add("rule", cmd.Rule)
	add("alert", cmd.Alert)
	add("output", cmd.Output)
	add("message", cmd.Message)
	if cmd.Do == runtime.SetRate {
		attrs = append(attrs, slog.Float64("fps", cmd.FPS))
	}
	if c := cmd.Attached; c != nil {
		add("attached", c.Name)
		add("kind", c.Kind)
		add("endpoint", text.HideUser(c.Text("endpoint")))
	}
	if c := cmd.Added; c != nil {
		add("added", c.Name)
		add("source", text.Redact(c.Source))
		add("evidence_source", text.Redact(c.EvidenceSource))
	}
	result := "done"
	if err != nil {
		result = "refused"
		attrs = append(attrs, slog.String("error", text.CleanTo(problemOf(err).Error(), maxDetail)))
	}
	attrs = append(attrs, slog.String("result", result))
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "API command", attrs...)
}
