package wasi

// Function is a system call for an engine to bind.
type Function struct {
	Name string
	// Params and Results are WebAssembly's value types: 0x7f is i32, 0x7e is i64.
	Params, Results []byte
	// Call takes the parameters from stack, and leaves the result there.
	Call func(s *System, g Guest, stack []uint64)
}

// Functions are the functions of the module wasi_snapshot_preview1.
var Functions = bind(functions, preview1)

// Unstable are those of wasi_unstable: the same calls with the layouts of 2019, when
// there was no sock_accept.
var Unstable = bind(functions[:len(functions)-1], unstable)

// function is a system call. In params, i stands for i32 and I for i64.
type function struct {
	name, params string
	call         func(c call, a args) errno
}

var functions = []function{
	{"args_get", "ii", argsGet},
	{"args_sizes_get", "ii", argsSizesGet},
	{"clock_res_get", "ii", clockResGet},
	{"clock_time_get", "iIi", clockTimeGet},
	{"environ_get", "ii", environGet},
	{"environ_sizes_get", "ii", environSizesGet},
	{"fd_advise", "iIIi", fdAdvise},
	{"fd_allocate", "iII", fdAllocate},
	{"fd_close", "i", fdClose},
	{"fd_datasync", "i", fdDatasync},
	{"fd_fdstat_get", "ii", fdFdstatGet},
	{"fd_fdstat_set_flags", "ii", fdFdstatSetFlags},
	{"fd_fdstat_set_rights", "iII", fdFdstatSetRights},
	{"fd_filestat_get", "ii", fdFilestatGet},
	{"fd_filestat_set_size", "iI", fdFilestatSetSize},
	{"fd_filestat_set_times", "iIIi", fdFilestatSetTimes},
	{"fd_pread", "iiiIi", fdPread},
	{"fd_prestat_dir_name", "iii", fdPrestatDirName},
	{"fd_prestat_get", "ii", fdPrestatGet},
	{"fd_pwrite", "iiiIi", fdPwrite},
	{"fd_read", "iiii", fdRead},
	{"fd_readdir", "iiiIi", fdReaddir},
	{"fd_renumber", "ii", fdRenumber},
	{"fd_seek", "iIii", fdSeek},
	{"fd_sync", "i", fdSync},
	{"fd_tell", "ii", fdTell},
	{"fd_write", "iiii", fdWrite},
	{"path_create_directory", "iii", pathCreateDirectory},
	{"path_filestat_get", "iiiii", pathFilestatGet},
	{"path_filestat_set_times", "iiiiIIi", pathFilestatSetTimes},
	{"path_link", "iiiiiii", pathLink},
	{"path_open", "iiiiiIIii", pathOpen},
	{"path_readlink", "iiiiii", pathReadlink},
	{"path_remove_directory", "iii", pathRemoveDirectory},
	{"path_rename", "iiiiii", pathRename},
	{"path_symlink", "iiiii", pathSymlink},
	{"path_unlink_file", "iii", pathUnlinkFile},
	{"poll_oneoff", "iiii", pollOneoff},
	{"proc_exit", "i", procExit},
	{"proc_raise", "i", procRaise},
	{"random_get", "ii", randomGet},
	{"sched_yield", "", schedYield},
	{"sock_recv", "iiiiii", sockAny},
	{"sock_send", "iiiii", sockAny},
	{"sock_shutdown", "ii", sockAny},
	{"sock_accept", "iii", sockAny},
}

// call is one system call of a guest.
type call struct {
	*System
	Guest
	*dialect
}

// args are the parameters of a call.
type args []uint64

// u32 returns an i32. The upper half of its slot is undefined.
func (a args) u32(i int) uint32 { return uint32(a[i]) }

// callCost is the charge for every call, and hostCost that for a call of the host's
// kernel, both in bytes moved.
const (
	callCost = 1 << 10
	hostCost = 8 << 10
)

const (
	valueI32 = 0x7f
	valueI64 = 0x7e
)

func bind(all []function, d *dialect) []Function {
	bound := make([]Function, len(all))
	for i, f := range all {
		b := Function{Name: f.name, Results: []byte{valueI32}}
		if f.name == "proc_exit" {
			b.Results = nil
		}
		for _, p := range f.params {
			b.Params = append(b.Params, map[rune]byte{'i': valueI32, 'I': valueI64}[p])
		}
		b.Call = func(s *System, g Guest, stack []uint64) {
			g.Charge(callCost)
			stack[0] = uint64(f.call(call{s, g, d}, stack))
		}
		bound[i] = b
	}
	return bound
}
