// Package stdio makes of an embedder's readers and writers what a guest's
// standard streams need: reads and writes that can be polled and given up.
//
// # What becomes of a stream
//
//   - Memory (bytes.Reader, bytes.Buffer, strings.Reader, io.Discard, whatever is
//     [Immediate]) and regular files are read and written at once.
//   - A pipe, a socket or a terminal in an [os.File] is read when the kernel says
//     that there is something, and never by more than the guest asks for. What
//     the guest does not read is there for the next program.
//   - Nothing can interrupt a call of any other reader or writer. So it runs on a
//     goroutine of its own, which is started when a guest wants to read or write,
//     and asks for no more than the guest does.
//
// # What an ended call leaves
//
// A goroutine that is in a Read or Write of the embedder's stays there until
// that returns, however long the call that wanted it is over. It holds a buffer
// of at most 64 KiB and touches nothing else. What such a Read brings is kept,
// and is the first that the next call with the same reader gets; the embedder's
// own reads don't get it. The next call with the same writer waits until such a
// Write is over. Both find each other since streams are known by the reader or
// writer itself, as long as that is comparable, as pointers are.
package stdio
