// This is the guest of kv_test.go.
package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	wexec "github.com/wexec/wexec/sdk/go"
	"github.com/wexec/wexec/sdk/go/kv"
)

func init() {
	wexec.Task("all", wexec.IO, all)
	wexec.Task("full", wexec.IO, full)
}

// say collects lines, and fails with the first error.
type say struct {
	strings.Builder
	err error
}

func (s *say) line(what string, value any, err error) {
	if err != nil && s.err == nil {
		s.err = fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintln(s, what, value)
}

func all(ctx context.Context, _ wexec.None) (string, error) {
	var s say
	e, err := kv.Get(ctx, "a\x00")
	s.line("get", fmt.Sprint(e.Version, len(e.Value)), err)
	first, err := kv.Swap(ctx, "a\x00", []byte("one"), 0, 0)
	s.line("swap", first != 0, err)
	again, err := kv.Swap(ctx, "a\x00", []byte("two"), 0, 0)
	s.line("swap again", again, err)
	second, err := kv.Put(ctx, "a\x00", []byte("three"), time.Hour)
	s.line("put", second > first, err)
	e, err = kv.Get(ctx, "a\x00")
	s.line("get", fmt.Sprintf("%q %v", e.Value, e.Version == second), err)
	n, err := kv.Add(ctx, "b", -5)
	s.line("add", n, err)
	for i := range 300 {
		_, err := kv.Put(ctx, fmt.Sprintf("many %03d", i), make([]byte, 1000), 0)
		if err != nil {
			return "", err
		}
	}
	count := 0
	for e, err := range kv.Scan(ctx, "many ", "many 099") {
		if err != nil || len(e.Value) != 1000 || e.Key != fmt.Sprintf("many %d", 100+count) {
			return "", fmt.Errorf("%s has %d bytes, %w", e.Key, len(e.Value), err)
		}
		count++
	}
	s.line("scan", count, nil)
	for e, err := range kv.Scan(ctx, "", "") {
		s.line("first", fmt.Sprintf("%q", e.Key), err)
		break
	}
	gone, err := kv.DeleteVersion(ctx, "a\x00", first)
	s.line("delete the first", gone, err)
	gone, err = kv.Delete(ctx, "a\x00")
	s.line("delete", gone, err)
	return s.String(), s.err
}

func full(ctx context.Context, _ wexec.None) (string, error) {
	_, err := kv.Put(ctx, "k", make([]byte, 1<<20), 0)
	if wexec.StatusOf(err) == wexec.StatusDenied {
		return "denied", nil
	}
	return "", err
}

func main() {}
