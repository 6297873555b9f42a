package rootfs

import (
	"errors"
	"io"

	"github.com/tetratelabs/wazero/experimental/sys"
	wasys "github.com/tetratelabs/wazero/sys"
)

// readdirBatch bounds what the host holds of a directory beyond the entries
// that go to the guest.
const readdirBatch = 128

// directory is an open directory. DirFile refuses to read or write it.
type directory struct {
	handle
	sys.DirFile
}

var _ sys.File = (*directory)(nil)

// Seek implements sys.File. A directory can only be rewound, after which
// Readdir sees it as it then is.
func (d *directory) Seek(offset position, whence int) (position, sys.Errno) {
	if offset != 0 || whence != io.SeekStart {
		return 0, sys.EINVAL
	}
	_, err := d.host.Seek(0, io.SeekStart)
	return 0, errnoOf(err)
}

// entryBytes is what reading an entry costs, in bytes read from a file.
const entryBytes = 1 << 10

// Readdir implements sys.File. wazero takes fewer entries than n for the end,
// while os.File returns fewer when some vanish as it reads: so this goes on.
func (d *directory) Readdir(n int) ([]sys.Dirent, sys.Errno) {
	var entries []sys.Dirent
	for n <= 0 || len(entries) < n {
		batch := readdirBatch
		if n > 0 {
			batch = min(batch, n-len(entries))
		}
		d.charge(batch * entryBytes)
		infos, err := d.host.Readdir(batch)
		for _, info := range infos {
			entries = append(entries, sys.Dirent{
				Name: info.Name(),
				Ino:  wasys.NewStat_t(info).Ino,
				Type: info.Mode().Type(),
			})
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return entries, errnoOf(err)
		}
	}
	return entries, 0
}
