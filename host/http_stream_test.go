//go:build linux

package host_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

// streamer loads the guest of package wexechttp beside a server.
func streamer(t testing.TB, handler nethttp.HandlerFunc) (m *host.Module, url string) {
	t.Helper()
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	client := &http.Client{
		Allow:   []string{web.Listener.Addr().String()},
		Secrets: map[string]http.Secret{"token": {Value: "Bearer hidden", For: []string{web.URL}}},
	}
	h := hosttest.New(t, host.Config{Capabilities: []capability.Capability{client}})
	return hosttest.Load(t, h, hosttest.GoGuest(t, "../sdk/go/wexechttp/testdata/guest")), web.URL
}

// TestNetHTTPInAGuest: a guest that uses net/http streams bodies both ways, sends a
// secret that it does not know, and never passes half a body off as the whole.
func TestNetHTTPInAGuest(t *testing.T) {
	var whole atomic.Bool
	t.Cleanup(func() { // when the server has ended
		if whole.Load() {
			t.Error("the server took half a body for the whole")
		}
	})
	m, url := streamer(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if n == 4 && err == nil {
			whole.Store(true)
		}
		if r.Header.Get("Authorization") != "Bearer hidden" {
			w.WriteHeader(nethttp.StatusUnauthorized)
		}
		nethttp.SetCookie(w, &nethttp.Cookie{Name: "a", Value: "1"})
		nethttp.SetCookie(w, &nethttp.Cookie{Name: "b", Value: "2"})
		io.Copy(w, io.LimitReader(zeros{}, max(n, 1000)))
	})
	for task, want := range map[string]string{
		"download": "200 OK, 2 cookies, 1000 bytes",
		"upload":   "200 OK, 2 cookies, 1024000 bytes",
	} {
		out, err := m.Call(t.Context(), task, []byte(url)).Wait(t.Context())
		if err != nil || string(out) != want {
			t.Errorf("%s: %s, %v", task, out, err)
		}
	}
	out, err := m.Call(t.Context(), "breaks", []byte(url)).Wait(t.Context())
	if err == nil || !strings.Contains(err.Error(), "the disk is gone") {
		t.Errorf("breaks: %s, %v", out, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// TestServer is no test, but the server of BenchmarkHTTPInFlight, in a process of its
// own. It answers nobody before as many requests have come as the environment says.
func TestServer(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("WEXEC_TEST_SERVER"))
	if n == 0 {
		t.Skip("for BenchmarkHTTPInFlight")
	}
	var waiting atomic.Int64
	all := make(chan struct{})
	web := httptest.NewServer(nethttp.HandlerFunc(func(nethttp.ResponseWriter, *nethttp.Request) {
		if waiting.Add(1) == int64(n) {
			fmt.Println("all are here")
			io.ReadFull(os.Stdin, make([]byte, 1))
			close(all)
		}
		<-all
	}))
	defer web.Close()
	fmt.Println(web.URL)
	<-all
	io.Copy(io.Discard, os.Stdin)
}

// BenchmarkHTTPInFlight has one io guest fetch 5,000 pages from another process at
// once. The metric is the memory of this process while all wait, guest included.
func BenchmarkHTTPInFlight(b *testing.B) {
	const n = 5000
	h := hosttest.New(b, host.Config{Capabilities: []capability.Capability{&http.Client{
		Allow: []string{"127.0.0.1:*"}, MaxConcurrent: 8000, Rate: n,
	}}, Limits: host.Limits{RunTimeout: 5 * time.Minute}})
	m := hosttest.Load(b, h, hosttest.GoGuest(b, "../guests/go/conformance"))
	for b.Loop() {
		server := exec.Command(os.Args[0], "-test.run=^TestServer$")
		server.Env = append(os.Environ(), fmt.Sprint("WEXEC_TEST_SERVER=", n))
		in, out := must(server.StdinPipe())(b), must(server.StdoutPipe())(b)
		if err := server.Start(); err != nil {
			b.Fatal(err)
		}
		var url string
		fmt.Fscanln(out, &url)
		calls := make([]*host.Future[[]byte], n)
		for i := range calls {
			calls[i] = m.Call(b.Context(), "fetch", []byte(url))
		}
		bufio.NewReader(out).ReadString('\n')
		heap, resident := inUse()
		b.ReportMetric(float64(heap)/1e6, "heap-MB")
		b.ReportMetric(float64(resident)/1e6, "resident-MB")
		in.Write([]byte{'\n'})
		if _, err := host.All(calls...).Wait(b.Context()); err != nil {
			b.Fatal(err)
		}
		in.Close()
		if err := server.Wait(); err != nil {
			b.Fatal(err)
		}
	}
}

// must returns a function that returns the value, or fails the test.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// BenchmarkHTTPStream reads a body of 100 MB through a guest. The metrics are the most
// memory that it takes in between, over that of a body of 1 MB before: live heap after
// a collection, and what is resident, with the guest's own memory.
func BenchmarkHTTPStream(b *testing.B) {
	const total = 100_000_000
	var heap, resident uint64
	length := int64(1e6)
	m, url := streamer(b, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(length))
		for left := length; left > 0; left -= 1e6 {
			if _, err := io.CopyN(w, zeros{}, 1e6); err != nil {
				return
			}
			if left%10e6 == 0 || length == 1e6 {
				h, r := inUse()
				heap, resident = max(heap, h), max(resident, r)
			}
		}
	})
	read := func() {
		out, err := m.Call(b.Context(), "download", []byte(url)).Wait(b.Context())
		if err != nil || !bytes.HasSuffix(out, fmt.Appendf(nil, " %d bytes", length)) {
			b.Fatalf("%s, %v", out, err)
		}
	}
	read()
	heapBefore, residentBefore := heap, resident
	length = total
	b.SetBytes(total)
	for b.Loop() {
		read()
	}
	b.ReportMetric(float64(int64(heap-heapBefore))/1e6, "heap-MB")
	b.ReportMetric(float64(int64(resident-residentBefore))/1e6, "resident-MB")
}

// inUse returns the bytes of live heap, and those resident.
func inUse() (heap, resident uint64) {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	var size, pages uint64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		fmt.Sscan(string(text), &size, &pages)
	}
	return stats.HeapAlloc, pages * uint64(os.Getpagesize())
}
