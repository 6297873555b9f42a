package timeline

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/wexec/wexec/host"
)

// Chart draws lanes as lines of text:
//
//	core 0    ┣━ compute ━━━━━━━━┫┣━ compute ━━━━━━━┫
//	io 1      ┣━ download ━━━━━━━━━━━┫
//	          ╵0 s        ╵0.5        ╵1.0
type Chart struct {
	// Indent is how many columns to leave free, and Width how many there are
	// including those.
	Indent, Width int
	// Paint colours the bar of a call, and Dim names and times.
	Paint func(host.Mode, string) string
	Dim   func(string) string
}

// Draw returns the chart of the time between two moments.
func (c Chart) Draw(lanes []Lane, from, to time.Time) string {
	margin := 0
	for _, lane := range lanes {
		margin = max(margin, utf8.RuneCountInString(lane.Name))
	}
	margin += c.Indent + 2
	scale := scale{from: from, length: to.Sub(from), columns: max(c.Width-margin, 10)}
	var b strings.Builder
	for _, lane := range lanes {
		for i, row := range lane.Rows {
			name := lane.Name
			if i > 0 {
				name = ""
			}
			b.WriteString(c.Dim(fmt.Sprintf("%*s%-*s", c.Indent, "", margin-c.Indent, name)))
			b.WriteString(c.row(row, scale))
			b.WriteByte('\n')
		}
	}
	b.WriteString(strings.Repeat(" ", margin))
	b.WriteString(c.Dim(scale.axis()))
	b.WriteByte('\n')
	return b.String()
}

func (c Chart) row(spans []host.Span, scale scale) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		// A call that is too short to see gets a column, next to the one before.
		begin := min(max(at, scale.column(start(s))), scale.columns-1)
		if begin < at {
			break // the row is full
		}
		end := max(begin+1, scale.column(s.Ended))
		b.WriteString(strings.Repeat(" ", begin-at))
		b.WriteString(c.Paint(s.Mode, bar(s.Task, end-begin)))
		at = end
	}
	return b.String()
}

// bar draws a call in a number of columns, with as much of its name as fits.
func bar(name string, columns int) string {
	label := []rune(name)
	switch room := columns - 2; {
	case columns == 1:
		return "┃"
	case room >= len(label)+4:
		label = []rune("━ " + name + " ")
	case room < 4:
		label = nil
	case room < len(label):
		label = append(label[:room-1], '…')
	}
	return "┣" + string(label) + strings.Repeat("━", columns-2-len(label)) + "┫"
}

// scale turns times into columns.
type scale struct {
	from    time.Time
	length  time.Duration
	columns int
}

func (s scale) column(t time.Time) int {
	part := float64(t.Sub(s.from)) / float64(max(s.length, 1))
	return min(max(int(math.Round(part*float64(s.columns))), 0), s.columns)
}

// axis draws the marks of round times below the chart.
func (s scale) axis() string {
	step := s.step()
	var b strings.Builder
	at := 0
	for t := time.Duration(0); t <= s.length; t += step {
		mark := "╵" + seconds(t, step)
		column := s.column(s.from.Add(t))
		if column < at || column+utf8.RuneCountInString(mark) > s.columns {
			continue
		}
		b.WriteString(strings.Repeat(" ", column-at))
		b.WriteString(mark)
		at = column + utf8.RuneCountInString(mark)
	}
	return b.String()
}

// step returns the shortest round time whose columns have room for a mark.
func (s scale) step() time.Duration {
	const room = 8
	for step := time.Microsecond; ; step *= 10 {
		for _, factor := range []time.Duration{1, 2, 5} {
			if wide := s.column(s.from.Add(step * factor)); wide >= min(room, s.columns) {
				return step * factor
			}
		}
	}
}

// seconds writes a time of the axis with the decimals that its step needs.
func seconds(t, step time.Duration) string {
	if t == 0 {
		return "0 s"
	}
	decimals := max(0, int(math.Ceil(-math.Log10(step.Seconds()))))
	return strconv.FormatFloat(t.Seconds(), 'f', decimals, 64)
}
