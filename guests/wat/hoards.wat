;; Starts 200,000 ops of a capability that no host has, and keeps them. The second
;; task drops each op at once.
(module
  (import "wexec/v1" "op_start" (func $op_start (param i32 i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_drop" (func $op_drop (param i32)))
  (import "wexec/v1" "next" (func $next (param i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "no.such")
  (func (export "wexec_resume") (result i32)
    (local $op i32) (local $left i32)
    (block $none
      (loop $events
        (br_if $none (i32.eqz (call $next (i32.const 64) (i32.const 1))))
        (br_if $events (i32.ne (i32.load (i32.const 64)) (i32.const 1)))
        (local.set $left (i32.const 200000))
        (loop $ops
          (local.set $op (call $op_start (i32.load (i32.const 68)) (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0)))
          ;; The second task drops the op.
          (if (i32.load (i32.const 72)) (then (call $op_drop (local.get $op))))
          (br_if $ops (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $output (i32.load (i32.const 68)) (i32.const 0) (i32.const 0))
        (br $events)))
    (i32.const 0)))
