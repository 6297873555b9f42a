package rootfs

import (
	"io/fs"
	"os"
	"sync"
	"time"
)

// tally is a number of bytes and names.
type tally struct{ bytes, files int64 }

func (t tally) plus(more tally) tally { return tally{t.bytes + more.bytes, t.files + more.files} }

// account is what the mounts of a folder share: what guests have put into it, and locks.
type account struct {
	// changing is held for reading by what changes the folder, so that it does not
	// change while it is counted. It guards counts and counted.
	changing sync.RWMutex
	counts   int // how often it was counted
	counted  time.Time

	// linking is held by calls that rename and link, so that the tree can't change
	// between the check of a symbolic link and the call.
	linking sync.Mutex
	// naming is held while files are opened and closed, and while names are removed.
	naming sync.Mutex
	open   map[identity]*opened

	mu       sync.Mutex
	grown    tally // by guests
	base     tally // what else is there, if it was counted
	nameless int64 // bytes of files without a name

	users int // mounts; guarded by accounts.mu
}

func (a *account) addNameless(n int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.nameless += n
}

// accounts has the accounts of the process. They stay when no mount uses them, since
// guests would otherwise begin anew with each mount.
var accounts struct {
	mu   sync.Mutex
	each map[accountKey]*account
}

// accountKey has the path since a folder that is removed may leave its number to
// another.
type accountKey struct {
	path string
	self identity
}

// mostAccounts is how many accounts are kept that may be of no use any more.
const mostAccounts = 4096

// openAccount returns the account of a folder, for one mount.
func openAccount(key accountKey) *account {
	accounts.mu.Lock()
	defer accounts.mu.Unlock()
	a := accounts.each[key]
	if a == nil {
		if accounts.each == nil {
			accounts.each = map[accountKey]*account{}
		}
		for old, unused := range accounts.each {
			if len(accounts.each) < mostAccounts {
				break
			}
			if unused.users == 0 {
				delete(accounts.each, old)
			}
		}
		a = &account{open: map[identity]*opened{}}
		accounts.each[key] = a
	}
	a.users++
	return a
}

// closeAccount undoes openAccount.
func closeAccount(a *account) {
	accounts.mu.Lock()
	defer accounts.mu.Unlock()
	a.users--
}

// recountAfter is the least time between two counts because of a limit.
const recountAfter = 10 * time.Second

// recount counts the folder. It reports whether that was done since it was counted
// that often. What guests have added can't be more than there is.
func (u *usage) recount(counts int) bool {
	u.changing.Lock()
	defer u.changing.Unlock()
	if u.counts != counts {
		return true
	}
	if u.counts > 0 && time.Since(u.counted) < recountAfter {
		return false
	}
	total, err := countFolder(u.path, u.self)
	u.counts++
	u.counted = time.Now()
	if err != nil {
		return false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	total.bytes += u.nameless
	u.grown.bytes, u.grown.files = min(u.grown.bytes, total.bytes), min(u.grown.files, total.files)
	u.base = total.plus(tally{-u.grown.bytes, -u.grown.files})
	return true
}

// countFolder counts what is in a folder, and each file once that has several names.
func countFolder(path string, self identity) (total tally, err error) {
	root, err := os.OpenRoot(path)
	if err != nil {
		return total, err
	}
	defer root.Close()
	if info, err := root.Stat("."); err != nil || statIdentity(info) != self {
		return total, fs.ErrNotExist // the folder was moved
	}
	linked := map[identity]bool{}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if name == "." {
			return err
		}
		total.files++
		if err != nil || !d.Type().IsRegular() {
			return nil // what can't be read counts as a name
		}
		info, err := root.Lstat(name)
		if err != nil {
			return nil // it was removed meanwhile
		}
		var st Stat
		detail(&st, info)
		if st.Nlink > 1 {
			if linked[st.identity()] {
				return nil
			}
			linked[st.identity()] = true
		}
		total.bytes += info.Size()
		return nil
	})
	return total, err
}

func statIdentity(info fs.FileInfo) identity {
	var st Stat
	detail(&st, info)
	return st.identity()
}
