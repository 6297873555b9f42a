package host

import (
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
)

// openCache opens the compile cache on disk. A host without one compiles each
// module once more in each process: that is slow, not wrong, so it only warns.
func openCache(cfg Config) wazero.CompilationCache {
	if cfg.CacheDir == "off" {
		return wazero.NewCompilationCache()
	}
	dir := cfg.CacheDir
	var err error
	if dir == "" {
		dir, err = os.UserCacheDir()
		dir = filepath.Join(dir, "wexec")
	}
	if err == nil {
		// It holds native code: nobody else may write it.
		err = os.MkdirAll(dir, 0o700)
	}
	if err == nil {
		err = os.Chmod(dir, 0o700)
	}
	var cache wazero.CompilationCache
	if err == nil {
		cache, err = wazero.NewCompilationCacheWithDir(dir)
	}
	if err != nil {
		cfg.Logger.Warn("no compile cache", "dir", dir, "error", err)
		return wazero.NewCompilationCache()
	}
	return cache
}
