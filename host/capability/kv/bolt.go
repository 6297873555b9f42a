package kv

import (
	"errors"
	"fmt"
	"iter"
	"os"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/wexec/wexec/abi"
	"github.com/wexec/wexec/host/capability"
)

// lockTimeout is how long Open waits for another process to close the file.
const lockTimeout = time.Second

// bucket has all keys but those of accounts. Its name has the version of the format.
// The accounts are apart, since bbolt writes the page of the root with every commit:
// as long as there are few, they are in that page and cost nothing more.
var (
	bucket   = []byte("wexec.kv.1")
	accounts = []byte("wexec.kv.1.accounts")
)

// bolt is a file.
type bolt struct{ db *bbolt.DB }

func openBolt(file string) (*bolt, error) {
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType})
	var path *os.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("kv: %s is in use by another process, and only one can use it: "+
			"end that process, or choose another file (waited %v)", file, lockTimeout)
	case errors.As(err, &path):
		return nil, fmt.Errorf("kv: %w", err)
	case err != nil:
		return nil, fmt.Errorf("kv: %s is damaged or no store: %w", file, err)
	}
	if err := prepare(db); err != nil {
		db.Close()
		return nil, fmt.Errorf("kv: %s %w", file, err)
	}
	return &bolt{db}, nil
}

// prepare makes the bucket in a new file.
func prepare(db *bbolt.DB) error {
	var other []byte
	found := false
	err := db.View(func(tx *bbolt.Tx) error {
		found = tx.Bucket(bucket) != nil
		first, _ := tx.Cursor().First()
		other = append(other, first...)
		return nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("can't be read: %w", err)
	case found:
		return nil
	case len(other) > 0:
		return fmt.Errorf("is the database of another program, or of another version of wexec: it has a bucket %.40q", other)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(bucket)
		_, err2 := tx.CreateBucket(accounts)
		return errors.Join(err, err2)
	})
	if err != nil {
		return fmt.Errorf("can't be written: %w", err)
	}
	return nil
}

func (b *bolt) view(read func(tree)) error {
	return known(b.db.View(func(tx *bbolt.Tx) error {
		read(&boltTree{tx: tx, data: tx.Bucket(bucket)})
		return nil
	}))
}

func (b *bolt) update(change func(tree)) error {
	return known(b.db.Update(func(tx *bbolt.Tx) error {
		t := &boltTree{tx: tx, data: tx.Bucket(bucket)}
		change(t)
		return t.err
	}))
}

func (b *bolt) close() error { return b.db.Close() }

var (
	errClosed   = capability.Errorf(abi.Closed, "the store is closed")
	errDiskFull = capability.Errorf(abi.Failed, "nothing was written: the host's disk is full")
)

// known translates errors into those for guests, which are not told about the host.
func known(err error) error {
	var host syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrDatabaseNotOpen):
		return errClosed
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return errDiskFull
	case errors.As(err, &host):
		return capability.Errorf(abi.Failed, "nothing was written: %v", host)
	}
	return err
}

// boltTree is the buckets in a transaction. It keeps the first errors of a change.
type boltTree struct {
	tx   *bbolt.Tx
	data *bbolt.Bucket
	err  error
}

// of returns the bucket that has a key.
func (t *boltTree) of(key []byte) *bbolt.Bucket {
	if key[0] == accountKind {
		return t.tx.Bucket(accounts)
	}
	return t.data
}

func (t *boltTree) get(key []byte) []byte { return t.of(key).Get(key) }
func (t *boltTree) put(key, value []byte) { t.err = errors.Join(t.err, t.of(key).Put(key, value)) }
func (t *boltTree) delete(key []byte)     { t.err = errors.Join(t.err, t.of(key).Delete(key)) }

func (t *boltTree) from(key []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(key, value []byte) bool) {
		c := t.of(key).Cursor()
		for k, v := c.Seek(key); k != nil; k, v = c.Next() {
			if !yield(k, v) {
				return
			}
		}
	}
}
