package system

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/wexec/wexec/host/capability"
)

func TestNow(t *testing.T) {
	before := time.Now().Truncate(resolution)
	b, err := now(t.Context(), nil)
	if err != nil || len(b) != 8 {
		t.Fatal(b, err)
	}
	told := time.Unix(0, int64(binary.LittleEndian.Uint64(b)))
	if told.Before(before) || told.After(time.Now()) || told.UnixNano()%int64(resolution) != 0 {
		t.Errorf("%v, after %v", told, before)
	}
}

func TestRandom(t *testing.T) {
	draw := func(arg ...byte) ([]byte, error) { return random(t.Context(), &capability.Use{Arg: arg}) }
	a, err := draw(32, 0, 0, 0)
	if err != nil || len(a) != 32 {
		t.Fatal(a, err)
	}
	if b, _ := draw(32, 0, 0, 0); bytes.Equal(a, b) {
		t.Error("the same twice")
	}
	for _, arg := range [][]byte{{}, {1, 0, 0}, {1, 0, 1, 0}, {255, 255, 255, 255}} {
		if _, err := draw(arg...); err == nil {
			t.Errorf("% x passes", arg)
		}
	}
}
