// Package wexecslog lets a guest use log/slog over the host's log:
//
//	slog.SetDefault(slog.New(wexecslog.NewHandler(slog.LevelInfo)))
//	slog.Info("fetched", "url", url)
//
// It is a package of its own because log/slog makes a guest some 260 KB
// larger; wexec.Log does not.
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

// Handler is a slog.Handler that writes a record as a line of the host's log:
// the message, then the attributes as slog.TextHandler writes them. The host
// adds the time.
type Handler struct {
	// text writes into line, which the handlers derived from one share.
	text slog.Handler
	line *line
}

type line struct {
	mu sync.Mutex
	bytes.Buffer
}

// NewHandler returns a handler for records of that level and above.
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
