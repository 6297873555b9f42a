package quantity

import (
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	const wrong = "wrong"
	for text, want := range map[string]string{
		"0":       "0s",
		"5":       "5s",
		"0.25":    "250ms",
		"1e-12":   "1ns", // 0 would be no limit
		"-1":      "-1s",
		"50ms":    "50ms",
		"1m30s":   "1m30s",
		"1h":      "1h0m0s",
		"9e9":     "2500000h0m0s",
		"9e12":    wrong,
		"1e999":   wrong,
		"NaN":     wrong,
		"Inf":     wrong,
		"":        wrong,
		"soon":    wrong,
		"1 m":     wrong,
		"5 s":     wrong,
		"1d":      wrong,
		"00:05":   wrong,
		"1m30":    wrong,
		"1,5":     wrong,
		"1000000": "277h46m40s",
	} {
		var v Time
		got := wrong
		if err := v.Set(text); err == nil {
			got = v.String()
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
	if v := Time(time.Minute); v.Type() != "time" {
		t.Error(v.Type())
	}
}
