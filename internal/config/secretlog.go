package config

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
)

// Handler returns a log handler that redacts messages and attributes of every kind,
// and passes them to next.
func (s *Secrets) Handler(next slog.Handler) slog.Handler { return &redactor{s, next} }

type redactor struct {
	secrets *Secrets
	next    slog.Handler
}

func (r *redactor) Enabled(ctx context.Context, level slog.Level) bool {
	return r.next.Enabled(ctx, level)
}

func (r *redactor) Handle(ctx context.Context, record slog.Record) error {
	clean := slog.NewRecord(record.Time, record.Level, r.secrets.Redact(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(r.attr(a))
		return true
	})
	return r.next.Handle(ctx, clean)
}

func (r *redactor) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = r.attr(a)
	}
	return &redactor{r.secrets, r.next.WithAttrs(clean)}
}

func (r *redactor) WithGroup(name string) slog.Handler {
	return &redactor{r.secrets, r.next.WithGroup(name)}
}

func (r *redactor) attr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindString:
		return slog.String(a.Key, r.secrets.Redact(v.String()))
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, g := range group {
			clean[i] = r.attr(g)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(clean...)}
	case slog.KindAny:
		// The next handler may format the value as text or JSON. If either form contains a
		// secret, the redacted text takes the value's place.
		for _, text := range texts(v.Any()) {
			if clean := r.secrets.Redact(text); clean != text {
				return slog.String(a.Key, clean)
			}
		}
	}
	return slog.Attr{Key: a.Key, Value: v}
}

// texts returns the forms in which a log handler may print a value.
func texts(value any) []string {
	switch v := value.(type) {
	case error:
		return []string{v.Error()}
	case fmt.Stringer:
		return []string{v.String()}
	case []byte:
		return []string{string(v)}
	}
	forms := []string{fmt.Sprintf("%+v", value)}
	if text, err := json.Marshal(value); err == nil {
		forms = append(forms, string(text))
	}
	return forms
}
