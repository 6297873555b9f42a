package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells what is going on: in a bar that goes away again on a
// terminal, in plain lines elsewhere.
type progress struct{ w io.Writer }

// say tells of something that is soon over.
func (p progress) say(what string) {
	if !isTerminal(p.w) {
		fmt.Fprintf(p.w, "%s…\n", what)
	}
}

// follow shows how much of a total is done, until stop is called.
func (p progress) follow(what string, total int, done func() int) (stop func()) {
	p.say(what)
	if !isTerminal(p.w) {
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
				bar.Set(min(done(), total-1)) // a bar that is full clears itself
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
