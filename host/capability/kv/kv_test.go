package kv

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

func TestOps(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "a")
		if version, value, err := c.get("k"); version != abi.KVNone || value != "" || err != nil {
			t.Errorf("no key: %d, %q, %v", version, value, err)
		}
		first, err := c.put("k", "v", abi.KVNone, 0)
		if err != nil || first == abi.KVNone {
			t.Fatalf("put: %d, %v", first, err)
		}
		if version, _ := c.put("k", "x", abi.KVNone, 0); version != abi.KVNone {
			t.Error("there is a key, and it was made again")
		}
		second, _ := c.put("k", "w", first, 0)
		if version, value, _ := c.get("k"); version != second || value != "w" || second <= first {
			t.Errorf("%q with version %d, want w with %d", value, version, second)
		}
		if version, _ := c.delete("k", first); version != abi.KVNone {
			t.Error("deleted another version")
		}
		if version, _ := c.delete("k", second); version != second {
			t.Errorf("deleted %d, want %d", version, second)
		}
		if version, _ := c.delete("k", abi.KVAny); version != abi.KVNone {
			t.Errorf("deleted %d again", version)
		}
		if third, _ := c.put("k", "v", abi.KVAny, 0); third <= second {
			t.Errorf("the version %d comes again, after %d", third, second)
		}
		if version, _ := c.put("k", "x", first, 0); version != abi.KVNone {
			t.Error("wrote over a key that was deleted and made again")
		}
	})
}

// TestBytes: keys and values are any bytes.
func TestBytes(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "")
		keys := []string{"\x00", "\x00\x00", "a", "a\x00", "a\x00b", "a\xff", "b", "\xff", "\xff\xff"}
		var want []string
		for _, key := range slices.Sorted(slices.Values(keys)) {
			if err := c.set(key, key+"\x00"); err != nil {
				t.Fatal(err)
			}
			want = append(want, key+"="+key+"\x00")
		}
		if got, err := c.scan("", "", nil); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q, %v", got, err)
		}
		if got, _ := c.scan("a", "", nil); len(got) != 4 || got[0] != "a=a\x00" {
			t.Errorf("with the prefix a: %q", got)
		}
		if got, _ := c.scan("\xff", "\xff", nil); len(got) != 1 {
			t.Errorf("after the first with ff: %q", got)
		}
		if got, _ := c.scan("b", "a", nil); len(got) != 1 {
			t.Errorf("after what is before the prefix: %q", got)
		}
		if got, _ := c.scan("a", "b", nil); len(got) != 0 {
			t.Errorf("after what is behind the prefix: %q", got)
		}
		for _, key := range keys {
			if _, value, err := c.get(key); value != key+"\x00" || err != nil {
				t.Errorf("%q is %q, %v", key, value, err)
			}
		}
	})
}

// TestTenants: tenants see nothing of each other, whatever their names are.
func TestTenants(t *testing.T) {
	both(t, Limits{Keys: 2}, func(t *testing.T, s *Store) {
		names := []string{"", "a", "aa", "\x01a", "\x00", strings.Repeat("a", 300), "b"}
		for _, name := range names {
			c := newClient(t, s, name)
			if err := c.set("a", "of "+name); err != nil {
				t.Fatal(err)
			}
			if err := c.set("b", "of "+name); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range names {
			got, err := newClient(t, s, name).scan("", "", nil)
			if want := []string{"a=of " + name, "b=of " + name}; err != nil || !slices.Equal(got, want) {
				t.Errorf("%.9q sees %.99q, %v", name, got, err)
			}
		}
		audit(t, s)
	})
	if _, err := Memory(Limits{}).For(capability.Scope{Tenant: strings.Repeat("x", mostTenant+1)}); err == nil {
		t.Error("a tenant with a name of any length was accepted")
	}
}

func TestRefused(t *testing.T) {
	both(t, Limits{Bytes: 100, Keys: 3, Key: 10, Value: 50}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "a")
		put := func(key, value string) error { return c.set(key, value) }
		for _, c := range []struct {
			err    error
			status abi.Status
			text   string
		}{
			{put("", "x"), abi.InvalidInput, "kv.put: the key is empty"},
			{put(strings.Repeat("k", 11), "x"), abi.InvalidInput, "at most 10 are allowed (kv.Limits.Key)"},
			{put("k", strings.Repeat("x", 51)), abi.InvalidInput, "at most 50 are allowed (kv.Limits.Value)"},
			{put("k", "x"), abi.OK, ""},
			{put("l", strings.Repeat("x", 50)), abi.OK, ""},
			{put("m", strings.Repeat("x", 48)), abi.Denied, "kv.put: it would have 102 bytes"},
			{put("m", strings.Repeat("x", 46)), abi.OK, ""},
			{put("k", "xy"), abi.Denied, "at most 100 are allowed (kv.Limits.Bytes)"},
			{put("k", "y"), abi.OK, ""},
			{put("k", ""), abi.OK, ""},
			{put("n", ""), abi.Denied, "the tenant has 3 keys, at most 3 are allowed (kv.Limits.Keys)"},
		} {
			if c.status == abi.OK {
				if c.err != nil {
					t.Error(c.err)
				}
				continue
			}
			wantError(t, c.err, c.status, c.text)
		}
		if a := audit(t, s)["a"]; a.bytes != 99 || a.keys != 3 {
			t.Errorf("the account is %+v", a)
		}
		if err := newClient(t, s, "b").set("k", strings.Repeat("x", 50)); err != nil {
			t.Errorf("another tenant has no room: %v", err)
		}
	})
}

