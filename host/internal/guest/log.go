package guest

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"golang.org/x/time/rate"

	"github.com/wexec/wexec/abi"
)

// Lines limits how many lines a module may log.
type Lines struct {
	limit   *rate.Limiter
	dropped atomic.Uint64
}

// Limit sets the limit in lines a second.
func (l *Lines) Limit(perSecond int) { l.limit = rate.NewLimiter(rate.Limit(perSecond), perSecond) }

var logLevels = map[abi.LogLevel]slog.Level{
	abi.LogDebug: slog.LevelDebug,
	abi.LogInfo:  slog.LevelInfo,
	abi.LogWarn:  slog.LevelWarn,
}

// Log logs one line for the guest.
func (inst *Instance) Log(level abi.LogLevel, line []byte) {
	at, ok := logLevels[level]
	if !ok {
		at = slog.LevelError
	}
	if !inst.Lines.limit.Allow() {
		inst.Lines.dropped.Add(1)
		return
	}
	if n := inst.Lines.dropped.Swap(0); n > 0 {
		inst.Logger.Warn("a module logged too much: lines were dropped (Config.Limits.LogRate)",
			"module", inst.Module, "lines", n)
	}
	attrs := []slog.Attr{slog.String("module", inst.Module)}
	if inst.Named != nil {
		attrs = append(attrs, slog.String("task", inst.Named.Task.Name))
	}
	inst.Logger.LogAttrs(context.Background(), at, Text(line, inst.Limits.LogLine), attrs...)
}

// Text copies a guest's text. The copy is valid UTF-8, cut after most bytes.
func Text(b []byte, most int) string {
	if len(b) > most {
		return strings.ToValidUTF8(string(b[:most]), "�") + "…"
	}
	return strings.ToValidUTF8(string(b), "�")
}

// lineLog logs what a guest prints, line by line.
type lineLog struct {
	inst *Instance
	line []byte
}

// Immediate implements stdio.Immediate.
func (*lineLog) Immediate() {}

func (l *lineLog) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		part, rest, whole := bytes.Cut(p, []byte{'\n'})
		// One byte more than is logged shows that the line was cut.
		if room := l.inst.Limits.LogLine + 1 - len(l.line); room > 0 {
			l.line = append(l.line, part[:min(len(part), room)]...)
		}
		if p = rest; whole {
			l.inst.ChargeCall(0)
			l.inst.Log(abi.LogInfo, l.line)
			l.line = l.line[:0]
		}
	}
	return written, nil
}

func (l *lineLog) flush() {
	if len(l.line) > 0 {
		l.inst.Log(abi.LogInfo, l.line)
		l.line = l.line[:0]
	}
}

// FlushLog logs what was printed without a newline at its end.
func (inst *Instance) FlushLog() { inst.system.flush() }
