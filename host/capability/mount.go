package capability

// Mount is a folder that guests see. No path and no link in it leads outside.
type Mount struct {
	Host     string // on this machine
	Guest    string // as the guest sees it
	ReadOnly bool
	// Quota limits what guests put into the folder.
	Quota Quota
}

// Quota limits what guests put into a folder. Bytes are those of the sizes of files,
// as guests see them: holes count. Files are names of files, directories and links. All
// who use the same folder share an account, in all hosts of the process; each has its
// own limits.
//
// A positive number is the most that the folder may hold, with what is there already.
// 0 is a default for what guests may add to that: 1 GiB and 100,000 names. Below 0,
// as in host.NoLimit, there is no limit.
//
// The account is exact as long as only guests change the folder. What others remove is
// noticed when a limit is reached, ten seconds later at most. A folder that is mounted
// inside of another has an account of its own.
type Quota struct{ Bytes, Files int64 }
