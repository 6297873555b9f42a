// Package suggest finds names that are like a name. The names are a stranger's, and
// may be many and long: it looks at the first of them, and at the start of each.
package suggest

import (
	"fmt"
	"strings"
)

const (
	mostNames      = 1024 // are compared
	mostCharacters = 64   // of a name are compared and shown
	mostShown      = 8
)

// Near returns those of the names that are most like name: the ones a slip away,
// or else the first few. Names are cut, and if there are more than a few, the
// last entry says how many. The result has less than 3 KB, whatever the names, and
// takes less than ten million steps.
func Near(name string, names []string) []string {
	wanted := folded(name)
	var near []string
	for _, n := range names[:min(len(names), mostNames)] {
		candidate := folded(n)
		if distance(wanted, candidate) <= 1+len(candidate)/4 {
			near = append(near, n)
		}
	}
	if len(near) == 0 {
		near = names
	}
	shown := make([]string, 0, mostShown+1)
	for _, n := range near[:min(len(near), mostShown)] {
		shown = append(shown, cut(n))
	}
	if more := len(near) - mostShown; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return shown
}

// cut shortens a name to what is shown of it.
func cut(name string) string {
	if short := start(name); short != name {
		return short + "…"
	}
	return name
}

// folded is what is compared of a name.
func folded(name string) []rune { return []rune(strings.ToLower(start(name))) }

// start returns the first characters of a name. It reads no more of it.
func start(name string) string {
	characters := 0
	for i := range name {
		if characters == mostCharacters {
			return name[:i]
		}
		characters++
	}
	return name
}

// distance is the Levenshtein distance of two short names. It takes time in
// proportion to the product of their lengths.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
