package kv

import "iter"

// backend keeps an ordered map of bytes. Its methods are safe for concurrent use, and
// fail with errClosed after close.
type backend interface {
	// view runs read on a state of the map that does not change meanwhile. It should be
	// short: a file can't reuse what a view may still see.
	view(read func(tree)) error
	// update runs change, and keeps all that it did or, if update fails, nothing.
	// What it did is on the disk when update returns.
	update(change func(tree)) error
	close() error
}

// tree is the map, as a view or an update sees it. The slices that it returns must not
// be changed, nor used after the next change or after the end of the view. Those that
// put gets must not be changed until the update has ended.
type tree interface {
	get(key []byte) []byte
	put(key, value []byte)
	delete(key []byte)
	// from runs through the map in the order of the keys, from the first that is at or
	// after key, and may leave out those of another kind. The map must not change
	// meanwhile.
	from(key []byte) iter.Seq2[[]byte, []byte]
}
