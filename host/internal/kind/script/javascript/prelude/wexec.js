// The module "wexec", and the globals of scripts.

import { config, host, log, op, sleep, sleepSync, OpError } from "wexec/core.js";
import { call, task, TaskError } from "wexec/tasks.js";
import { console } from "wexec/console.js";
import * as web from "wexec/web.js";
import { fetch, Headers, Request, Response } from "wexec/fetch.js";
import { URL, URLSearchParams } from "wexec/url.js";
import { program } from "wexec/program.js";

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

export { call, config, fetch, log, op, program, sleep, sleepSync, task, OpError, TaskError };
