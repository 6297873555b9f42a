;; Says in its manifest what its environment is: the doc of its task.
(module
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 1000) "{\"tasks\":[{\"name\":\"t\",\"doc\":\"")
  (data (i32.const 1100) "\"}]}")
  (func (export "wexec_call") (param i32 i32)
    (call $output (local.get 1) (i32.const 0) (i32.const 0)))
  (func (export "wexec_manifest") (result i64) (local $end i32)
    (drop (call $environ_get (i32.const 0) (i32.const 1029)))
    (local.set $end (i32.const 1029))
    (block $out
      (loop $next
        (br_if $out (i32.eqz (i32.load8_u (local.get $end))))
        (local.set $end (i32.add (local.get $end) (i32.const 1)))
        (br $next)))
    (memory.copy (local.get $end) (i32.const 1100) (i32.const 4))
    (i64.or
      (i64.shl (i64.const 1000) (i64.const 32))
      (i64.extend_i32_u (i32.sub (i32.add (local.get $end) (i32.const 4)) (i32.const 1000))))))
