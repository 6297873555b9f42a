package wexec

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
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
	got, err = Request{URL: "a", Secrets: map[string]string{"b": "c"}, Stream: NewStream(t.Context(), 7)}.message()
	want := `{"method":"GET","url":"a","secrets":{"b":"c"},"body":7}`
	if strings.TrimSpace(string(got)) != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	response, handle, err := parseResponse(
		[]byte("{\"status\":200,\"headers\":{\"a\":\"b\",\"set-cookie\":[\"c\",\"d\"]},\"stream\":7}\nbody"))
	parsed := &Response{
		Status: 200, Header: map[string]string{"a": "b"}, Cookies: []string{"c", "d"}, Body: []byte("body"),
	}
	if err != nil || handle != 7 || !reflect.DeepEqual(response, parsed) {
		t.Errorf("got %+v, %d, %v", response, handle, err)
	}
	for _, bad := range []string{"not JSON", `{"headers":{"a":1}}`, `{"headers":{"set-cookie":"a"}}`} {
		if _, _, err := parseResponse([]byte(bad)); err == nil {
			t.Errorf("accepted %s", bad)
		}
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
