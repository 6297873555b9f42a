package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/wexec/wexec/host/internal/fault"
	"github.com/wexec/wexec/host/internal/wasm"
)

// Need is a module that others run on, such as the interpreter of a language. The
// script that needs it names it by its SHA-256.
type Need struct {
	SHA256   string // in lower-case hexadecimal
	Language string
	// Accept refuses a module that is not an engine of the language. It looks at the
	// module before it is compiled.
	Accept func(*wasm.Module) error
}

// shelf has the modules that others run on.
type shelf struct {
	mu      sync.Mutex
	volumes map[string]*volume
}

// volume is a module on the shelf.
type volume struct {
	ready chan struct{} // closed when code and err are set
	code  *Code
	err   error
}

// Share returns the code of a module that others run on, which is in Config.Engines.
// It compiles each once, for all that need it. The code is freed when the Engine is
// closed. s has the options; its Module and Name don't matter.
func (e *Engine) Share(ctx context.Context, n Need, s Source) (*Code, error) {
	key := n.Language + " " + n.SHA256 + " " + s.settings()
	v, mine := e.shelf.take(key)
	if mine {
		// The others wait for it, so it does not end with this caller's context.
		v.code, v.err = e.openShared(context.WithoutCancel(ctx), n, s)
		if v.err != nil {
			e.shelf.remove(key) // the next caller tries again
		}
		close(v.ready)
	}
	select {
	case <-v.ready:
		return v.code, v.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// take returns the volume for a key. If there is none, it returns a new one, which the
// caller must make ready.
func (s *shelf) take(key string) (v *volume, mine bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v = s.volumes[key]
	if v != nil {
		return v, false
	}
	v = &volume{ready: make(chan struct{})}
	if s.volumes == nil {
		s.volumes = map[string]*volume{}
	}
	s.volumes[key] = v
	return v, true
}

func (s *shelf) remove(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.volumes, key)
}

func (e *Engine) openShared(ctx context.Context, n Need, s Source) (*Code, error) {
	bytes, err := e.readShared(n)
	if err != nil {
		return nil, err
	}
	if s.Module, err = wasm.Parse(bytes); err != nil {
		return nil, n.refused(err)
	}
	if err := e.checkImports(s.Module, e.provide(true)); err != nil {
		return nil, n.refused(err)
	}
	if err := n.Accept(s.Module); err != nil {
		return nil, n.refused(err)
	}
	s.Name = n.Language
	code, err := e.Compile(ctx, s)
	if err != nil {
		return nil, err
	}
	code.Keep(code.Irreversible, nil)
	code.shared, code.Note = true, nil // what is noted of the engine is not of the script
	return code, nil
}

// readShared reads the module and checks its digest.
func (e *Engine) readShared(n Need) ([]byte, error) {
	what := fmt.Sprintf("it runs on the %s engine %.12s", n.Language, n.SHA256)
	if e.cfg.Engines == nil {
		return nil, fault.InvalidModule("%s…, and this host has no engines (Config.Engines)", what)
	}
	bytes, err := fs.ReadFile(e.cfg.Engines, n.SHA256+".wasm")
	switch sum := sha256.Sum256(bytes); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.InvalidModule("%s…, which this host does not have: get it with wexec engine fetch %s, "+
			"or put %s.wasm into the folder (Config.Engines)", what, n.Language, n.SHA256)
	case err != nil:
		return nil, n.refused(err)
	case hex.EncodeToString(sum[:]) != n.SHA256:
		return nil, fault.InvalidModule("%s…, but the file of that name has the SHA-256 %x (Config.Engines)", what, sum)
	}
	return bytes, nil
}

func (n Need) refused(err error) error {
	refused := fault.InvalidModule("the %s engine %.12s… can't be used", n.Language, n.SHA256)
	refused.Err = err
	if invalid, ok := errors.AsType[*fault.InvalidModuleError](err); ok {
		refused.Reason, refused.Err = refused.Reason+": "+invalid.Reason, invalid.Err
	}
	return refused
}
