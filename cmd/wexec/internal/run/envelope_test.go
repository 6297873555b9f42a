package run

import (
	"encoding/json"
	"fmt"
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
			outcome{task: "t", err: &host.TaskError{Message: "no room (Config.Limits.Memory)"}, span: span},
			`{"task":"t","mode":"","status":"failed","error":{"kind":"failed","message":"failed: no room (--memory)"},` + stats,
		},
		{
			outcome{task: "t", err: fmt.Errorf("no: %w", &host.TaskError{Code: 7, Message: "no room"}), span: span},
			`{"task":"t","mode":"","status":"failed","error":` +
				`{"kind":"failed","code":7,"message":"no: failed with code 7: no room"},` + stats,
		},
		{
			outcome{task: "t", err: &host.TaskError{Code: -4, Message: "slow"}, span: span},
			`{"task":"t","mode":"","status":"timeout","error":{"kind":"timeout","message":"failed: slow"},` + stats,
		},
		{
			outcome{task: "t", mode: host.CPU, output: []byte("half"), err: &host.ExitError{Code: 3}, span: span},
			`{"task":"t","mode":"cpu","status":"exit","output":"half","error":` +
				`{"kind":"exit","message":"exited with code 3"},` + stats,
		},
		{
			outcome{task: "t", err: host.ErrQueueFull, span: host.Span{Queued: zero, Ended: zero.Add(7)}},
			`{"task":"t","mode":"","status":"queue_full","error":{"kind":"queue_full","message":"queue full"},` +
				`"stats":{"queue_ns":7,"run_ns":0,"host_calls":0,"fuel":0,"memory_bytes":0}}`,
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
