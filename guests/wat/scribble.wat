;; Changes any part of an instance's state, and reports the state. Tasks with an
;; even index change it, as their input says; tasks with an odd index report it. A
;; step of the input is three i32: what to do, and two numbers.
(module
  (import "wexec/v1" "input" (func $input (param i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (import "wexec/v1" "fail" (func $fail (param i32 i32 i32 i32)))
  (import "wexec/v1" "op_start" (func $op_start (param i32 i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_wait" (func $op_wait (param i32) (result i32)))
  (import "wexec/v1" "op_drop" (func $op_drop (param i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))

  (memory (export "memory") 2 8)
  (data (i32.const 0) "clock.sleep")
  (data (i32.const 16) "\40\42\0f\00\00\00\00\00") ;; a millisecond
  (data (i32.const 24) "\00\00\00\00\04\00\00\00") ;; an iovec
  (data $passive "passive")

  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))
  (global $v128 (mut v128) (v128.const i64x2 5 6))
  (global $ref (mut funcref) (ref.null func))
  (global $loops (mut i32) (i32.const 0))

  (type $named (func (result i32)))
  (table $table 4 8 funcref)
  (table $other 2 4 funcref)
  (elem (table $table) (i32.const 0) func $one $two)
  (elem $spare func $two $three)
  (func $one (result i32) (i32.const 1))
  (func $two (result i32) (i32.const 2))
  (func $three (result i32) (i32.const 3))

  ;; The start changes state, too.
  (func $start (i32.store (i32.const 32) (i32.const 0xbeef)))
  (start $start)
  (func (export "_initialize")
    (global.set $i64 (i64.const 22))
    (memory.fill (i32.const 0x10000) (i32.const 7) (i32.const 0x800)))

  (func (export "wexec_call") (param $task i32) (param $call i32)
    (if (i32.and (local.get $task) (i32.const 1))
      (then (call $look (local.get $call)))
      (else (call $scribble (local.get $call)))))

  (func $scribble (param $call i32) (local $at i32) (local $end i32)
    (local.set $end (i32.add (i32.const 0x8000) (call $input (local.get $call) (i32.const 0x8000) (i32.const 0x4000) (i32.const 0))))
    (local.set $at (i32.const 0x8000))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (call $step (local.get $call)
          (i32.load (local.get $at)) (i32.load offset=4 (local.get $at)) (i32.load offset=8 (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 12)))
        (br $next)))
    (call $output (local.get $call) (i32.const 0) (i32.const 0)))

  ;; An address in memory with room after it.
  (func $address (param $a i32) (result i32)
    (i32.rem_u (local.get $a) (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 0x2000))))

  (func $step (param $call i32) (param $what i32) (param $a i32) (param $b i32)
    (block $default
    (block $close (block $print (block $wait (block $leave (block $exit (block $recurse (block $spin (block $trap (block $fail
    (block $initdata (block $copy (block $datadrop (block $elemdrop (block $setref (block $other (block $tablegrow (block $tableset
    (block $setv128 (block $setf64 (block $setf32 (block $seti64 (block $seti32
    (block $grow (block $fill (block $store
      (br_table $store $fill $grow $seti32 $seti64 $setf32 $setf64 $setv128
        $tableset $tablegrow $other $setref $elemdrop $datadrop $copy $initdata
        $fail $trap $spin $recurse $exit $leave $wait $print $close $default (local.get $what)))
      ;; store
      (i32.store8 (call $address (local.get $a)) (local.get $b)) (return))
      ;; fill
      (memory.fill (call $address (local.get $a)) (local.get $b) (i32.and (local.get $b) (i32.const 0x1fff))) (return))
      ;; grow, and write to the end
      (drop (memory.grow (i32.and (local.get $a) (i32.const 3))))
      (i32.store8 (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 1)) (local.get $b)) (return))
      (global.set $i32 (local.get $a)) (return))
      (global.set $i64 (i64.extend_i32_s (local.get $a))) (return))
      (global.set $f32 (f32.convert_i32_s (local.get $a))) (return))
      (global.set $f64 (f64.convert_i32_s (local.get $a))) (return))
      (global.set $v128 (i32x4.splat (local.get $a))) (return))
      ;; tableset
      (table.set $table (i32.and (local.get $a) (i32.const 3)) (ref.func $three)) (return))
      (drop (table.grow $table (ref.func $two) (i32.const 1))) (return))
      ;; other
      (table.fill $other (i32.const 0) (ref.func $one) (i32.const 2)) (return))
      (global.set $ref (ref.func $one)) (return))
      (elem.drop $spare) (return))
      (data.drop $passive) (return))
      ;; copy
      (memory.copy (call $address (local.get $a)) (call $address (local.get $b)) (i32.const 0x1000)) (return))
      ;; initdata
      (memory.init $passive (call $address (local.get $a)) (i32.const 0) (i32.const 7)) (return))
      (call $fail (local.get $call) (i32.const 7) (i32.const 0) (i32.const 5)) (return))
      (unreachable))
      ;; spin
      (loop $on (global.set $loops (i32.add (global.get $loops) (i32.const 1))) (br $on)))
      (call $deep (i32.and (local.get $a) (i32.const 0xffff))) (return))
      (call $proc_exit (local.get $a)))
      ;; start an op and keep it
      (drop (call $op_start (local.get $call) (i32.const 0) (i32.const 11) (i32.const 16) (i32.const 8))) (return))
      ;; start an op and wait for it
      (local.set $a (call $op_start (local.get $call) (i32.const 0) (i32.const 11) (i32.const 16) (i32.const 8)))
      (drop (call $op_wait (local.get $a))) (call $op_drop (local.get $a)) (return))
      ;; print part of a line
      (drop (call $fd_write (i32.const 1) (i32.const 24) (i32.const 1) (i32.const 0x100))) (return))
      ;; close a descriptor
      (drop (call $fd_close (i32.and (local.get $a) (i32.const 3)))) (return)))

  (func $deep (param $n i32)
    (if (local.get $n)
      (then
        (call $deep (i32.sub (local.get $n) (i32.const 1)))
        (global.set $loops (i32.add (global.get $loops) (i32.const 1))))))

  ;; The report, one i64 each: sizes, sums of the memory and of one more page,
  ;; globals, the contents of the tables, the handle of the call, and whether
  ;; standard output is open.
  (func $look (param $call i32) (local $sum i64) (local $at i32) (local $end i32) (local $size i32)
    (local.set $size (memory.grow (i32.const 1)))
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (local.set $sum (i64.const 0xcbf29ce484222325))
    (loop $next
      (local.set $sum (i64.mul (i64.xor (local.get $sum) (i64.load (local.get $at))) (i64.const 0x100000001b3)))
      (local.set $sum (i64.xor (local.get $sum) (i64.shr_u (local.get $sum) (i64.const 29))))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $at) (local.get $end))))
    (i64.store (i32.const 0x100) (i64.extend_i32_u (local.get $size)))
    (i64.store (i32.const 0x108) (local.get $sum))
    (i64.store (i32.const 0x110) (i64.extend_i32_u (global.get $i32)))
    (i64.store (i32.const 0x118) (global.get $i64))
    (f32.store (i32.const 0x120) (global.get $f32))
    (f64.store (i32.const 0x128) (global.get $f64))
    (v128.store (i32.const 0x130) (global.get $v128))
    (i64.store (i32.const 0x140) (i64.extend_i32_u (ref.is_null (global.get $ref))))
    (i64.store (i32.const 0x148) (i64.extend_i32_u (table.size $table)))
    (i32.store (i32.const 0x150) (call $entry (i32.const 0)))
    (i32.store (i32.const 0x154) (call $entry (i32.const 1)))
    (i32.store (i32.const 0x158) (call $entry (i32.const 2)))
    (i32.store (i32.const 0x15c) (call $entry (i32.const 3)))
    (i64.store (i32.const 0x160) (i64.extend_i32_u (ref.is_null (table.get $other (i32.const 1)))))
    (i64.store (i32.const 0x168) (i64.extend_i32_u (local.get $call)))
    (i64.store (i32.const 0x170) (i64.extend_i32_u (global.get $loops)))
    ;; An empty write.
    (i64.store (i32.const 0x178) (i64.extend_i32_u (call $fd_write (i32.const 1) (i32.const 0x200) (i32.const 0) (i32.const 0x208))))
    ;; This traps if the segments have been dropped.
    (memory.init $passive (i32.const 0x180) (i32.const 0) (i32.const 7))
    (table.init $other $spare (i32.const 0) (i32.const 0) (i32.const 2))
    (call $output (local.get $call) (i32.const 0x100) (i32.const 0x88)))

  (func $entry (param $i i32) (result i32)
    (if (result i32) (ref.is_null (table.get $table (local.get $i)))
      (then (i32.const 0))
      (else (call_indirect $table (type $named) (local.get $i)))))
)
