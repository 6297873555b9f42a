package executors

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// task is the job of these tests. It calls do, and counts how often it ends.
type task struct {
	Ticket
	Promise[string]
	name string
	do   func(*task, *Worker) error
	err  error
	halt chan error // what Stop said
	ran  atomic.Int32
	gone atomic.Int32 // abandoned
}

func newTask(name string, do func(*task, *Worker) error) *task {
	return &task{name: name, do: do, halt: make(chan error, 1)}
}

func (t *task) Run(w *Worker) {
	t.err = t.do(t, w)
	t.ran.Add(1)
}

func (t *task) Ended() { t.finish(t.err) }

func (t *task) finish(err error) {
	if err != nil {
		t.Reject(err)
	} else {
		t.Resolve(t.name)
	}
}

func (t *task) Abandon(err error) {
	t.gone.Add(1)
	t.Reject(err)
}

func (t *task) Stop(err error) {
	select {
	case t.halt <- err:
	default: // it has been told
	}
}

// ends counts how often the job came to an end.
func (t *task) ends() int32 { return t.ran.Load() + t.gone.Load() }

// sleep waits for d, or until the job is stopped.
func (t *task) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-t.halt:
		return err
	}
}

// sleeper is a task that takes d unless it is stopped, and stubborn one that
// takes d even then.
func sleeper(name string, d time.Duration) *task {
	return newTask(name, func(t *task, _ *Worker) error { return t.sleep(d) })
}

func stubborn(name string, d time.Duration) *task {
	return newTask(name, func(*task, *Worker) error { time.Sleep(d); return nil })
}

func quick(name string) *task {
	return newTask(name, func(*task, *Worker) error { return nil })
}

// result waits for a future.
func result[T any](t *testing.T, f *Future[T]) (T, error) {
	t.Helper()
	return f.Wait(t.Context())
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got error %v, want %v", err, want)
	}
}

func want[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// Every call of a host embeds a Ticket and a Promise.
func TestSizes(t *testing.T) {
	for _, tc := range []struct {
		name       string
		size, most uintptr
	}{
		{"Ticket", unsafe.Sizeof(Ticket{}), 128},
		{"Promise", unsafe.Sizeof(Promise[[]byte]{}), 96},
	} {
		if tc.size > tc.most {
			t.Errorf("a %s has %d bytes, want at most %d", tc.name, tc.size, tc.most)
		}
	}
}
