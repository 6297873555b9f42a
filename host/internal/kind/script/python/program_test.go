package python_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/wexec/wexec/host"
	"github.com/wexec/wexec/host/hosttest"
)

// TestProgram runs scripts as programs.
func TestProgram(t *testing.T) {
	h := newHost(t, host.Config{})
	for _, c := range []struct {
		name, source string
		args         []string
		stdin        string
		want, err    string
	}{
		{name: "hello", source: `print("hello")`, want: "hello\n"},
		{name: "arguments", source: "import sys\nprint(__name__, __file__, sys.argv)", args: []string{"a", "b"},
			want: "__main__ tasks.py ['tasks.py', 'a', 'b']\n"},
		{name: "input", source: "import sys\nprint(input() + '!')\nprint(sys.stdin.read())", stdin: "one\ntwo",
			want: "one!\ntwo\n"},
		{name: "guarded", source: `
from wexec import task
print("imported", __name__)
@task(cpu=True)
def square(n): return n * n
if __name__ == "__main__":
    print([f.result() for f in [square(n) for n in range(4)]])`,
			want: "imported __main__\n[0, 1, 4, 9]\n"},
		{name: "unguarded", source: `
import asyncio
from wexec import task as unsync
@unsync
async def unsync_async():
    await asyncio.sleep(0.1)
    return 'I like decorators'
unfuture1 = unsync_async()
unfuture2 = unsync_async()
print(unfuture1.result() + unfuture2.result())`,
			want: "I like decoratorsI like decorators\n"},
		{name: "chain", source: `
import asyncio, time
from wexec import task as unsync
@unsync
def non_async_function(num):
    time.sleep(0.1)
    return num, num + 1
@unsync
async def result_continuation(task):
    await asyncio.sleep(0.1)
    num, res = task.result()
    return num, res * 2
@unsync
async def result_processor(tasks):
    output = {}
    for task in tasks:
        num, res = await task
        output[num] = res
    return output
print(result_processor([non_async_function(i).then(result_continuation) for i in range(10)]).result())`,
			want: "{0: 2, 1: 4, 2: 6, 3: 8, 4: 10, 5: 12, 6: 14, 7: 16, 8: 18, 9: 20}\n"},
		{name: "reads before it is asked", source: "from wexec import task\n@task\ndef f(): pass\nprint(input())",
			stdin: "x", want: "x\n"},
		{name: "asyncio.run", source: `
import asyncio
async def main():
    await asyncio.sleep(0.001)
    print("ran")
asyncio.run(main())`, want: "ran\n"},
		{name: "atexit", source: "import atexit\natexit.register(print, 'bye')\nprint('hi')", want: "hi\nbye\n"},
		{name: "exit 0", source: "import sys\nprint('x')\nsys.exit()", want: "x\n"},
		{name: "exit 3", source: "import sys\nprint('x')\nsys.exit(3)", want: "x\n",
			err: "failed with code 3: exit status 3"},
		{name: "exit text", source: "raise SystemExit('no luck')", err: "failed: no luck"},
		{name: "error", source: "def f():\n    raise ValueError('bad')\nprint('before')\nf()", want: "before\n",
			err: "ValueError: bad\n    at f (tasks.py:2): raise ValueError('bad')\n    at <module> (tasks.py:4): f()"},
		{name: "task that is not known", source: `
from wexec import task
if __name__ == "__main__":
    @task
    def f(): return 1
    f().result()`, err: `module "task_that_is_not_known" has no task "f"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			name := strings.ReplaceAll(c.name, " ", "_")
			m, err := h.Load(t.Context(), name, hosttest.Script(t, "python", "tasks.py", c.source))
			if err != nil {
				t.Fatal(err)
			}
			with := m.With(host.Options{WASI: &host.WASI{Args: c.args, Stdout: &out, Stdin: strings.NewReader(c.stdin)}})
			_, err = with.Call(t.Context(), "main", nil).Wait(t.Context())
			if out.String() != c.want {
				t.Errorf("printed %q, want %q", out.String(), c.want)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// TestErrors checks what callers get of a script that fails.
func TestErrors(t *testing.T) {
	h := newHost(t, host.Config{})
	m := script(t, h, `
import sys, os
from wexec import task

class Own(Exception): pass

def inner():
    raise Own("why")

@task
def own():
    inner()

@task
async def chained():
    try:
        inner()
    except Own as e:
        raise KeyError("k") from e

@task
def remote():
    own().result()

@task
def exits(): sys.exit(3)
@task
async def exits_io(): raise SystemExit(4)
@task
def late():
    exec(compile("x = (1,\n  2 3)", "late.py", "exec"))
@task
def odd():
    class Odd(Exception):
        def __str__(self): raise ValueError
    raise Odd
@task
def recursion():
    return recursion.function()
`)
	for _, c := range []struct{ task, want string }{
		{"own", "failed: tasks.Own: why\n    at inner (tasks.py:8): raise Own(\"why\")\n    at own (tasks.py:12): inner()"},
		{"chained", "failed: KeyError: 'k'\n    at chained (tasks.py:19): raise KeyError(\"k\") from e\n" +
			"    at because of tasks.Own: why\n    at inner (tasks.py:8)"},
		{"remote", "failed: tasks.Own: why\n    at remote (tasks.py:23): own().result()\n    at inner (tasks.py:8)"},
		{"exits", "failed: SystemExit: 3\n"},
		{"exits_io", "failed: SystemExit: 4\n"},
		{"late", "failed: SyntaxError: invalid syntax. Perhaps you forgot a comma? (late.py, line 2)\n" +
			"    at late.py:2:3: 2 3)"},
		{"odd", "Odd: <its __str__ failed>"},
		{"recursion", "RecursionError: maximum recursion depth exceeded"},
	} {
		_, err := m.Call(t.Context(), c.task, nil).Wait(t.Context())
		var failed *host.TaskError
		if !errors.As(err, &failed) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.task, err, c.want)
		}
	}
}

// TestBroken checks what is said of scripts that can't be loaded.
func TestBroken(t *testing.T) {
	h := newHost(t, host.Config{})
	for _, c := range []struct{ name, source, want string }{
		{"syntax", "x = 1\ndef f(:\n  pass", "SyntaxError: invalid syntax (tasks.py, line 2)\n    at tasks.py:2:7: def f(:"},
		{"raises", "from wexec import task\n1/0", "ZeroDivisionError: division by zero\n    at <module> (tasks.py:2): 1/0"},
		{"imports", "import wexec\nimport nothing", "ModuleNotFoundError: No module named 'nothing'"},
		{"twice", "from wexec import task\n@task\ndef f(): pass\n@task\ndef f(): pass", "two tasks have the name f"},
		{"cpu", "from wexec import task\n@task(cpu=True)\nasync def f(): pass",
			"TypeError: the task f is async, and so can't be cpu"},
		{"exits", "import wexec, os\nos._exit(0)", "exited with code 0"},
		{"ends", "import wexec, sys\nsys.exit(1)", "SystemExit: 1"},
		{"null", "x = '\x00'", "SyntaxError: source code string cannot contain null bytes"},
	} {
		_, err := h.Load(t.Context(), c.name, hosttest.Script(t, "python", "tasks.py", c.source))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestFiles checks that a script imports its files, early and late, and reads data.
func TestFiles(t *testing.T) {
	h := newHost(t, host.Config{})
	m, err := h.Load(t.Context(), "files", hosttest.Script(t, "python",
		"src/tasks.py", `
from wexec import task
import helper
from package.sub import deep

@task
def early(): return [helper.NAME, helper.__file__, deep.NAME, deep.__name__, __name__, __file__]

@task
def late():
    import pkgutil
    import namespace.inside
    from package import late
    return [late.NAME, namespace.inside.NAME, pkgutil.get_data("package", "data.txt").decode()]

@task
def missing():
    import not_there

@task
def data(): return __loader__.get_data("nothing.txt")
`,
		"src/helper.py", "NAME = 'helper'",
		"package/__init__.py", "",
		"package/sub/__init__.py", "",
		"package/sub/deep.py", "NAME = 'deep'",
		"package/late.py", "from .sub.deep import NAME",
		"package/data.txt", "some data",
		"namespace/inside.py", "NAME = 'inside'",
	))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"early", `["helper","src/helper.py","deep","package.sub.deep","tasks","src/tasks.py"]`},
		{"late", `["deep","inside","some data"]`},
		{"missing", "No module named 'not_there'"},
		{"data", "FileNotFoundError: [Errno 2] No such file in the script: 'nothing.txt'"},
	} {
		out, err := m.Call(t.Context(), c[0], nil).Wait(t.Context())
		if got := string(out); got != c[1] && (err == nil || !strings.Contains(err.Error(), c[1])) {
			t.Errorf("%s: %s, %v; want %s", c[0], got, err, c[1])
		}
	}
}

// TestLogging checks what gets into the host's log, and at which level.
func TestLogging(t *testing.T) {
	var log hosttest.Log
	h := newHost(t, host.Config{Logger: log.Logger()})
	m := script(t, h, `
import logging, sys
from wexec import log, task
logging.basicConfig(level=logging.INFO)
print("while it is imported")

@task
def logs():
    logging.debug("not this")
    logging.info("info %d", 1)
    logging.getLogger("x").warning("a warning")
    logging.error("an error")
    log("plain")
    print("printed")
    print("to stderr", file=sys.stderr)
`)
	if _, err := m.Call(t.Context(), "logs", nil).Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`level=INFO msg="while it is imported"`, `level=INFO msg="info 1"`, `level=WARN msg="a warning"`,
		`level=ERROR msg="an error"`, `level=INFO msg=plain`, `level=INFO msg=printed`, `level=INFO msg="to stderr"`,
	} {
		if strings.Count(log.String(), want) != 1 {
			t.Errorf("%s is not once in the log:\n%s", want, log.String())
		}
	}
	if strings.Contains(log.String(), "not this") {
		t.Error("a line below the level is in the log")
	}
}

// TestTaskNamedMain checks that a script with a task main is a program nevertheless.
func TestTaskNamedMain(t *testing.T) {
	h := newHost(t, host.Config{})
	m := script(t, h, "from wexec import task\n@task\ndef main(): return __name__\n"+
		"if __name__ == '__main__': print('ran')")
	for task, want := range map[string]string{"main": `"tasks"`, "__main__": "ran\n"} {
		out, err := m.Call(t.Context(), task, nil).Wait(t.Context())
		if err != nil || string(out) != want {
			t.Errorf("%s: %s, %v; want %s", task, out, err, want)
		}
	}
}
