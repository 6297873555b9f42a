;; A guest that runs a script from its input. Tests use it to call any import with
;; any arguments. The build makes two modules of this file: puppet.wasm, which is
;; direct, and actor.wasm, which is resumable. Neither has a manifest; the tests
;; append one.
;;
;; The script consists of steps of 24 bytes, each six i32: what to do, and up to
;; five arguments. The argument -1 stands for the call's handle, -2 for the last
;; result. After the last step, the guest outputs the results of all steps as i32.
;; Step 15 starts the script again.
(module
  (import "wexec/v1" "input" (func $input (param i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (import "wexec/v1" "fail" (func $fail (param i32 i32 i32 i32)))
  (import "wexec/v1" "op_start" (func $op_start (param i32 i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_wait" (func $op_wait (param i32) (result i32)))
  (import "wexec/v1" "op_result" (func $op_result (param i32 i32 i32 i32) (result i32)))
  (import "wexec/v1" "op_cancel" (func $op_cancel (param i32)))
  (import "wexec/v1" "op_drop" (func $op_drop (param i32)))
  (import "wexec/v1" "next" (func $next (param i32 i32) (result i32)))
  (import "wexec/v1" "log" (func $log (param i32 i32 i32)))
  (import "wexec/v1" "emit" (func $emit (param i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)
  ;; 0     names and arguments that scripts refer to
  ;; 1024  results
  ;; 8192  events
  ;; 16384 the script
  (data (i32.const 0) "clock.sleep")           ;; 0, 11 bytes
  (data (i32.const 16) "task.call")            ;; 16, 9 bytes
  (data (i32.const 32) "\00\e8\76\48\17\00\00\00") ;; 32, 8 bytes: 100 s
  (data (i32.const 40) "\40\42\0f\00\00\00\00\00") ;; 40, 8 bytes: 1 ms
  (data (i32.const 48) "{\22task\22:\22run\22}\0a")  ;; 48, 15 bytes
  (data (i32.const 64) "no.such")              ;; 64, 7 bytes
  (data (i32.const 80) "test.wait")            ;; 80, 9 bytes
  (data (i32.const 96) "{\22module\22:\22guest\22,\22task\22:\22sum\22}\0aab") ;; 96, 34 bytes
  (data (i32.const 144) "{\22module\22:\22none\22,\22task\22:\22sum\22}\0aab") ;; 144, 33 bytes

  (global $call (mut i32) (i32.const 0))
  (global $last (mut i32) (i32.const 0))

  (func $arg (param $step i32) (param $n i32) (result i32)
    (local $v i32)
    (local.set $v (i32.load (i32.add (local.get $step) (i32.mul (i32.const 4) (i32.add (local.get $n) (i32.const 1))))))
    (if (i32.eq (local.get $v) (i32.const -1)) (then (return (global.get $call))))
    (if (i32.eq (local.get $v) (i32.const -2)) (then (return (global.get $last))))
    (local.get $v))

  ;; Runs one step. The result is 1 if the script continues.
  (func $step (param $s i32) (result i32)
    (local $a i32) (local $b i32) (local $c i32) (local $d i32) (local $e i32)
    (local.set $a (call $arg (local.get $s) (i32.const 0)))
    (local.set $b (call $arg (local.get $s) (i32.const 1)))
    (local.set $c (call $arg (local.get $s) (i32.const 2)))
    (local.set $d (call $arg (local.get $s) (i32.const 3)))
    (local.set $e (call $arg (local.get $s) (i32.const 4)))
    (block $stop
      (block $on
        (block $14 (block $13 (block $12 (block $11 (block $10 (block $9 (block $8 (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0
          (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 $10 $11 $12 $13 $14 (i32.load (local.get $s))))
          (global.set $last (call $input (local.get $a) (local.get $b) (local.get $c) (local.get $d))) (br $on))
          (call $output (local.get $a) (local.get $b) (local.get $c)) (br $on))
          (call $fail (local.get $a) (local.get $b) (local.get $c) (local.get $d)) (br $on))
          (global.set $last (call $op_start (local.get $a) (local.get $b) (local.get $c) (local.get $d) (local.get $e))) (br $on))
          (global.set $last (call $op_wait (local.get $a))) (br $on))
          (global.set $last (call $op_result (local.get $a) (local.get $b) (local.get $c) (local.get $d))) (br $on))
          (call $op_cancel (local.get $a)) (br $on))
          (call $op_drop (local.get $a)) (br $on))
          (global.set $last (call $next (local.get $a) (local.get $b))) (br $on))
          (call $log (local.get $a) (local.get $b) (local.get $c)) (br $on))
          (global.set $last (call $emit (local.get $a) (local.get $b) (local.get $c) (local.get $d))) (br $on))
          (br $stop)) ;; 11: stop without an output
          (unreachable)) ;; 12: trap
          (loop $forever (br $forever))) ;; 13: loop for ever
        (i32.store (local.get $a) (local.get $b))) ;; 14: store
      (return (i32.const 1)))
    (i32.const 0))

  (func $run (param $handle i32)
    (local $s i32) (local $end i32) (local $results i32)
    (global.set $call (local.get $handle))
    (local.set $s (i32.const 16384))
    (local.set $end (i32.add (i32.const 16384) (call $input (local.get $handle) (i32.const 16384) (i32.const 49152) (i32.const 0))))
    (local.set $results (i32.const 1024))
    (block $done
      (loop $steps
        (br_if $done (i32.ge_u (local.get $s) (local.get $end)))
        (if (i32.eq (i32.load (local.get $s)) (i32.const 15))
          (then
            (local.set $s (i32.const 16384))
            (local.set $results (i32.const 1024))
            (br $steps)))
        (if (i32.eqz (call $step (local.get $s))) (then (return)))
        (i32.store (local.get $results) (global.get $last))
        (local.set $results (i32.add (local.get $results) (i32.const 4)))
        (local.set $s (i32.add (local.get $s) (i32.const 24)))
        (br $steps)))
    (call $output (local.get $handle) (i32.const 1024) (i32.sub (local.get $results) (i32.const 1024))))

  ;; direct
  (func (export "wexec_call") (param $task i32) (param $handle i32)
    (call $run (local.get $handle)))
  ;; resumable
  (func (export "wexec_resume") (result i32)
    (block $none
      (loop $events
        (br_if $none (i32.eqz (call $next (i32.const 8192) (i32.const 1))))
        (if (i32.eq (i32.load (i32.const 8192)) (i32.const 1))
          (then (call $run (i32.load (i32.const 8196)))))
        (br $events)))
    (i32.const 0))
  ;; end
)
