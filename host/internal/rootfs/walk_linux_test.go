//go:build linux && !portable

package rootfs

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// TestWalkIsTheKernels: where there is no openat2, paths lead to the same places.
func TestWalkIsTheKernels(t *testing.T) {
	if !hasOpenat2() {
		t.Skip("there is no openat2 to compare with")
	}
	x := newFixture(t, ReadWrite)
	setLures(t, x)
	for _, dir := range []string{"a", "a/b", "a/b/c"} {
		mustMkdir(t, x.path(dir))
	}
	for name, target := range map[string]string{
		"a/l": "b/c", "a/b/up": "..", "a/b/c/top": "../../..", "a/b/c/over": "../../../..", "m": "a/l/../up",
		"loop": "loop", "ping": "pong", "pong": "ping", "a/file": "../file", "self": ".", "nowhere": "no/thing",
	} {
		x.link(t, target, name)
	}
	part := rapid.SampledFrom(strings.Fields(
		". .. a b c l up top over m loop ping file self nowhere no dir empty abs turn chain up slash outside"))
	rapid.Check(t, func(t *rapid.T) {
		path := strings.Join(rapid.SliceOfN(part, 1, 8).Draw(t, "path"), "/")
		byKernel, want := identify(x.at.descend(path))
		byWalk, got := identify(x.at.walkTo(path))
		if byKernel != byWalk || want != got {
			t.Errorf("%s: walking leads to %v (%v), openat2 to %v (%v)", path, byWalk, got, byKernel, want)
		}
	})
}

func identify(d dirHandle, err error) (identity, error) {
	if err != nil {
		return identity{}, err
	}
	defer d.close()
	st, err := d.stat()
	return st.identity(), err
}

// withoutOpenat2 runs a test as on an old kernel.
func withoutOpenat2(t *testing.T) {
	real := hasOpenat2
	hasOpenat2 = func() bool { return false }
	t.Cleanup(func() { hasOpenat2 = real })
}

// TestOldKernel runs what tries to get out, and the calls on paths, once more.
func TestOldKernel(t *testing.T) {
	withoutOpenat2(t)
	for name, test := range map[string]func(*testing.T){
		"calls": TestCalls, "stat": TestStat, "open": TestOpenFile, "dots": TestDotsGoThroughLinks,
		"lures": TestLures, "traps": TestTraps, "magic": TestMagicLinks, "race": TestRaceDirectory,
	} {
		t.Run(name, test)
	}
}

// TestWalkIsBounded: a path takes a limited number of descriptors and links.
func TestWalkIsBounded(t *testing.T) {
	x := newFixture(t, ReadWrite)
	deep := strings.TrimSuffix(strings.Repeat("d/", 2*maxDepth), "/")
	if err := os.MkdirAll(x.path(deep), 0o700); err != nil {
		t.Fatal(err)
	}
	x.link(t, "twice/twice/twice", "twice")
	for path, want := range map[string]error{deep: syscall.ENAMETOOLONG, "twice": syscall.ELOOP} {
		_, err := x.at.walkTo(path)
		wantErrno(t, path, err, want)
	}
	before := openDescriptors(t)
	for range 3 {
		_, _ = x.at.walkTo(deep)
		_ = x.Symlink("../file", deep+"/link")
		_ = x.Rename("d/d/d", x.Dir, "moved")
		_ = x.Rename("moved", x.Dir, "d/d/d")
	}
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(fds)
}

// TestNothingStaysOpen: after every kind of call, done and refused, only what
// was opened is open.
func TestNothingStaysOpen(t *testing.T) {
	x := newFixture(t, ReadWrite)
	setLures(t, x)
	_ = unix.Mkfifo(x.path("dir/fifo"), 0o600)
	before := openDescriptors(t)
	for _, path := range append(lures, "dir/file", "dir/fifo", "dir/new", "no/file", "dir/..", "empty/.", "dir/") {
		follow(x, path)
		disturb(x, path)
	}
	if after := openDescriptors(t); after != before {
		t.Errorf("%d descriptors are open, %d before", after, before)
	}
}
