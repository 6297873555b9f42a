package progress

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// Task shows the progress that a task tells, in a bar on a terminal.
type Task struct {
	bar   *progressbar.ProgressBar // nil if there is no terminal
	drawn bool                     // the bar may be in its line now
}

// steps is how many a bar has.
const steps = 1000

// NewTask returns a bar that is not drawn yet.
func NewTask(w io.Writer) *Task {
	if !term.IsTerminal(w) {
		return &Task{}
	}
	return &Task{bar: progressbar.NewOptions(steps, append(look(w, 30),
		progressbar.OptionThrottle(50*time.Millisecond))...)}
}

// Show draws the bar.
func (t *Task) Show(p abi.Progress) {
	if t.bar == nil {
		return
	}
	if p.Total > 0 {
		t.bar.Set(min(int(steps*min(p.Done/p.Total, 1)), steps-1)) // a full bar clears itself
	}
	t.bar.Describe(describe(p))
	t.drawn = true
}

// Clear clears the line of the bar, for something else.
func (t *Task) Clear() {
	if t.drawn {
		t.bar.Clear()
		t.drawn = false
	}
}

// describe returns what stands before a bar. The message is the guest's, so it stands
// away from the margin, where wexec's own begin.
func describe(p abi.Progress) string {
	const most = 40
	text := []rune(strings.TrimSpace(term.OneLine(p.Message)))
	if len(text) > most {
		text = append(text[:most-1], '…')
	}
	count := ""
	switch {
	case p.Total > 0:
		count = fmt.Sprintf("%g/%g", p.Done, p.Total)
	case p.Done > 0:
		count = fmt.Sprint(p.Done)
	}
	return "  " + strings.TrimSpace(string(text)+" "+count)
}
