package cli

// LinkFlags are the flags for connecting to a running rvo-tui.
type LinkFlags struct {
	Token     string `placeholder:"'$${NAME}'" help:"Token for TCP: the name of a credential or an environment variable that holds it, never the token itself (default: $$RVO_TOKEN)."`
	TokenFile string `placeholder:"FILE" help:"File that holds the token."`
	TLSCA     string `name:"tls-ca" placeholder:"FILE" help:"Trust the certificates in this PEM file instead of the system's."`
	NoTLS     bool   `name:"no-tls" help:"Use plain TCP, for a local port that forwards to a socket (ssh -L PORT:SOCKET)."`
}

// ConnectFlags is the command line of connect.
type ConnectFlags struct {
	LinkFlags
	Addr string `arg:"" optional:"" help:"Path of a socket, or host:port (default: this machine's socket)."`
}

// CtlFlags is the command line of ctl.
type CtlFlags struct {
	LinkFlags
	Addr string `placeholder:"ADDR" help:"Path of a socket, or host:port (default: this machine's socket)."`
	JSON bool   `name:"json" help:"Print JSON."`

	Status struct{}   `cmd:"" help:"Print status."`
	Alerts struct{}   `cmd:"" help:"Print current alerts; exit status 3 while one is not acknowledged."`
	Outbox struct{}   `cmd:"" help:"Print outputs and their set-aside messages."`
	Watch  WatchFlags `cmd:"" help:"Print status repeatedly."`
	Events TailFlags  `cmd:"" help:"Print recent events."`
	Log    TailFlags  `cmd:"" help:"Print recent log lines."`
	Clips  LimitFlags `cmd:"" help:"List clips, newest first."`
	Diff   struct{}   `cmd:"" help:"Print how the running configuration differs from the file."`
	Write  struct{}   `cmd:"" help:"Print these differences and write them to the file; needs write = true in [control]."`
	Stop   struct{}   `cmd:"" help:"Stop the running rvo-tui."`

	Verbs
}

// WatchFlags is the command line of ctl watch.
type WatchFlags struct {
	Rate float64 `help:"Updates per second, 0.1 to 60 (default: 1)."`
}

// TailFlags is the command line of ctl events and ctl log.
type TailFlags struct {
	Follow bool `short:"f" help:"Wait for new ones until interrupted."`
}

// LimitFlags is the command line of ctl clips.
type LimitFlags struct {
	Limit int `help:"Maximum number of clips, 1 to 1000 (default: 100)."`
}
