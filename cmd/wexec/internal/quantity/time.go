package quantity

import (
	"errors"
	"math"
	"strconv"
	"time"
)

// Time is the value of a flag: a time such as 1m30s, or a number of seconds.
type Time time.Duration

// Set implements pflag.Value.
func (t *Time) Set(text string) error {
	if d, err := time.ParseDuration(text); err == nil {
		*t = Time(d)
		return nil
	}
	seconds, err := strconv.ParseFloat(text, 64)
	// Rounded up, since a limit of 0 is none.
	if ns := math.Ceil(seconds * float64(time.Second)); err == nil && math.Abs(ns) < math.MaxInt64 {
		*t = Time(ns)
		return nil
	}
	return errors.New("want a time such as 1m30s, or a number of seconds")
}

// String implements pflag.Value.
func (t *Time) String() string { return time.Duration(*t).String() }

// Type implements pflag.Value.
func (t *Time) Type() string { return "time" }
