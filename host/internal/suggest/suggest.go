// Package suggest finds names that are like a name.
package suggest

import (
	"fmt"
	"strings"
)

// Near returns those of the names that are most like name: the ones a slip
// away, or else the first few. It takes time in proportion to the product of the
// lengths.
func Near(name string, names []string) []string {
	var near []string
	for _, n := range names {
		if distance(strings.ToLower(name), strings.ToLower(n)) <= 1+len(n)/4 {
			near = append(near, n)
		}
	}
	if len(near) == 0 {
		near = names
	}
	const few = 8
	if len(near) > few {
		near = append(near[:few:few], fmt.Sprintf("and %d more", len(near)-few))
	}
	return near
}

// distance is the Levenshtein distance of two short names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
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