// TestHugeValue: a value of 1 GiB is refused before it is copied.
func TestHugeValue(t *testing.T) {
	s := Memory(Limits{})
	arg := make([]byte, 1<<30)
	copy(arg, abi.KVPut{Version: abi.KVAny, Key: []byte("k")}.Append(nil))
	_, err := newClient(t, s, "a").do(abi.CapKVPut, arg)
	wantError(t, err, abi.InvalidInput, "at most 1048576 are allowed (kv.Limits.Value)")
}

// TestLowerLimits: a tenant that has more than new limits allow can read, write less
// and delete.
func TestLowerLimits(t *testing.T) {
	file := filepath.Join(t.TempDir(), "db")
	s := open(t, file, Limits{})
	c := newClient(t, s, "a")
	for _, key := range []string{"a", "b", "c"} {
		if err := c.set(key, "0123456789"); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	s = open(t, file, Limits{Bytes: 10, Keys: 1})
	defer s.Close()
	c = newClient(t, s, "a")
	if err := c.set("a", "012345678"); err != nil {
		t.Errorf("less: %v", err)
	}
	wantError(t, c.set("a", "0123456789"), abi.Denied, "kv.Limits.Bytes")
	if _, err := c.delete("b", abi.KVAny); err != nil {
		t.Error(err)
	}
	audit(t, s)
}

func TestAdd(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "a")
		for _, step := range []struct {
			value string // put before, unless it is empty
			add   int64
			want  int64
			text  string // of the error
		}{
			{"", 5, 5, ""},
			{"", -7, -2, ""},
			{"9223372036854775806", 1, math.MaxInt64, ""},
			{"", 1, 0, "sum of more than 64 bits"},
			{"-9223372036854775808", -1, 0, "sum of more than 64 bits"},
			{"", math.MaxInt64, -1, ""},
			{"1", math.MinInt64, math.MinInt64 + 1, ""},
			{"ten", 1, 0, `the value is "ten": want a decimal number`},
			{" 1", 1, 0, "want a decimal number"},
			{strings.Repeat("1", 1000), 1, 0, "want a decimal number"},
			{"\x00", 1, 0, "want a decimal number"},
		} {
			if step.value != "" {
				if err := c.set("n", step.value); err != nil {
					t.Fatal(err)
				}
			}
			_, before, _ := c.get("n")
			got, err := c.add("n", step.add)
			_, after, _ := c.get("n")
			if step.text != "" {
				wantError(t, err, abi.InvalidInput, step.text)
				if before != after {
					t.Errorf("a refused add changed %q to %q", before, after)
				}
				continue
			}
			if err != nil || got != step.want || after != fmt.Sprint(got) {
				t.Errorf("%q + %d is %d, stored as %q, %v", before, step.add, got, after, err)
			}
		}
		if err := c.set("empty", ""); err != nil {
			t.Fatal(err)
		}
		_, err := c.add("empty", 1)
		wantError(t, err, abi.InvalidInput, "want a decimal number")
	})
}

