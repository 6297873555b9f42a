;; Says where its manifest is, and has no memory for it to be in.
(module (func (export "wexec_manifest") (result i64) (i64.const 4)))
