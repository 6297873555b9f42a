package wexec

import (
	"encoding/json"
	"reflect"
)

// encode encodes an input or an output: bytes as they are, None and nil as
// nothing, anything else as JSON.
func encode(v any) ([]byte, error) {
	switch v := v.(type) {
	case nil, None:
		return nil, nil
	case []byte:
		return v, nil
	}
	var b []byte
	err := onDeepStack(func() (err error) {
		b, err = json.Marshal(v)
		return err
	})
	return b, err
}

// decode is the reverse of encode. For a type that can be null, empty bytes
// mean the zero value.
func decode[T any](b []byte) (T, error) {
	var v T
	switch into := any(&v).(type) {
	case *None:
		return v, nil
	case *[]byte:
		*into = b
		return v, nil
	}
	if len(b) == 0 && nullable(reflect.TypeFor[T]()) {
		return v, nil
	}
	err := onDeepStack(func() error { return json.Unmarshal(b, &v) })
	return v, err
}

func decodeInput[T any](b []byte) (T, error) {
	v, err := decode[T](b)
	if err != nil {
		err = &Error{Status: StatusInvalidInput, Message: "the input: " + err.Error()}
	}
	return v, err
}

// nullable reports whether encoding/json writes the zero value of t as null.
func nullable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface:
		return true
	}
	return false
}

// onDeepStack runs f in a goroutine whose stack has already grown, and waits
// for it.
//
// A goroutine starts with 2 KB of stack. That is enough for a task that waits,
// but not for encoding/json. When every call grew its own stack, the growing
// took two thirds of the time of a small call, and the call then held 4 KB or
// more while it waited.
func onDeepStack(f func() error) error {
	guest.mu.Lock()
	w := idleWorkers
	if w == nil {
		w = &stackWorker{jobs: make(chan func() error), results: make(chan error)}
		go w.work()
	} else {
		idleWorkers = w.next
		guest.parked--
	}
	guest.mu.Unlock()

	w.jobs <- f
	err := <-w.results

	guest.mu.Lock()
	w.next, idleWorkers = idleWorkers, w
	guest.parked++
	guest.mu.Unlock()
	return err
}

// idleWorkers is a list of the workers without a job. All workers are in it,
// except while a MarshalJSON method of the author's blocks.
var idleWorkers *stackWorker

// stackWorker is a goroutine that keeps its grown stack from job to job.
type stackWorker struct {
	jobs    chan func() error
	results chan error
	next    *stackWorker
}

func (w *stackWorker) work() {
	for job := range w.jobs {
		w.results <- recovered(job)
	}
}

// recovered runs a job, and returns a panic in it as an error.
func recovered(job func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(p)
		}
	}()
	return job()
}
