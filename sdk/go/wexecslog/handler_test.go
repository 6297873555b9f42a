package wexecslog

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
)

func TestFormat(t *testing.T) {
	record := func(message string, args ...any) slog.Record {
		r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
		r.Add(args...)
		return r
	}
	h := NewHandler(slog.LevelInfo)
	grouped := h.WithAttrs([]slog.Attr{slog.Int("task", 1)}).WithGroup("http").(*Handler)
	for _, c := range []struct {
		handler *Handler
		record  slog.Record
		want    string
	}{
		{h, record("no attributes"), "no attributes"},
		{h, record("fetched", "url", "https://a", "took", time.Second), "fetched url=https://a took=1s"},
		{h, record("failed", "err", errors.New("two words")), `failed err="two words"`},
		{grouped, record("fetched", "status", 200), "fetched task=1 http.status=200"},
		{h, record("any name will do", "msg", "x", "level", 3), "any name will do msg=x level=3"},
		{grouped, record("a group may use any name", "msg", "x"), "a group may use any name task=1 http.msg=x"},
	} {
		got, err := c.handler.format(context.Background(), c.record)
		if got != c.want || err != nil {
			t.Errorf("got %q, %v; want %q", got, err, c.want)
		}
	}
}

func TestLevels(t *testing.T) {
	for level, want := range map[slog.Level]wexec.Level{
		slog.LevelDebug - 1: wexec.LevelDebug,
		slog.LevelDebug:     wexec.LevelDebug,
		slog.LevelInfo:      wexec.LevelInfo,
		slog.LevelInfo + 1:  wexec.LevelInfo,
		slog.LevelWarn:      wexec.LevelWarn,
		slog.LevelError:     wexec.LevelError,
		slog.LevelError + 4: wexec.LevelError,
	} {
		if got := levelOf(level); got != want {
			t.Errorf("%v: got %v, want %v", level, got, want)
		}
	}
	h := NewHandler(slog.LevelWarn)
	if h.Enabled(context.Background(), slog.LevelInfo) || !h.Enabled(context.Background(), slog.LevelWarn) {
		t.Error("the handler's level is not kept")
	}
}
