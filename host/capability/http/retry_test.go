package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/abi"
)

// failing is a server that fails as often as it says, and then answers. A status of 0
// breaks the connection.
func failing(t *testing.T, times int32, status int, after string) (addr string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch {
		case hits.Add(1) > times:
			fmt.Fprintf(w, "%s %s", r.Method, body)
		case status == 0:
			panic(http.ErrAbortHandler)
		default:
			w.Header().Set("Retry-After", after)
			w.WriteHeader(status)
		}
	}), hits
}

func TestRetries(t *testing.T) {
	for _, tt := range []struct {
		method  string
		retries int
		fails   int32
		status  int
		after   string
		body    string // "" is an error
		hits    int32
	}{
		{"GET", 2, 2, 503, "", "200 GET body", 3},
		{"PUT", 1, 1, 429, "0", "200 PUT body", 2},
		{"DELETE", 1, 1, 502, "soon", "200 DELETE body", 2},
		{"OPTIONS", 1, 1, 504, time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), "200 OPTIONS body", 2},
		{"GET", 1, 1, 0, "", "200 GET body", 2},
		{"PUT", 2, 5, 503, "", "503 ", 3},
		{"GET", 1, 5, 0, "", "", 2},

		{"GET", 0, 1, 503, "", "503 ", 1},
		{"POST", 2, 1, 503, "", "503 ", 1},
		{"POST", 2, 1, 0, "", "", 1},
		{"PATCH", 2, 1, 429, "", "429 ", 1},
		{"GET", 2, 1, 500, "", "500 ", 1},
		{"GET", 2, 1, 404, "", "404 ", 1},
		{"GET", 2, 1, 503, "31", "503 ", 1},      // longer than we wait
		{"GET", 2, 1, 503, "9999999", "503 ", 1}, // as well
	} {
		t.Run(fmt.Sprint(tt.method, tt.retries, tt.status, tt.after), func(t *testing.T) {
			addr, hits := failing(t, tt.fails, tt.status, tt.after)
			c := newClient(t, nil, addr)
			c.Retries = tt.retries
			answer, err := c.Fetch(t.Context(), []byte(`{"method":"`+tt.method+`","url":"http://`+addr+`"}`+"\nbody"))
			if (err == nil) != (tt.body != "") || hits.Load() != tt.hits {
				t.Fatalf("%s, %v after %d requests", answer, err, hits.Load())
			}
			status, body, _ := strings.Cut(tt.body, " ")
			_, got := abi.SplitMessage(answer)
			if err == nil && (string(got) != body || !strings.HasPrefix(string(answer), `{"status":`+status)) {
				t.Errorf("got %s", answer)
			}
		})
	}
}

// A request that was refused is not tried again, and one that is out of time does not
// wait.
func TestNoRetry(t *testing.T) {
	c := newClient(t, map[string][]string{"inside.example": {"10.0.0.1"}}, "inside.example")
	var lookups atomic.Int32
	answer := c.resolver.Dial
	c.resolver.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		lookups.Add(1)
		return answer(ctx, network, address)
	}
	c.Retries = 5
	_, _, err := get(t, c, "http://inside.example")
	if wantDenied(t, err, "not public"); lookups.Load() > 2 { // for IPv4 and IPv6
		t.Errorf("%d look-ups", lookups.Load())
	}

	addr, hits := failing(t, 9, 503, "20")
	c = newClient(t, nil, addr)
	c.Retries, c.Timeout = 5, 10*time.Second
	if head, _, err := get(t, c, "http://"+addr); err != nil || !strings.Contains(head, "503") || hits.Load() != 1 {
		t.Errorf("%s, %v after %d", head, err, hits.Load())
	}

	addr, _ = failing(t, 9, 503, "5")
	c = newClient(t, nil, addr)
	c.Retries = 5
	cause := errors.New("had enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(20*time.Millisecond, func() { cancel(cause) })
	if _, err := c.Fetch(ctx, []byte(`{"url":"http://`+addr+`"}`)); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
}

func TestBackoff(t *testing.T) {
	for retries, most := range map[int]time.Duration{0: firstBackoff, 3: 8 * firstBackoff, 50: longestBackoff} {
		for range 100 {
			if d := backoff(retries); d < most/2 || d > most {
				t.Errorf("after %d: %v, want %v to %v", retries, d, most/2, most)
			}
		}
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "1.5": 0, "x": 0, "Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0, "99999999999999999999": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
