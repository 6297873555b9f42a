package host_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
)

func TestFunc(t *testing.T) {
	_, m := conformance(t, host.Config{})
	type in struct {
		N int `json:"n"`
	}
	number := host.Func[in, int](m, "schema")
	if got, err := number(t.Context(), in{42}).Wait(t.Context()); err != nil || got != 42 {
		t.Errorf("%d, %v", got, err)
	}
	_, err := number(t.Context(), in{13}).Wait(t.Context())
	if err == nil || !strings.Contains(err.Error(), "does not match its schema") {
		t.Errorf("an output that the schema forbids: %v", err)
	}
	_, err = host.Func[string, int](m, "schema")(t.Context(), "x").Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput {
		t.Errorf("an input that the schema forbids: %v", err)
	}
	_, err = host.Func[func(), int](m, "schema")(t.Context(), nil).Wait(t.Context())
	if host.Kind(err) != abi.InvalidInput {
		t.Errorf("an input that is no JSON: %v", err)
	}
	if _, err := host.Func[[]byte, int](m, "echo")(t.Context(), []byte("words")).Wait(t.Context()); err == nil {
		t.Error("an output that is no number was taken")
	}
	got, err := host.Func[[]byte, []byte](m, "echo")(t.Context(), []byte("raw")).Wait(t.Context())
	if err != nil || string(got) != "raw" {
		t.Errorf("%s, %v", got, err)
	}
	_, err = host.Func[int, int](m, "missing")(t.Context(), 1).Wait(t.Context())
	var none *host.NoSuchTaskError
	if !errors.As(err, &none) {
		t.Errorf("a task that is not there: %v", err)
	}
}

func TestDefaultHost(t *testing.T) {
	const file = "../guests/wat/hazards.wasm"
	for range 3 {
		sums := []*host.Future[[]byte]{
			host.Call(t.Context(), file, "add", []byte("[1, 2]")),
			host.Call(t.Context(), file, "add", []byte("[3, 4]")),
		}
		out, err := host.All(sums...).Wait(t.Context())
		if err != nil || string(out[0]) != "3" || string(out[1]) != "7" {
			t.Errorf("%s, %v", out, err)
		}
	}
	if _, err := host.Call(t.Context(), "none.wasm", "x", nil).Wait(t.Context()); err == nil {
		t.Error("a missing file")
	}
	f := host.Call(t.Context(), file, "spin", nil)
	f.Cancel()
	if _, err := f.Wait(t.Context()); !errors.Is(err, host.ErrCancelled) {
		t.Error(err)
	}
}

// TestSchemaErrors: an error says what is wrong and where, and does not describe this
// machine.
func TestSchemaErrors(t *testing.T) {
	_, m := conformance(t, host.Config{})
	for input, want := range map[string]string{
		`{"n": "x"}`: `invalid input: n: got string, want integer`,
		`{}`:         `invalid input: missing property 'n'`,
		`[1]`:        `invalid input: got array, want object`,
	} {
		_, err := result(t, m.With(host.Options{Validate: true}), "schema", input)
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", input, err, want)
		}
	}
}
