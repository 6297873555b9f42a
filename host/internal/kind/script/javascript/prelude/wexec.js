// The module "wexec", and the globals of scripts.

import { config, host, log, op, sleep, sleepSync, OpError } from "./core.js";
import { call, task, TaskError } from "./tasks.js";
import { emit, progress } from "./emit.js";
import { files, kv } from "./storage.js";
import { console } from "./console.js";
import * as web from "./web.js";
import { fetch, Headers, Request, Response } from "./fetch.js";
import { URL, URLSearchParams } from "./url.js";
import { program } from "./program.js";

const { random, reseed, ...globals } = web;
for (const [name, value] of Object.entries({
	...globals, console, fetch, Headers, Request, Response, URL, URLSearchParams, self: globalThis,
})) {
	Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
Object.defineProperty(Math, "random", { value: random, writable: true, configurable: true });

const loaded = host.loaded;
host.loaded = () => {
	loaded();
	reseed();
};

export {
	call, config, emit, fetch, files, kv, log, op, program, progress, sleep, sleepSync, task, OpError, TaskError,
};
