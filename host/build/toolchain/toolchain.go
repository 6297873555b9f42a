// Package toolchain finds the programs of others that wexec works with, and says how to
// get one that is missing.
package toolchain

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"
)

// Tool is a program of others.
type Tool struct {
	Name string
	// Use says what wexec needs it for: "downloads the engine of JavaScript".
	Use string
	// calls are the ways to call it, best first.
	calls []Command
	// packages has the name of its package, by package manager.
	packages map[string]string
}

// The tools.
var (
	Npm = &Tool{
		Name: "npm", Use: "downloads the engine of JavaScript, and packages",
		calls: []Command{{"npm"}},
		packages: map[string]string{
			"apt-get": "npm", "dnf": "npm", "apk": "npm", "brew": "node", "winget": "OpenJS.NodeJS",
		},
	}
	Node = &Tool{
		Name: "node", Use: "runs unit tests with the fake host of sdk/js",
		calls: []Command{{"node"}, {"nodejs"}},
		packages: map[string]string{
			"apt-get": "nodejs", "dnf": "nodejs", "apk": "nodejs", "brew": "node", "winget": "OpenJS.NodeJS",
		},
	}
	Pip = &Tool{
		Name: "pip", Use: "downloads the engine of Python, and packages",
		calls: []Command{
			{"pip"}, {"pip3"}, {"python3", "-m", "pip"}, {"python", "-m", "pip"}, {"py", "-m", "pip"},
		},
		packages: map[string]string{
			"apt-get": "python3-pip", "dnf": "python3-pip", "apk": "py3-pip", "brew": "python", "winget": "Python.Python.3.12",
		},
	}
	Python = &Tool{
		Name: "python3", Use: "runs unit tests with sdk/python",
		calls: []Command{{"python3"}, {"python"}, {"py"}},
		packages: map[string]string{
			"apt-get": "python3", "dnf": "python3", "apk": "python3", "brew": "python", "winget": "Python.Python.3.12",
		},
	}
)

// managers are the package managers, and what installs a package with one.
var managers = []struct{ name, install string }{
	{"apt-get", "apt-get install "},
	{"dnf", "dnf install "},
	{"apk", "apk add "},
	{"brew", "brew install "},
	{"winget", "winget install "},
}

// MissingError says that a tool is not there.
type MissingError struct{ Tool *Tool }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not here: get it with %s", e.Tool.Name, e.Tool.Get())
}

// Get returns the line that gets the tool on this machine.
func (t *Tool) Get() string {
	for _, m := range managers {
		if _, err := exec.LookPath(m.name); err == nil && t.packages[m.name] != "" {
			return m.install + t.packages[m.name]
		}
	}
	return "your system's package manager"
}

// number matches a version in what a tool says of it.
var number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\d+(\.\d+)+`) })

// patience bounds how long a tool may take to say its version.
const patience = 20 * time.Second

// Find returns how to call the tool, and its version. The error is a *MissingError if no
// way works: a name on the path may be no more than a shim.
func (t *Tool) Find(ctx context.Context) (Command, string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, c := range t.calls {
		if _, err := exec.LookPath(c[0]); err != nil {
			continue
		}
		text, err := c.command(ctx, "", "--version").Output()
		if version := number().FindString(string(text)); err == nil && version != "" {
			return c, version, nil
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, "", fmt.Errorf("%s did not say its version: %w", t.Name, err)
	}
	return nil, "", &MissingError{t}
}

// Command is a program and the arguments that it always gets.
type Command []string

func (c Command) String() string { return strings.Join(c, " ") }

func (c Command) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c[0], append(c[1:len(c):len(c)], args...)...)
	cmd.Dir = dir
	cmd.WaitDelay = time.Second // its children may hold its output open
	return cmd
}

// Run runs the command in a folder. Its error has the last lines that the command wrote.
func (c Command) Run(ctx context.Context, dir string, args ...string) error {
	out, err := c.command(ctx, dir, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if said := last(string(out)); said != "" {
		return fmt.Errorf("%s: %s", c, said)
	}
	return fmt.Errorf("%s: %w", c, err)
}

// last returns the last lines of what a command said, which tell why it failed.
func last(out string) string {
	const few = 6
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.TrimSpace(strings.Join(lines[max(0, len(lines)-few):], "\n"))
}
