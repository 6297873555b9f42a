package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wexec/wexec/host"
)

func TestEnvelope(t *testing.T) {
	zero := time.Now()
	span := host.Span{Queued: zero, Started: zero.Add(2), Ended: zero.Add(5), HostCalls: 3, MemoryBytes: 4, Fuel: 5}
	const stats = `"stats":{"queue_ns":2,"run_ns":3,"host_calls":3,"fuel":5,"memory_bytes":4}}`
	ok := func(output string) outcome {
		return outcome{task: "t", mode: host.IO, output: []byte(output), span: span}
	}
	for _, c := range []struct {
		outcome outcome
		want    string
	}{
		{ok(`{"a":1.0}`), `{"task":"t","mode":"io","status":"ok","output":{"a":1.0},` + stats},
		{ok(` 12345678901234567890 `), `{"task":"t","mode":"io","status":"ok","output":12345678901234567890,` + stats},
		{ok(`null`), `{"task":"t","mode":"io","status":"ok","output":null,` + stats},
		{ok(``), `{"task":"t","mode":"io","status":"ok","output":"",` + stats},
		{ok(`{"a":`), `{"task":"t","mode":"io","status":"ok","output":"{\"a\":",` + stats},
		{ok("\xff"), `{"task":"t","mode":"io","status":"ok","output_base64":"/w==",` + stats},
		// To encoding/json this is JSON.
		{ok("\"\xff\""), `{"task":"t","mode":"io","status":"ok","output_base64":"Iv8i",` + stats},
		{
			outcome{task: "t", mode: host.CPU, err: fmt.Errorf("no: %w", &host.ExitError{Code: 3}), span: span},
			`{"task":"t","mode":"cpu","status":"exit","error":{"kind":"exit","message":"no: exited with code 3"},` + stats,
		},
		{
			outcome{task: "t", err: host.ErrQueueFull, span: host.Span{Queued: zero, Ended: zero.Add(7)}},
			`{"task":"t","mode":"","status":"queue_full","error":{"kind":"queue_full","message":"queue full"},"stats":{"queue_ns":7,"run_ns":0,"host_calls":0,"fuel":0,"memory_bytes":0}}`,
		},
	} {
		got, err := json.Marshal(newEnvelope(c.outcome))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, string(got)); diff != "" {
			t.Errorf("%q: %s", c.outcome.output, diff)
		}
	}
}

func TestExitCode(t *testing.T) {
	handedOn := func(kind int32) error { return &host.TaskError{Code: -kind} }
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, 0},
		{errors.New("full disk"), 1},
		{&host.TaskError{Code: 7}, 1},
		{&host.TrapError{}, 1},
		{&host.ExitError{Code: 7}, 1},
		{host.ErrQueueFull, 1},
		{host.ErrCancelled, 1},
		{usagef("what?"), 2},
		{&host.NoSuchTaskError{}, 2},
		{&host.InvalidInputError{}, 2},
		{&host.InvalidModuleError{}, 3},
		{&host.InvalidManifestError{}, 3},
		{&host.DeniedError{}, 4},
		{&host.AwaitError{}, 4},
		{host.ErrTimeout, 124},
		{&host.OutOfFuelError{}, 124},
		{errInterrupted, 130},
		{&programExit{&host.ExitError{Code: 7}}, 7},
		{&programExit{&host.ExitError{Code: 1 << 31}}, 255},
		// Failures of ops that a task handed on, by the numbers of the ABI.
		{handedOn(4), 124},
		{handedOn(5), 1},
		{handedOn(6), 4},
		{handedOn(9), 1},
		{handedOn(10), 1},
		{handedOn(12), 1},
		{handedOn(14), 124},
	} {
		err := c.err
		if err != nil {
			err = &host.CallError{Err: err}
		}
		if got := exitCode(err); got != c.want {
			t.Errorf("%v (kind %v): exit code %d, want %d", c.err, host.Kind(c.err), got, c.want)
		}
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain, größer, 漢字\n\tindented": "plain, größer, 漢字\n\tindented",
		"\x1b]0;title\x07\r":            `\x1b]0;title\a\r`,
		"\u202ereversed\u009b":          `\u202ereversed\u009b`,
		"it's \x00":                     `it's \x00`,
	} {
		if got := visible(text); got != want {
			t.Errorf("visible(%q) = %q, want %q", text, got, want)
		}
	}
	if got, want := oneLine("a\nb\x1b"), `a\nb\x1b`; got != want {
		t.Errorf("oneLine gave %q, want %q", got, want)
	}
}

func TestVersion(t *testing.T) {
	for want, info := range map[string]debug.BuildInfo{
		"(devel)": {},
		"v1.2.3":  {Main: debug.Module{Version: "v1.2.3"}},
		"v1.2.3 (0123456789ab, modified)": {
			Main:     debug.Module{Version: "v1.2.3"},
			Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef"}, {Key: "vcs.modified", Value: "true"}},
		},
	} {
		if got := wexecVersion(&info); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
