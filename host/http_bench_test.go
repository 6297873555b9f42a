//go:build linux

package host_test

import (
	"context"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	"github.com/wexec/wexec/host/capability/http"
	"github.com/wexec/wexec/host/hosttest"
)

// BenchmarkHTTPFetch fetches a page of 1 KB from this machine, with 100 requests in
// flight: by 100 calls of a guest, each of which fetches 50 times, and by as many
// goroutines with Go's own client. The metric x is the time of the first over that of
// the second, and cpu-x the same of the time of processors.
func BenchmarkHTTPFetch(b *testing.B) {
	const inFlight, each = 100, 50
	web := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
		w.Write(make([]byte, 1<<10))
	}))
	defer web.Close()
	client := &http.Client{Allow: []string{web.Listener.Addr().String()}, Rate: 1e9}
	h := hosttest.New(b, host.Config{Capabilities: []capability.Capability{client}})
	m := hosttest.Load(b, h, withTasks(b, guest(b, "wat/puppet.wasm"), host.Task{Name: "run", Mode: host.IO}))
	script := ops(0, slices.Repeat([]scriptOp{{abi.CapFetch, `{"url":"` + web.URL + `"}`}}, each)...)
	own := &nethttp.Client{Transport: &nethttp.Transport{MaxIdleConnsPerHost: inFlight}}
	defer own.CloseIdleConnections()

	through := func() error {
		_, err := m.Call(context.Background(), "run", script).Wait(context.Background())
		return err
	}
	direct := func() error {
		for range each {
			res, err := own.Get(web.URL)
			if err != nil {
				return err
			}
			_, err = io.ReadAll(res.Body)
			if res.Body.Close(); err != nil {
				return err
			}
		}
		return nil
	}
	b.ResetTimer()
	var took, worked [2]time.Duration
	rounds := (b.N + inFlight*each - 1) / (inFlight * each)
	for range rounds { // in turn, so that both meet the same load
		for i, fetch := range []func() error{through, direct} {
			began, before := time.Now(), cpuTime()
			if err := atOnce(inFlight, fetch); err != nil {
				b.Fatal(err)
			}
			took[i] += time.Since(began)
			worked[i] += cpuTime() - before
		}
	}
	fetches := float64(rounds * inFlight * each)
	b.ReportMetric(float64(took[0].Nanoseconds())/fetches, "ns/op")
	b.ReportMetric(float64(took[1].Nanoseconds())/fetches, "go-ns/op")
	b.ReportMetric(float64(took[0])/float64(took[1]), "x")
	b.ReportMetric(float64(worked[0])/float64(worked[1]), "cpu-x")
}

// atOnce runs a function on n goroutines.
func atOnce(n int, f func() error) error {
	var group errgroup.Group
	for range n {
		group.Go(f)
	}
	return group.Wait()
}
