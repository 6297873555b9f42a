package term

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/wexec/wexec/cmd/wexec/internal/setting"
)

// logHandler writes log lines for people: the task that logs or else wexec, the
// level if it is not info, the message.
//
//	images.resize: warn: no colour profile
type logHandler struct {
	mu     *sync.Mutex
	w      io.Writer
	p      Palette
	own    string // what lines that are no guest's begin with
	indent string // of guests' lines
	attrs  []slog.Attr
}

// NewLogger returns a logger that writes to a stream, for what guests log and
// for what the host reports.
func NewLogger(w io.Writer) *slog.Logger {
	return slog.New(&logHandler{
		mu: new(sync.Mutex), w: w, p: NewPalette(w), own: Signature(w), indent: guestIndent(w),
	})
}

// Enabled implements slog.Handler: every level is shown.
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
	var source, level string
	message := r.Message
	take := func(a slog.Attr) bool {
		switch a.Key {
		case "module":
			source = a.Value.String()
		case "task":
			source += "." + a.Value.String()
		default:
			message += " " + a.String()
		}
		return true
	}
	for _, a := range h.attrs {
		take(a)
	}
	r.Attrs(take)
	if r.Level != slog.LevelInfo {
		level = " " + strings.ToLower(r.Level.String()) + ":"
	}
	indent, begin := "", h.own+h.p.Dim(level)
	if source != "" {
		indent, begin = h.indent, h.p.Dim(OneLine(source)+":"+level)
	}
	// The indent tells the lines of a message from messages of their own.
	message = strings.ReplaceAll(Visible(setting.AsFlags(message)), "\n", "\n  "+indent)
	line := indent + begin + " " + message + "\n"
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, line)
	return err
}
