// Package wexecslog lets a guest write to the host's log with log/slog:
//
//	slog.SetDefault(slog.New(wexecslog.NewHandler(slog.LevelInfo)))
//	slog.Info("fetched", "url", url)
//
// It is a separate package because log/slog makes a guest about 260 KB larger.
// wexec.Log does not need it.
package wexecslog

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
)

// Handler is a slog.Handler that writes each record as a line of the host's log:
// the message, then the attributes in the format of slog.TextHandler. The host
// adds the time.
type Handler struct {
	// text writes to line. Derived handlers share the same line.
	text slog.Handler
	line *line
}

type line struct {
	mu sync.Mutex
	bytes.Buffer
}

// NewHandler returns a handler for records of the given level and above.
func NewHandler(level slog.Leveler) *Handler {
	line := &line{}
	return &Handler{slog.NewTextHandler(line, &slog.HandlerOptions{Level: level}), line}
}

// Enabled implements slog.Handler.
func (h *Handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.text.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	text, err := h.format(ctx, r)
	if err != nil {
		return err
	}
	wexec.Log(levelOf(r.Level), text)
	return nil
}

func (h *Handler) format(ctx context.Context, r slog.Record) (string, error) {
	h.line.mu.Lock()
	defer h.line.mu.Unlock()
	h.line.Reset()
	message := r.Message
	r.Message, r.Time = "", time.Time{}
	err := h.text.Handle(ctx, r)
	attributes := strings.TrimPrefix(h.line.String(), "level="+r.Level.String()+` msg=""`)
	return message + strings.TrimSuffix(attributes, "\n"), err
}

// WithAttrs implements slog.Handler.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.text.WithAttrs(attrs), h.line}
}

// WithGroup implements slog.Handler.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.text.WithGroup(name), h.line}
}

func levelOf(l slog.Level) wexec.Level {
	switch {
	case l < slog.LevelInfo:
		return wexec.LevelDebug
	case l < slog.LevelWarn:
		return wexec.LevelInfo
	case l < slog.LevelError:
		return wexec.LevelWarn
	}
	return wexec.LevelError
}
