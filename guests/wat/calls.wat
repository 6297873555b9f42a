;; A task that calls another: its input is the argument of task.call. It outputs
;; the op's status, a u32, and what the op left.
(module
  (import "wexec/v1" "input" (func $input (param i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (import "wexec/v1" "op_start" (func $op_start (param i32 i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_wait" (func $op_wait (param i32) (result i32)))
  (import "wexec/v1" "op_result" (func $op_result (param i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_drop" (func $op_drop (param i32)))
  (memory (export "memory") 2)
  (data (i32.const 0) "task.call")
  (func (export "wexec_call") (param $task i32) (param $call i32) (local $op i32) (local $len i32)
    (local.set $len (call $input (local.get $call) (i32.const 4096) (i32.const 61440) (i32.const 0)))
    (local.set $op
      (call $op_start (local.get $call) (i32.const 0) (i32.const 9) (i32.const 4096) (local.get $len)))
    (i32.store (i32.const 65536) (call $op_wait (local.get $op)))
    (local.set $len
      (call $op_result (local.get $op) (i32.const 65540) (i32.const 60000) (i32.const 0)))
    (call $op_drop (local.get $op))
    (call $output (local.get $call) (i32.const 65536) (i32.add (local.get $len) (i32.const 4)))))
