package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/build/engines"
)

// The scripts in testdata/script run the command as a person types it, as a
// process of its own.

func TestMain(m *testing.M) {
	host.CompileInChild()
	testscript.Main(m, map[string]func(){"wexec": main})
}

func TestScript(t *testing.T) {
	guests, err := filepath.Abs("../../guests/c")
	if err != nil {
		t.Fatal(err)
	}
	store, err := engines.DefaultStore()
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("the page " + r.URL.Path))
	}))
	defer site.Close()
	t.Run("group", func(t *testing.T) { // the scripts run in parallel, and need the site until all have ended
		testscript.Run(t, testscript.Params{
			Dir:                 "testdata/script",
			RequireExplicitExec: true,
			RequireUniqueNames:  true,
			Setup: func(env *testscript.Env) error {
				env.Setenv("GUESTS", guests)
				env.Setenv("SLOW", filepath.Join(filepath.Dir(guests), "wat", "manifest_spins.wasm"))
				env.Setenv("XDG_CACHE_HOME", cache)
				env.Setenv("ENGINES", store.Dir)
				env.Setenv("WEXEC_ENGINES", store.Dir)
				env.Setenv("SITE", site.URL)
				env.Setenv("SITEHOST", strings.TrimPrefix(site.URL, "http://"))
				wexec, err := exec.LookPath("wexec") // for scripts without a PATH
				env.Setenv("WEXEC", wexec)
				return errors.Join(err, writeFiles(env.WorkDir, guests))
			},
			Condition: func(condition string) (bool, error) { return hasEngine(store, condition) },
			Cmds: map[string]func(*testscript.TestScript, bool, []string){
				"exits":     exits,
				"interrupt": interrupt,
				"terminal":  terminal,
			},
		})
	})
}

// hasEngine is the condition engine:LANGUAGE of scripts.
func hasEngine(store engines.Store, condition string) (bool, error) {
	e, err := engines.Of(strings.TrimPrefix(condition, "engine:"))
	if err != nil {
		return false, fmt.Errorf("unknown condition: %w", err)
	}
	return store.Has(e), nil
}

// exits runs a program and checks its exit code: exits CODE PROGRAM [ARG...]
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	checkExit(ts, args[0], ts.Exec(args[1], args[2:]...))
}

// announced is what wexec writes to a terminal, and erases, when a load takes long.
var announced = regexp.MustCompile(`(\x1b\[2m)?compiling [^\r]*\r +\r`)

// terminal runs a line of a shell in a terminal, with the program script, and checks its
// exit code: terminal CODE LINE. It drops announcements: only a busy machine has them.
func terminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: terminal CODE LINE")
	}
	err := ts.Exec("script", "-qec", args[1], "/dev/null")
	io.WriteString(ts.Stdout(), announced.ReplaceAllString(ts.ReadFile("stdout"), ""))
	checkExit(ts, args[0], err)
}

// interrupt starts a program, waits for a file and a little longer, presses
// ctrl-C and checks the exit code: interrupt CODE FILE PROGRAM [ARG...]
func interrupt(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: interrupt CODE FILE PROGRAM [ARG...]")
	}
	cmd := exec.Command(args[2], args[3:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+ts.Getenv("XDG_CACHE_HOME"))
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	stdin, err := cmd.StdinPipe() // stays open until the program has ended
	ts.Check(err)
	defer stdin.Close()
	ts.Check(cmd.Start())
	for !exists(ts.MkAbs(args[1])) {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	ts.Check(cmd.Process.Signal(os.Interrupt))
	checkExit(ts, args[0], cmd.Wait())
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func checkExit(ts *testscript.TestScript, want string, err error) {
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if strconv.Itoa(code) != want {
		ts.Fatalf("exit code %d, want %s", code, want)
	}
}
