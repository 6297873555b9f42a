package run

import (
	"testing"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

func TestLimits(t *testing.T) {
	fuel := func(n uint64) quantity.Value { return quantity.Value{N: n, Units: quantity.Fuel} }
	for _, c := range []struct {
		name    string
		options options
		time    time.Duration
		fuel    uint64
	}{
		{"by default", options{timeout: time.Minute}, time.Minute, quantity.NoLimit},
		{"--fuel 7", options{timeout: time.Minute, fuel: fuel(7), hasFuel: true}, time.Minute, 7},
		{"--fuel 0", options{timeout: time.Minute, fuel: fuel(0), hasFuel: true}, time.Minute, quantity.NoLimit},
		{"--timeout 0", options{}, host.NoLimit, 1e12},
		{"--timeout 0 --fuel 7", options{fuel: fuel(7), hasFuel: true}, host.NoLimit, 7},
		{"--timeout 0 --fuel 0", options{fuel: fuel(0), hasFuel: true}, host.NoLimit, quantity.NoLimit},
	} {
		if got := c.options.limits(); got.RunTimeout != c.time || got.Fuel != c.fuel {
			t.Errorf("%s: time %v and fuel %d, want %v and %d", c.name, got.RunTimeout, got.Fuel, c.time, c.fuel)
		}
	}
}
