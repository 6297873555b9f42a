// Package progress tells the user what a command is doing, on standard error.
package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wexec/wexec/cmd/wexec/internal/term"
)

// Say announces a step that is too short for a bar, in a line. A terminal needs none.
func Say(w io.Writer, what string) {
	if !term.IsTerminal(w) {
		fmt.Fprintf(w, "%s…\n", what)
	}
}

// Bar shows how much of a total is done until stop is called, in a bar on a terminal.
func Bar(w io.Writer, what string, total int, done func() int) (stop func()) {
	if !term.IsTerminal(w) {
		return func() {}
	}
	bar := progressbar.NewOptions(total, append(look(w, 40),
		progressbar.OptionSetDescription(fmt.Sprintf("%-12s", what)),
		progressbar.OptionShowCount())...)
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

// look is how every bar looks.
func look(w io.Writer, width int) []progressbar.Option {
	return []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "━", SaucerPadding: " ", BarStart: "┃", BarEnd: "┃"}),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
	}
}
