package http

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// fetchFor returns http.fetch for a tenant.
func fetchFor(t testing.TB, c *Client, tenant string) func(ctx context.Context, url string) error {
	t.Helper()
	ops, err := c.For(capability.Scope{Tenant: tenant})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, url string) error {
		_, err := ops[abi.CapFetch](ctx, &capability.Use{Op: abi.CapFetch, Arg: []byte(`{"url":"` + url + `"}`)})
		return err
	}
}

// TestSlowServerTakesNotAll: a tenant with 300 requests to a server that does not
// answer leaves places to others.
func TestSlowServerTakesNotAll(t *testing.T) {
	release := make(chan bool)
	slow := serve(t, func(http.ResponseWriter, *http.Request) { <-release })
	quick := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "quick") })
	c := newClient(t, nil, slow, quick)
	c.setup.Do(c.start)
	var flood sync.WaitGroup
	fetch := fetchFor(t, c, "greedy")
	for range 300 {
		flood.Go(func() {
			if err := fetch(t.Context(), "http://"+slow); err != nil {
				t.Error(err)
			}
		})
	}
	for held, waiting := 0, 0; held+waiting < 300; { // until all hold a place or wait
		c.places.mu.Lock()
		if s := c.places.tenants["greedy"]; s != nil {
			held, waiting = s.held, len(s.waiters)
		}
		c.places.mu.Unlock()
		if held > defaultMaxConcurrent*3/4 {
			t.Fatalf("one tenant holds %d places", held)
		}
		time.Sleep(time.Millisecond)
	}
	for i := range 20 {
		if err := fetchFor(t, c, fmt.Sprint("tenant ", i))(t.Context(), "http://"+quick); err != nil {
			t.Error(err)
		}
	}
	close(release)
	flood.Wait()
	if len(c.places.tenants) > 0 || c.places.free != defaultMaxConcurrent || c.places.waiting.Len() > 0 {
		t.Errorf("at the end: %+v", c.places)
	}
}

// TestPlacesModel lets tenants come, go and lose patience in any order.
func TestPlacesModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		const most = 8
		p := newPlaces(most)
		type waiter struct {
			tenant string
			ready  chan struct{}
		}
		var waiting, holding []waiter
		settle := func() {
			for i := 0; i < len(waiting); i++ {
				select {
				case <-waiting[i].ready:
					holding = append(holding, waiting[i])
					waiting = append(waiting[:i], waiting[i+1:]...)
					i--
				default:
				}
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"come": func(rt *rapid.T) {
				tenant := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "tenant")
				if w := (waiter{tenant, p.line(tenant)}); w.ready == nil {
					holding = append(holding, w)
				} else {
					waiting = append(waiting, w)
				}
			},
			"go": func(rt *rapid.T) {
				if len(holding) == 0 {
					rt.Skip()
				}
				i := rapid.IntRange(0, len(holding)-1).Draw(rt, "holder")
				p.give(holding[i].tenant)
				holding = append(holding[:i], holding[i+1:]...)
				settle()
			},
			"lose patience": func(rt *rapid.T) {
				if len(waiting) == 0 {
					rt.Skip()
				}
				i := rapid.IntRange(0, len(waiting)-1).Draw(rt, "waiter")
				if !p.quit(waiting[i].tenant, waiting[i].ready) {
					rt.Fatal("a waiter had its place")
				}
				waiting = append(waiting[:i], waiting[i+1:]...)
			},
			"": func(rt *rapid.T) {
				if p.free != most-len(holding) {
					rt.Fatalf("%d are free and %d held", p.free, len(holding))
				}
				held := map[string]int{}
				for _, h := range holding {
					held[h.tenant]++
				}
				for _, w := range waiting { // nobody waits who could be served
					if held[w.tenant] < mostOfFree*p.free {
						rt.Fatalf("%s waits with %d held and %d free", w.tenant, held[w.tenant], p.free)
					}
					held[w.tenant] += 0 // it is here
				}
				if len(p.tenants) != len(held) {
					rt.Fatalf("%d tenants are kept, %d are here", len(p.tenants), len(held))
				}
			},
		})
	})
}

// TestImpatient: who loses patience leaves nothing behind.
func TestImpatient(t *testing.T) {
	p := newPlaces(1)
	if err := p.take(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := p.take(ctx, "b"); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	p.give("a")
	if len(p.tenants) > 0 || p.waiting.Len() > 0 || p.free != 1 {
		t.Errorf("left: %+v", p)
	}
}

func TestRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRates(10)
		began := time.Now()
		for range 30 { // ten at once, and then ten a second
			if err := r.wait(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took.Round(time.Millisecond) != 2*time.Second {
			t.Errorf("30 took %v", took)
		}
		if err := r.wait(t.Context(), "b"); err != nil || time.Since(began) > 2100*time.Millisecond {
			t.Errorf("another tenant waits: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var status interface{ Kind() abi.Status }
		err := r.wait(ctx, "a")
		if !errors.As(err, &status) || status.Kind() != abi.QueueFull ||
			!strings.Contains(err.Error(), "10 requests a second") {
			t.Errorf("got %v", err)
		}
	})
}

// TestManyTenants: what is kept of tenants does not grow with their number.
func TestManyTenants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, p := newRates(1000), newPlaces(4)
		most := 0
		for i := range 50_000 {
			tenant := fmt.Sprint(i)
			if err := errors.Join(r.wait(t.Context(), tenant), p.take(t.Context(), tenant)); err != nil {
				t.Fatal(err)
			}
			p.give(tenant)
			if most = max(most, len(r.tenants)+len(p.tenants)); i%100 == 0 {
				time.Sleep(time.Second)
			}
		}
		if most > 2*fewTenants {
			t.Errorf("%d were kept", most)
		}
	})
}
