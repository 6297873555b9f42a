package demo

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// progress tells the user what the demo is doing. On a terminal it is a bar that
// disappears at the end, elsewhere it is plain lines.
type progress struct{ w io.Writer }

// say announces a step that is too short for a bar.
func (p progress) say(what string) {
	if !term.IsTerminal(p.w) {
		fmt.Fprintf(p.w, "%s…\n", what)
	}
}

// follow shows how much of a total is done until stop is called.
func (p progress) follow(what string, total int, done func() int) (stop func()) {
	p.say(what)
	if !term.IsTerminal(p.w) {
		return func() {}
	}
	bar := progressbar.NewOptions(total,
		progressbar.OptionSetWriter(p.w),
		progressbar.OptionSetDescription(fmt.Sprintf("%-12s", what)),
		progressbar.OptionSetWidth(40),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerPadding: " ", BarStart: "┃", BarEnd: "┃"}),
		progressbar.OptionShowCount(),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	)
	quit, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				bar.Set(min(done(), total-1)) // a full bar clears itself
			case <-quit:
				bar.Finish()
				return
			}
		}
	}()
	return func() {
		close(quit)
		<-gone
	}
}
