// Package js has what the command takes from the SDK for JavaScript.
package js

import _ "embed"

// Types are the types of the module "wexec", for editors.
//
//go:embed index.d.ts
var Types string
