package wexechttp

import (
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
	got, err := fromHTTP(r)
	if err != nil {
		t.Fatal(err)
	}
	want := wexec.Request{
		Method: "POST",
		URL:    "https://example.com/a?b=c",
		Header: map[string]string{"Accept": "a, b", "Host": "other.example.com"},
		Body:   []byte("body"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResponse(t *testing.T) {
	got := toHTTP(&wexec.Response{
		Status: 404,
		Header: map[string]string{"content-type": "text/plain"},
		Body:   []byte("nothing here"),
	}, nil)
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	contentType := got.Header.Get("Content-Type")
	if got.Status != "404 Not Found" || contentType != "text/plain" || string(body) != "nothing here" {
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
