package http

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// rates limit how many requests each tenant sends in a second.
type rates struct {
	perSecond int

	mu      sync.Mutex
	tenants map[string]*rate.Limiter
	sweepAt int // how many tenants there are when those at rest are forgotten
}

// fewTenants are kept without a sweep.
const fewTenants = 1 << 10

func newRates(perSecond int) *rates {
	return &rates{perSecond: perSecond, tenants: map[string]*rate.Limiter{}, sweepAt: fewTenants}
}

// wait waits until the tenant may send one more request.
func (r *rates) wait(ctx context.Context, tenant string) error {
	limiter := r.of(tenant)
	if limiter.Allow() {
		return nil
	}
	err := limiter.Wait(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil { // it would not come in time
		return capability.Errorf(abi.QueueFull, "there are more than %d requests a second (http.Client.Rate)", r.perSecond)
	}
	return nil
}

// of returns the limiter of a tenant. One that has been at rest for a second is as
// good as new, so those are forgotten from time to time.
func (r *rates) of(tenant string) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	limiter := r.tenants[tenant]
	if limiter != nil {
		return limiter
	}
	if len(r.tenants) >= r.sweepAt {
		now := time.Now()
		for name, l := range r.tenants {
			if l.TokensAt(now) >= float64(r.perSecond) {
				delete(r.tenants, name)
			}
		}
		r.sweepAt = max(fewTenants, 2*len(r.tenants))
	}
	limiter = rate.NewLimiter(rate.Limit(r.perSecond), r.perSecond)
	r.tenants[tenant] = limiter
	return limiter
}