func TestTTL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := Memory(Limits{Keys: 3000, Bytes: 100_000})
		c := newClient(t, s, "a")
		if _, err := c.put("n", "1", abi.KVAny, time.Second); err != nil {
			t.Fatal(err)
		}
		if _, err := c.add("n", 1); err != nil { // it keeps the time
			t.Fatal(err)
		}
		time.Sleep(time.Second - 1)
		if version, value, _ := c.get("n"); version == abi.KVNone || value != "2" {
			t.Errorf("before its time: %q", value)
		}
		time.Sleep(time.Nanosecond)
		if version, value, _ := c.get("n"); version != abi.KVNone || value != "" {
			t.Errorf("after its time: %q", value)
		}
		if list, _ := c.scan("", "", nil); len(list) != 0 {
			t.Errorf("a scan sees %q", list)
		}
		if version, _ := c.delete("n", abi.KVAny); version != abi.KVNone {
			t.Error("deleted what has expired")
		}
		if sum, err := c.add("n", 5); sum != 5 || err != nil {
			t.Errorf("added to what has expired: %d, %v", sum, err)
		}
		if _, err := c.put("long", "", abi.KVAny, math.MaxInt64); err != nil {
			t.Error(err)
		}
		if version, _, _ := c.get("long"); version == abi.KVNone {
			t.Error("a long time overflows")
		}

		// A write with the whole quota in the way reclaims what has expired.
		for i := range 2998 {
			if _, err := c.put(fmt.Sprintf("%20d", i), "", abi.KVAny, time.Second); err != nil {
				t.Fatal(err)
			}
		}
		wantError(t, c.set("more", ""), abi.Denied, "kv.Limits.Keys")
		time.Sleep(time.Second)
		if err := c.set("more", strings.Repeat("x", 90_000)); err != nil {
			t.Error(err)
		}
		if a := audit(t, s)["a"]; a.keys > 3+2998-2*reclaimMany {
			t.Errorf("%d keys are left", a.keys)
		}
		for range 3000 / reclaimFew {
			c.set("more", "")
		}
		if a := audit(t, s)["a"]; a.keys != 3 {
			t.Errorf("%d keys are left", a.keys)
		}
	})
}

// TestRaces: of many that compare and swap one succeeds each time, and no increment is
// lost.
func TestRaces(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		const workers, rounds = 8, 20
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				c := newClient(t, s, "a")
				for done := 0; done < rounds; {
					version, value, err := c.get("swap")
					if err != nil {
						t.Error(err)
						return
					}
					if now, _ := c.put("swap", value+"x", version, 0); now != abi.KVNone {
						done++
					}
					if _, err := c.add("add", 1); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		c := newClient(t, s, "a")
		if _, value, _ := c.get("swap"); len(value) != workers*rounds {
			t.Errorf("%d swaps, want %d", len(value), workers*rounds)
		}
		if sum, err := c.add("add", 0); sum < workers*rounds || err != nil {
			t.Errorf("%d, %v", sum, err)
		}
		audit(t, s)
	})
}

// TestQuotaRace: writers that are together at the limit don't pass it.
func TestQuotaRace(t *testing.T) {
	both(t, Limits{Keys: 50}, func(t *testing.T, s *Store) {
		var wg sync.WaitGroup
		for i := range 10 {
			wg.Go(func() {
				c := newClient(t, s, "a")
				for j := range 10 {
					c.set(fmt.Sprint(i, j), "x")
				}
			})
		}
		wg.Wait()
		if a := audit(t, s)["a"]; a.keys != 50 {
			t.Errorf("%d keys, want 50", a.keys)
		}
	})
}

// TestScanWhileWriting: a scan sees all that stays, once and in order, and keeps no
// writer waiting.
func TestScanWhileWriting(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "a")
		value := strings.Repeat("x", 5000)
		for i := range 50 {
			if err := c.set(fmt.Sprintf("%02d stays", i), value); err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		list, err := c.scan("", "", func() {
			if n++; n%5 == 0 {
				if err := c.set(fmt.Sprintf("%02d goes", n/5), value); err != nil {
					t.Error(err)
				}
				c.delete(fmt.Sprintf("%02d goes", (n/5+25)%50), abi.KVAny)
			}
		})
		if err != nil || n < 250 {
			t.Fatalf("%d pieces, %v", n, err)
		}
		if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
			t.Error("out of order, or twice")
		}
		list = slices.DeleteFunc(list, func(entry string) bool { return strings.Contains(entry, "goes") })
		if len(list) != 50 {
			t.Errorf("the scan saw %d of 50", len(list))
		}
	})
}

