package wexec

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
)

func TestEncode(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, ""},
		{None{}, ""},
		{[]byte("raw"), "raw"},
		{"text", `"text"`},
		{[]int(nil), "null"},
		{json.RawMessage("[1]"), "[1]"},
	} {
		if got, err := encode(c.v); string(got) != c.want || err != nil {
			t.Errorf("%#v: got %q, %v", c.v, got, err)
		}
	}
}

func TestDecode(t *testing.T) {
	if v, err := decode[[]byte]([]byte("raw")); string(v) != "raw" || err != nil {
		t.Errorf("bytes: %q, %v", v, err)
	}
	if _, err := decode[None]([]byte("anything")); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if v, err := decode[map[string]int]([]byte(`{"a":1}`)); v["a"] != 1 || err != nil {
		t.Errorf("a map: %v, %v", v, err)
	}
	if v, err := decode[*int](nil); v != nil || err != nil {
		t.Errorf("no pointer: %v, %v", v, err)
	}
	if _, err := decode[int](nil); err == nil {
		t.Error("decoded empty bytes as a number")
	}
	if _, err := decodeInput[int]([]byte("x")); StatusOf(err) != StatusInvalidInput {
		t.Errorf("an input that is not JSON: %v", err)
	}
}

func TestFetchMessages(t *testing.T) {
	got, err := Request{URL: "https://a/?b=c&d", Body: []byte("x\ny")}.message()
	if want := "{\"method\":\"GET\",\"url\":\"https://a/?b=c\\u0026d\"}\nx\ny"; string(got) != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	response, err := parseResponse([]byte("{\"status\":200,\"headers\":{\"a\":\"b\"}}\nbody"))
	if err != nil || response.Status != 200 || response.Header["a"] != "b" || string(response.Body) != "body" {
		t.Errorf("got %+v, %v", response, err)
	}
	if _, err := parseResponse([]byte("not JSON")); err == nil {
		t.Error("accepted a response that is not JSON")
	}
}

// The author's unit tests call a task as an ordinary function. Only what needs
// the host fails, and says that there is none.
func TestOutsideAGuest(t *testing.T) {
	ctx := context.Background()
	if err := Sleep(ctx, 1); !errors.Is(err, errNoCall) {
		t.Errorf("Sleep: %v", err)
	}
	f := Call[int](ctx, "task", 1)
	f.Cancel()
	if _, err := f.Wait(); !errors.Is(err, errNoCall) {
		t.Errorf("Wait: %v", err)
	}
	if err := Call[int](ctx, "task", make(chan int)).Err(); err == nil {
		t.Error("encoded a channel as an input")
	}
}
