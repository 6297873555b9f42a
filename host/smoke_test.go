package host

import (
	"context"
	"testing"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	h, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	m, err := h.LoadFile(ctx, "../guests/c/conformance.wasm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"echo", "hi"}, {"echo_cpu", "x"}, {"fan", "10 5"}, {"tree", "6"}, {"trap", ""}, {"fail", "x"}, {"await_cpu", ""}, {"nosuch", ""}, {"call", "fail\nq"}, {"slow", ""}, {"small", ""}, {"silent", ""}, {"twice", ""}, {"exit3", ""}, {"log", "hello"}, {"print", "yo"}, {"leak_op", ""}} {
		out, err := m.Call(ctx, c[0], []byte(c[1])).Wait(ctx)
		t.Logf("%s: %q %v %v", c[0], out, err, Kind(err))
	}
	t.Logf("%+v", h.Stats())
	if err := h.Close(ctx); err != nil {
		t.Fatal(err)
	}
}
