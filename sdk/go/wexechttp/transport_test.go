package wexechttp

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	wexec "github.com/wexec/wexec/sdk/go"
)

func TestRequest(t *testing.T) {
	r, err := http.NewRequest("POST", "https://example.com/a?b=c", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Add("Accept", "a")
	r.Header.Add("Accept", "b")
	r.Host = "other.example.com"
	if diff := cmp.Diff(map[string]string{"Accept": "a, b", "Host": "other.example.com"}, headerOf(r)); diff != "" {
		t.Error(diff)
	}
	// A short body of a known length goes with the request.
	var got wexec.Request
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := setBody(ctx, cancel, &got, r); err != nil || string(got.Body) != "body" || got.Stream != nil {
		t.Errorf("%+v, %v", got, err)
	}
	r.Body = io.NopCloser(strings.NewReader("bo"))
	if err := setBody(ctx, cancel, &got, r); err == nil {
		t.Error("sent half of a body")
	}
}

func TestResponse(t *testing.T) {
	got := toHTTP(&wexec.Response{
		Status:  404,
		Header:  map[string]string{"content-type": "text/plain", "content-length": "12"},
		Cookies: []string{"a=1", "b=2"},
	}, io.NopCloser(strings.NewReader("nothing here")), nil)
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != "404 Not Found" || got.Header.Get("Content-Type") != "text/plain" || string(body) != "nothing here" ||
		got.ContentLength != 12 || len(got.Cookies()) != 2 {
		t.Errorf("got %+v and %q", got, body)
	}
}

// Outside a task there is no host to make the request. The error says so.
func TestNoTask(t *testing.T) {
	client := http.Client{Transport: Transport{}}
	_, err := client.Get("https://example.com")
	if err == nil || !strings.Contains(err.Error(), "context") {
		t.Errorf("got %v", err)
	}
}
