package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wexec/wexec/cmd/wexec/internal/module"
	"github.com/wexec/wexec/cmd/wexec/internal/progress"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
	"github.com/wexec/wexec/cmd/wexec/internal/timeline"
	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/capability"
	fetch "github.com/wexec/wexec/host/capability/http"
)

// latency is how long the server takes to answer.
const latency = 400 * time.Millisecond

// stage is where the demo runs: a host with the guest, and the server that the
// guest downloads from.
type stage struct {
	server *http.Server
	served chan struct{} // closed when the server has stopped
	host   *host.Host
	module *host.Module
	guest  *guest
	spans  timeline.Recorder
	url    string
	count  int // the input of compute_some
}

func newStage(ctx context.Context, guest *guest, logs io.Writer) (*stage, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &stage{guest: guest, served: make(chan struct{}), spans: timeline.Recorder{All: true}}
	s.url = "http://" + listener.Addr().String() + "/page"
	s.server = &http.Server{Handler: http.HandlerFunc(page)}
	go func() {
		defer close(s.served)
		s.server.Serve(listener) // its only error is that close was called
	}()
	s.host, err = host.New(host.Config{
		Capabilities: []capability.Capability{&fetch.Client{Allow: []string{listener.Addr().String()}}},
		Engines:      module.Engines(),
		Logger:       term.NewLogger(logs),
		Observe:      s.spans.Observe,
	})
	if err == nil {
		s.module, err = s.host.Load(ctx, "demo", guest.wasm)
	}
	if err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *stage) close(ctx context.Context) error {
	var err error
	if s.host != nil {
		err = s.host.Close(ctx)
	}
	err = errors.Join(err, s.server.Close())
	<-s.served
	return err
}

// page answers as late as a server that is far away.
func page(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(latency):
		io.WriteString(w, strings.Repeat("The quick brown fox jumps over the lazy dog.\n", 500))
	case <-r.Context().Done():
	}
}

// calibrate finds the count with which compute_some works for a given time. It
// does not know how fast the machine is, so it starts with a small count and
// raises it until a call takes at least half of that time. It goes by the best
// rate of all calls, since other processes may slow some of them down.
func (s *stage) calibrate(ctx context.Context, work time.Duration) error {
	const most = math.MaxUint32 // the guest reads 32 bits
	rate := 0.0                 // counts per nanosecond
	for s.count = 100_000; ; {
		if _, err := s.call(ctx, "compute_some", strconv.Itoa(s.count)); err != nil {
			return err
		}
		took := max(runTime(s.spans.Root()), time.Microsecond)
		rate = max(rate, float64(s.count)/float64(took))
		want := min(rate*float64(work), most)
		if took >= work/2 || s.count == most {
			s.count = int(want)
			return nil
		}
		s.count = int(min(want, float64(s.count)*16))
	}
}

// performance is one run of the script: main, and the tasks that it called, in
// the order of the calls.
type performance struct {
	main  host.Span
	tasks []host.Span
}

func (p performance) all() []host.Span { return append([]host.Span{p.main}, p.tasks...) }

func (p performance) time() time.Duration { return p.main.Ended.Sub(p.main.Queued) }

func runTime(s host.Span) time.Duration { return s.Ended.Sub(s.Started) }

// steps is how many tasks the script calls.
const steps = 11

// play runs the script one way, "sequence" or "futures". The title is for the
// progress, which w shows.
func (s *stage) play(ctx context.Context, way, title string, w io.Writer) (performance, error) {
	before := s.spans.Len()
	done := func() int { return s.spans.Len() - before }
	progress.Say(w, title)
	stop := progress.Bar(w, title, steps, done)
	_, err := s.call(ctx, "main", fmt.Sprintf(s.guest.input, way, s.count, s.url))
	stop()
	if err != nil {
		return performance{}, err
	}
	p := performance{main: s.spans.Root()}
	for _, span := range s.spans.Spans() {
		if span.Parent == p.main.ID {
			p.tasks = append(p.tasks, span)
		}
	}
	slices.SortFunc(p.tasks, func(a, b host.Span) int { return cmp.Compare(a.ID, b.ID) })
	if len(p.tasks) != steps {
		return p, fmt.Errorf("the demo's main called %d tasks, not %d", len(p.tasks), steps)
	}
	return p, nil
}

// call runs a task. When ctx ends, the task is cancelled, and call waits for the
// end of that.
func (s *stage) call(ctx context.Context, task, input string) ([]byte, error) {
	return s.module.Call(ctx, task, []byte(input)).Wait(context.WithoutCancel(ctx))
}
