;; A resumable guest that ends each call at once, but always returns that it has
;; more work.
(module
  (import "wexec/v1" "next" (func $next (param i32 i32) (result i32)))
  (import "wexec/v1" "output" (func $output (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func (export "wexec_resume") (result i32)
    (loop $events
      (if (call $next (i32.const 0) (i32.const 1))
        (then
          (if (i32.eq (i32.load (i32.const 0)) (i32.const 1))
            (then (call $output (i32.load (i32.const 4)) (i32.const 0) (i32.const 0))))
          (br $events))))
    (i32.const 1)))
