package dev

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/wexec/wexec/host/build"
)

// watcher tells when a module must be built again.
type watcher struct {
	*fsnotify.Watcher
	mu     sync.Mutex
	inputs map[string]bool // absolute paths
}

// newWatcher watches a source file and its folder: files may come that it imports.
func newWatcher(file string) (*watcher, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	inner, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &watcher{Watcher: inner, inputs: map[string]bool{}}
	if err := w.follow([]string{file}); err != nil {
		inner.Close()
		return nil, err
	}
	return w, nil
}

// follow watches more files. It watches their folders, since editors replace a file when
// they save it.
func (w *watcher) follow(files []string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, file := range files {
		if w.inputs[file] {
			continue
		}
		w.inputs[file] = true
		if err := w.Add(filepath.Dir(file)); err != nil {
			return err
		}
	}
	return nil
}

// matters reports whether a module must be built again after an event: one of the files
// that it was built from has changed, or a source file that it may import.
func (w *watcher) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.inputs[e.Name] || build.LanguageOf(e.Name) != nil
}

// quiet is how long nothing must change before a change counts: who saves a file may
// write it in several steps, and may save several files.
const quiet = 50 * time.Millisecond

// wait waits for a change.
func (w *watcher) wait(ctx context.Context) error {
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-settled:
			return nil
		case err := <-w.Errors:
			return err
		case e := <-w.Events:
			if w.matters(e) {
				settled = time.After(quiet)
			}
		}
	}
}