func TestScanBounds(t *testing.T) {
	s := Memory(Limits{})
	c := newClient(t, s, "a")
	for range 8 {
		if _, err := c.do(abi.CapKVScan, abi.AppendCounted(nil, nil, nil)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.do(abi.CapKVScan, abi.AppendCounted(nil, nil, nil))
	wantError(t, err, abi.QueueFull, "Limits.Streams")
	c.end()
	_, err = newClient(t, s, "a").scan(strings.Repeat("x", 2000), "", nil)
	wantError(t, err, abi.InvalidInput, "kv.Limits.Key")
}

// TestScansKeepLittle: a guest that begins to read many scans makes the host keep no
// more than a limit, by tenant, and gets the rest when it has read or closed others.
func TestScansKeepLittle(t *testing.T) {
	both(t, Limits{Value: 20 << 20}, func(t *testing.T, s *Store) {
		c, other := newClient(t, s, "a"), newClient(t, s, "b")
		defer c.end()
		for _, c := range []*client{c, other} {
			if err := c.set("k", strings.Repeat("x", 20<<20)); err != nil {
				t.Fatal(err)
			}
		}
		begin := func(c *client) (handle uint32, err error) {
			opened, err := c.do(abi.CapKVScan, abi.AppendCounted(nil, nil, nil))
			if err != nil {
				t.Fatal(err)
			}
			handle = binary.LittleEndian.Uint32(opened)
			_, err = c.streams.Read(t.Context(), handle, 1)
			return handle, err
		}
		var handles []uint32
		for range 3 {
			handle, err := begin(c)
			if err != nil {
				t.Fatal(err)
			}
			handles = append(handles, handle)
		}
		late, err := begin(c)
		wantError(t, err, abi.QueueFull, "the scans of the tenant keep 6291")
		if _, err := begin(other); err != nil {
			t.Errorf("another tenant: %v", err)
		}
		other.end()
		if err := c.streams.Close(handles[0]); err != nil {
			t.Fatal(err)
		}
		all := 0
		for piece := []byte{0}; len(piece) > 0; all += len(piece) {
			if piece, err = c.streams.Read(t.Context(), late, 1<<20); err != nil {
				t.Fatal(err)
			}
		}
		if all < 20<<20 {
			t.Errorf("after a close the scan has %d bytes", all)
		}
		c.end()
		if len(s.pages.held) > 0 {
			t.Errorf("after the end %v are held", s.pages.held)
		}
	})
}

func TestOpen(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	used := filepath.Join(dir, "used")
	defer open(t, used, Limits{}).Close()
	other := filepath.Join(dir, "other")
	db, err := bbolt.Open(other, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("theirs")); return err })
	db.Close()
	for name, want := range map[string]string{
		used:                                     used + " is in use by another process, and only one can use it: ",
		file("text", "not a store"):              "text is damaged or no store",
		file("page", strings.Repeat("x", 1<<16)): "page is damaged or no store",
		other: `other is the database of another program, or of another version of wexec: ` +
			`it has a bucket "theirs"`,
		filepath.Join(dir, "none", "db"): "no such file",
		dir:                              "is a directory",
	} {
		if s, err := Open(name, Limits{}); err == nil {
			s.Close()
			t.Errorf("%s was opened", name)
		} else if !strings.HasPrefix(err.Error(), "kv: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for _, l := range []Limits{{Bytes: -1}, {Keys: -1}, {Key: mostKey + 1}, {Value: mostValue + 1}} {
		if _, err := Open(filepath.Join(dir, "new"), l); err == nil || !strings.Contains(err.Error(), "kv.Limits.") {
			t.Errorf("%+v: %v", l, err)
		}
		if _, err := Memory(l).For(capability.Scope{}); err == nil {
			t.Errorf("%+v: accepted", l)
		}
	}
}

// TestClosed: what comes after Close gets an error, and what was written is there.
func TestClosed(t *testing.T) {
	both(t, Limits{}, func(t *testing.T, s *Store) {
		c := newClient(t, s, "a")
		if err := c.set("k", "v"); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wantError(t, c.set("k", "w"), abi.Closed, "kv.put: the store is closed")
		_, _, err := c.get("k")
		wantError(t, err, abi.Closed, "kv.get: the store is closed")
		_, err = c.scan("", "", nil)
		wantError(t, err, abi.Closed, "the store is closed")
	})
}
