package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"rvo-tui/runtime"
	"rvo-tui/runtime/control"
	"rvo-tui/ui"
)

// firstAnswer bounds the wait for a refusal before the dashboard is opened.
const firstAnswer = 3 * time.Second

// toOther does what is done with a running program: connect or ctl.
func toOther(ctx context.Context, loader Loader, flags Flags, stdout *os.File) error {
	if flags.Command == "connect" {
		return connect(ctx, loader, flags)
	}
	return ctl(ctx, loader, flags, stdout)
}

// connect shows the dashboard of a running program until the user leaves it, the
// terminal hangs up or the context ends.
func connect(ctx context.Context, loader Loader, flags Flags) error {
	if !ui.IsTerminal() {
		return errors.New("connect: standard input and output are no terminal; use rvo-tui ctl in scripts")
	}
	client, err := loader.dial(flags.Connect.LinkFlags, flags.Connect.Addr)
	if usage := new(UsageError); errors.As(err, &usage) {
		return &UsageError{&misuse{usage.Err, "connect"}}
	}
	if err != nil {
		return err
	}
	defer client.Close()
	// What can never work is told before the screen is taken; who does not answer
	// yet may do so later.
	ask, cancel := context.WithTimeout(ctx, firstAnswer)
	_, err = client.About(ask)
	cancel()
	if err != nil && !errors.Is(err, control.ErrUnreachable) && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	cfg, err := loader.screen(flags)
	if err != nil {
		return err
	}
	return showRemote(ctx, client, cfg, loader)
}

// showRemote runs the dashboard of another process.
func showRemote(ctx context.Context, client *control.Client, cfg ui.Config, loader Loader) error {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // lines of libraries would spoil the screen
	host, _ := os.Hostname()                       // only used to tell this machine from others
	remote := ui.NewRemote(client, cfg.Rate, loader.Kinds, host)
	ctx, hungUp := signal.NotifyContext(ctx, syscall.SIGHUP)
	defer hungUp()
	side, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	wg.Go(func() { _ = remote.Run(side) }) // it shows what it meets
	guard, _ := newGuard(os.Stderr)        // without it a crash leaves the screen as it is
	defer guard.close()
	err := ui.Run(ctx, remote, ui.Options{
		Config: cfg, Link: remote.Link,
		Reload: func(ctx context.Context) error { return remote.Do(ctx, runtime.Command{Do: runtime.Reload}) },
	})
	if errors.Is(err, ui.ErrStuck) {
		return nil // an error would be printed there, and wait
	}
	return err
}

// screen returns the [ui] section of the configuration that applies here. What
// else is in that file is not looked at.
func (l Loader) screen(flags Flags) (ui.Config, error) {
	if l.Getenv == nil {
		l.Getenv = os.LookupEnv
	}
	file, text, err := l.find(flags.Config)
	if err != nil {
		return ui.Config{}, &ConfigError{File: file, Problems: []Problem{{File: file, Text: err.Error()}}}
	}
	b := &builder{cfg: DefaultConfig(), file: file, doc: parseDocument(text), broken: map[string]bool{}}
	d := &decoder{doc: b.doc, broken: b.broken, report: b.at}
	d.section("ui", &b.cfg.UI)
	b.cfg.UI.Validate(func(key, problem string) { b.of(origin{path: "ui"}, "ui", key, problem) })
	if len(b.problems) > 0 {
		return ui.Config{}, &ConfigError{File: file, Problems: sortProblems(b.problems)}
	}
	b.cfg.UI.ASCII = b.cfg.UI.ASCII || flags.ASCII
	return b.cfg.UI, nil
}

// dial returns a client of a running program.
func (l Loader) dial(link LinkFlags, addr string) (*control.Client, error) {
	token, err := l.token(link)
	if err != nil {
		return nil, err
	}
	return control.Dial(addr, control.DialOptions{
		Token: token, CA: link.TLSCA, Insecure: link.NoTLS, Codec: newCodec(l.Kinds),
	})
}

// token returns what proves to a server that we may. It never stands on the
// command line, which everybody on the machine can read.
func (l Loader) token(link LinkFlags) (string, error) {
	v := l.vault()
	switch {
	case link.Token != "" && link.TokenFile != "":
		return "", &UsageError{errors.New("--token and --token-file cannot be used together")}
	case link.Token != "":
		name, ok := strings.CutPrefix(link.Token, "${")
		name, closed := strings.CutSuffix(name, "}")
		if !ok || !closed || !validVariable(name) {
			return "", &UsageError{errors.New("--token: write '${NAME}', with the name of a credential or an environment variable; everybody on this machine can read what stands on a command line")}
		}
		return v.expand(link.Token)
	case link.TokenFile != "":
		token, err := readSecret(link.TokenFile)
		if err != nil {
			return "", fmt.Errorf("read token: %w", err)
		}
		v.secrets.Add(token)
		return token, nil
	}
	token, _ := v.getenv("RVO_TOKEN")
	if token != "" {
		v.secrets.Add(token)
	}
	return token, nil
}

// vault returns where ${NAME} is looked up.
func (l Loader) vault() vault {
	getenv, secrets := l.Getenv, l.Secrets
	if getenv == nil {
		getenv = os.LookupEnv
	}
	if secrets == nil {
		secrets = new(Secrets)
	}
	return vault{getenv, secrets}
}
