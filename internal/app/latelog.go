package app

import (
	"context"
	"log/slog"
)

// lateLog is a slog.Handler for what is made before the program's log is: it
// hands lines to slog.Default as it is when they come.
type lateLog struct {
	with []func(slog.Handler) slog.Handler
}

// Enabled implements slog.Handler.
func (l lateLog) Enabled(ctx context.Context, level slog.Level) bool {
	return slog.Default().Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (l lateLog) Handle(ctx context.Context, r slog.Record) error {
	h := slog.Default().Handler()
	for _, f := range l.with {
		h = f(h)
	}
	return h.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l lateLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return l.and(func(h slog.Handler) slog.Handler { return h.WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (l lateLog) WithGroup(name string) slog.Handler {
	return l.and(func(h slog.Handler) slog.Handler { return h.WithGroup(name) })
}

func (l lateLog) and(f func(slog.Handler) slog.Handler) slog.Handler {
	return lateLog{append(l.with[:len(l.with):len(l.with)], f)}
}
