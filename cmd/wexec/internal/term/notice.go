package term

import (
	"io"
	"strings"
	"sync"
	"time"

	"github.com/charmbracelet/lipgloss"
)

// Notice tells the user what takes so long, on a terminal: it writes the text to
// standard error if done is not called in time. done erases it.
func (s Streams) Notice(after time.Duration, text string) (done func()) {
	if !IsTerminal(s.Err) {
		return func() {}
	}
	var mu sync.Mutex
	shown, ended := false, false
	timer := time.AfterFunc(after, func() {
		mu.Lock()
		defer mu.Unlock()
		if shown = !ended; shown {
			io.WriteString(s.Err, NewPalette(s.Err).Dim(text))
		}
	})
	return func() {
		timer.Stop()
		mu.Lock()
		defer mu.Unlock()
		ended = true
		if shown { // spaces erase on every terminal
			io.WriteString(s.Err, "\r"+strings.Repeat(" ", lipgloss.Width(text))+"\r")
			shown = false
		}
	}
}
