package task

import (
	"testing"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/quantity"
	"github.com/wexec/wexec/host"
)

func TestLimits(t *testing.T) {
	fuel := func(n uint64) quantity.Value { return quantity.Value{N: n, Units: quantity.Fuel} }
	minute := quantity.Time(time.Minute)
	for _, c := range []struct {
		name   string
		limits limits
		time   time.Duration
		fuel   uint64
	}{
		{"by default", limits{timeout: minute}, time.Minute, quantity.NoLimit},
		{"--fuel 7", limits{timeout: minute, fuel: fuel(7), hasFuel: true}, time.Minute, 7},
		{"--fuel 0", limits{timeout: minute, fuel: fuel(0), hasFuel: true}, time.Minute, quantity.NoLimit},
		{"--timeout 0", limits{}, host.NoLimit, 1e12},
		{"--timeout 0 --fuel 7", limits{fuel: fuel(7), hasFuel: true}, host.NoLimit, 7},
		{"--timeout 0 --fuel 0", limits{fuel: fuel(0), hasFuel: true}, host.NoLimit, quantity.NoLimit},
	} {
		got, err := c.limits.host(host.Options{})
		if err != nil || got.RunTimeout != c.time || got.Fuel != c.fuel {
			t.Errorf("%s: time %v and fuel %d, want %v and %d", c.name, got.RunTimeout, got.Fuel, c.time, c.fuel)
		}
	}
}
