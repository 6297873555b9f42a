package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// quantity is the value of a flag: a whole number, which may end in a unit.
type quantity struct {
	n     uint64
	units units
}

// units are what a number may end in, the largest first.
type units struct {
	want string // for people who wrote something else
	list []unit
}

type unit struct {
	size  uint64
	names []string // in any case; the first is what wexec itself writes
}

// fuelUnits are decimal: fuel is a count.
var fuelUnits = units{"a whole number, or one with k, M, G or T, like 500M", []unit{
	{1e12, []string{"T"}}, {1e9, []string{"G"}}, {1e6, []string{"M"}}, {1e3, []string{"k"}}, {1, []string{""}},
}}

// memoryUnits are all powers of 1024, as those of docker run --memory are.
var memoryUnits = units{"a whole number of bytes, or one with KiB, MiB or GiB, like 64MiB", []unit{
	{1 << 30, []string{"GiB", "GB", "G"}}, {1 << 20, []string{"MiB", "MB", "M"}}, {1 << 10, []string{"KiB", "KB", "K"}}, {1, []string{"", "B"}},
}}

// Set implements pflag.Value.
func (q *quantity) Set(text string) (err error) {
	q.n, err = q.units.parse(text)
	return err
}

// String implements pflag.Value.
func (q *quantity) String() string { return q.units.format(q.n) }

// Type implements pflag.Value.
func (q *quantity) Type() string { return "quantity" }

// limit returns the quantity as a limit, where 0 is none.
func (q *quantity) limit() uint64 {
	if q.n == 0 {
		return math.MaxUint64
	}
	return q.n
}

func (u units) parse(text string) (uint64, error) {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	n, err := strconv.ParseUint(text[:digits], 10, 64)
	size := u.size(text[digits:])
	if err != nil || size == 0 || n > math.MaxUint64/size {
		return 0, fmt.Errorf("want %s", u.want)
	}
	return n * size, nil
}

// size returns that of the unit of a name, or 0.
func (u units) size(name string) uint64 {
	for _, unit := range u.list {
		for _, known := range unit.names {
			if strings.EqualFold(name, known) {
				return unit.size
			}
		}
	}
	return 0
}

// format writes a number as parse reads it, in the largest unit that it is a
// multiple of.
func (u units) format(n uint64) string {
	for _, unit := range u.list {
		if n >= unit.size && n%unit.size == 0 {
			return strconv.FormatUint(n/unit.size, 10) + unit.names[0]
		}
	}
	return strconv.FormatUint(n, 10)
}
