package hosttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// RustGuestsEnv names a folder with modules that RustGuest takes instead of building them.
const RustGuestsEnv = "WEXEC_RUST_GUESTS"

// RustGuest builds an example of the Rust package in dir, and returns the module. The
// test is skipped where Rust can't build for WASI, and fails if the build fails.
func RustGuest(t testing.TB, dir, example string) []byte {
	t.Helper()
	if built := os.Getenv(RustGuestsEnv); built != "" {
		return readModule(t, filepath.Join(built, example+".wasm"))
	}
	return readModule(t, filepath.Join(RustBuild(t, dir, "--locked", "--example", example), "examples", example+".wasm"))
}

// RustBuild builds the Rust package in dir for WASI, as a release, and returns the folder
// with what it has built. It skips and fails as RustGuest does.
func RustBuild(t testing.TB, dir string, args ...string) string {
	t.Helper()
	const target = "wasm32-wasip1"
	std, err := exec.Command("rustc", "--print", "target-libdir", "--target", target).Output()
	if _, missing := os.Stat(strings.TrimSpace(string(std))); err != nil || missing != nil {
		t.Skipf("SKIPPED: there is no Rust for %s here (rustup target add %s)", target, target)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "wexec-rust-guests") // one for all, so what they share is built once
	cmd := exec.Command("cargo", append([]string{"build", "--release", "--target", target}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CARGO_TARGET_DIR="+cache)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cargo build %s in %s: %v\n%s", strings.Join(args, " "), dir, err, text)
	}
	return filepath.Join(cache, target, "release")
}
