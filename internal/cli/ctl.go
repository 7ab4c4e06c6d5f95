package cli

// LinkFlags say how to reach a running rvo-tui.
type LinkFlags struct {
	Token     string `placeholder:"'$${NAME}'" help:"Token for TCP: the name of a credential or an environment variable that holds it, never the token itself (default: $$RVO_TOKEN)."`
	TokenFile string `placeholder:"FILE" help:"File that holds the token."`
	TLSCA     string `name:"tls-ca" placeholder:"FILE" help:"Trust the certificates in this PEM file in place of the system's."`
	NoTLS     bool   `name:"no-tls" help:"Plain TCP to a port of this machine that leads to a socket, as of ssh -L PORT:SOCKET."`
}

// ConnectFlags is the command line of connect.
type ConnectFlags struct {
	LinkFlags
	Addr string `arg:"" optional:"" help:"A socket's path, or host:port (default: this machine's socket)."`
}

// CtlFlags is the command line of ctl.
type CtlFlags struct {
	LinkFlags
	Addr string `placeholder:"ADDR" help:"A socket's path, or host:port (default: this machine's socket)."`
	JSON bool   `name:"json" help:"Answer in JSON."`

	Status struct{}   `cmd:"" help:"How everything stands."`
	Watch  WatchFlags `cmd:"" help:"How everything stands, again and again."`
	Events TailFlags  `cmd:"" help:"The latest events."`
	Log    TailFlags  `cmd:"" help:"The latest lines of the log."`
	Clips  LimitFlags `cmd:"" help:"The evidence, newest first."`

	Attach       AttachFlags   `cmd:"" help:"Attach a detector."`
	Detach       DetectorFlags `cmd:"" help:"Detach a detector."`
	Enable       DetectorFlags `cmd:"" help:"Enable a detector."`
	Disable      DetectorFlags `cmd:"" help:"Disable a detector."`
	Rate         RateFlags     `cmd:"" help:"Bound a detector's rate."`
	AddCamera    AddFlags      `cmd:"" help:"Add a camera."`
	RemoveCamera NameFlags     `cmd:"" help:"Remove a camera."`
	Pause        CameraFlags   `cmd:"" help:"Pause a camera: its source is closed."`
	Resume       CameraFlags   `cmd:"" help:"Let a camera go on."`
	RuleOn       RuleFlags     `cmd:"" help:"Switch a rule on."`
	RuleOff      RuleFlags     `cmd:"" help:"Switch a rule off."`
	Clip         CameraFlags   `cmd:"" help:"Save a clip of what a camera sees now."`
	Reload       struct{}      `cmd:"" help:"Make it read its configuration again."`
}

// WatchFlags is the command line of ctl watch.
type WatchFlags struct {
	Rate float64 `help:"Times a second, 0.1 to 60 (default: 1)."`
}

// TailFlags is the command line of ctl events and ctl log.
type TailFlags struct {
	Follow bool `short:"f" help:"Go on with new ones until interrupted."`
}

// LimitFlags is the command line of ctl clips.
type LimitFlags struct {
	Limit int `help:"At most so many, 1 to 1000 (default: 100)."`
}

// CameraFlags say which camera is meant.
type CameraFlags struct {
	Camera string `placeholder:"NAME" help:"The camera (default: all)."`
}

// DetectorFlags say which detector is meant.
type DetectorFlags struct {
	CameraFlags
	Detector string `arg:"" help:"The detector's name."`
}

// RuleFlags say which rule is meant.
type RuleFlags struct {
	CameraFlags
	Rule string `arg:"" help:"The event that the rule reports."`
}

// RateFlags is the command line of ctl rate.
type RateFlags struct {
	DetectorFlags
	FPS float64 `arg:"" name:"fps" help:"Runs a second, at most."`
}

// NameFlags name a camera.
type NameFlags struct {
	Name string `arg:"" help:"The camera's name."`
}

// AddFlags is the command line of ctl add-camera.
type AddFlags struct {
	Name   string   `arg:"" help:"A name for it."`
	Source string   `arg:"" help:"Where it reads from, as in the configuration. $${NAME} is filled in here."`
	Set    []string `arg:"" optional:"" name:"key=value" sep:"none" help:"Further keys of a [[camera]], as in fps=10."`
}

// AttachFlags is the command line of ctl attach.
type AttachFlags struct {
	CameraFlags
	Kind string   `arg:"" help:"The kind of detector, as motion or remote."`
	Set  []string `arg:"" optional:"" name:"key=value" sep:"none" help:"Keys of a [[detector]], as in max_fps=5 \"needs=motion > 0.01\"; a list's key may be repeated. $${NAME} is filled in here."`
}
