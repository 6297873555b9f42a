;; Calls env.abort as code that AssemblyScript compiled does, with any pointers. A
;; string is UTF-16, with its length in bytes before it.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory (export "memory") 1 1)
  (data (i32.const 12) "\24\00\00\00I\00n\00d\00e\00x\00 \00o\00u\00t\00 \00o\00f\00 \00r\00a\00n\00g\00e\00")
  (data (i32.const 60) "\14\00\00\00~\00l\00i\00b\00/\00r\00t\00.\00t\00s\00")
  (data (i32.const 96) "\ff\ff\ff\ff")
  (func $raise (export "abort") (param i32 i32 i32 i32)
    (call $abort (local.get 0) (local.get 1) (local.get 2) (local.get 3))
    unreachable)
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
