package host

import (
	"fmt"
	"strings"
)

// nearest returns the names that are most like name: those a slip away, or
// else the first few.
func nearest(name string, tasks []Task) []string {
	var near, all []string
	for _, t := range tasks {
		all = append(all, t.Name)
		if distance(strings.ToLower(name), strings.ToLower(t.Name)) <= 1+len(t.Name)/4 {
			near = append(near, t.Name)
		}
	}
	if len(near) == 0 {
		near = all
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
