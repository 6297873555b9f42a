package main

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// logHandler writes log lines for people: who says it, the level if it is not
// the usual one, what is said.
//
//	images.resize: warn: no colour profile
type logHandler struct {
	mu    *sync.Mutex
	w     io.Writer
	p     palette
	attrs []slog.Attr
}

func newLogHandler(w io.Writer) *logHandler {
	return &logHandler{mu: new(sync.Mutex), w: w, p: newPalette(w)}
}

// Enabled implements slog.Handler: a task's log is for whoever runs it.
func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	more := *h
	more.attrs = slices.Concat(h.attrs, attrs)
	return &more
}

// WithGroup implements slog.Handler. Names are plain enough without groups.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

// Handle implements slog.Handler.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	who, rest := "wexec", ""
	take := func(a slog.Attr) bool {
		switch a.Key {
		case "module":
			who = a.Value.String()
		case "task":
			who += "." + a.Value.String()
		default:
			rest += " " + a.String()
		}
		return true
	}
	for _, a := range h.attrs {
		take(a)
	}
	r.Attrs(take)
	if r.Level != slog.LevelInfo {
		who += ": " + strings.ToLower(r.Level.String())
	}
	said := strings.ReplaceAll(visible(r.Message+rest), "\n", "\n  ") // what is indented is no line of its own
	line := h.p.dim(oneLine(who)+":") + " " + said + "\n"
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, line)
	return err
}
