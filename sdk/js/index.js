// The module "wexec" under Node: tasks run in this process, and a fake host answers. In
// a wexec host, scripts get the host's own module of this name instead.

import { answerer, bytes, bytesOf, current, fakeFetch, OpError } from "./testing.js";

const AsyncFunction = (async () => {}).constructor;
const modes = ["io", "blocking", "cpu"];
const named = new Map();

export function task(options, run) {
	if (typeof options === "function") [options, run] = [{}, options];
	if (typeof run !== "function") throw new TypeError("task: want a function");
	const isAsync = run instanceof AsyncFunction;
	const mode = options.mode ?? (isAsync ? "io" : "blocking");
	if (!modes.includes(mode)) throw new TypeError(`task: unknown mode ${mode}: want io, blocking or cpu`);
	if (mode === "cpu" && isAsync) {
		throw new TypeError("task: a cpu task may not await: make the function synchronous, or its mode io or blocking");
	}
	const perform = async (params) => output(await run(...(options.bytes ? params : params.map(json))));
	if (options.name !== undefined) {
		named.set(options.name, (input) => perform(run.length > 1 && Array.isArray(input) ? input : [input]));
	}
	return (...params) => {
		current.seen?.ops.push("task.call");
		return perform(params);
	};
}

/** Returns what arrives of a value that is passed as JSON. */
function json(value) {
	return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function output(value) {
	if (value instanceof Uint8Array || value === undefined) return value;
	const text = JSON.stringify(value);
	if (text === undefined) throw new TypeError(`the result is a ${typeof value}, which has no form in JSON`);
	return JSON.parse(text);
}

export async function call(name, input, { module, signal } = {}) {
	signal?.throwIfAborted();
	const full = module === undefined ? name : `${module}.${name}`;
	const answer = answerer("task.call", current.fakes.tasks?.[full] ?? named.get(full), `the task ${full}`);
	return output(await answer(json(input)));
}

export async function op(name, arg, { signal } = {}) {
	signal?.throwIfAborted();
	const result = await answerer(name, current.fakes.ops?.[name], name)(bytes(arg));
	return bytes(result);
}

export async function config(name, { signal } = {}) {
	signal?.throwIfAborted();
	const values = answerer("config.get", current.fakes.config, "config.get");
	return Object.hasOwn(values, name) ? `${values[name]}` : undefined;
}

export function sleep(ms, { signal } = {}) {
	current.seen?.ops.push("clock.sleep");
	return new Promise((resolve, reject) => {
		signal?.throwIfAborted();
		const timer = setTimeout(resolve, ms);
		signal?.addEventListener("abort", () => {
			clearTimeout(timer);
			reject(signal.reason);
		});
	});
}

export function sleepSync(ms) {
	current.seen?.ops.push("clock.sleep");
	Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export { fakeFetch as fetch };
export { files, kv } from "./storage.js";

export async function emit(chunk) {
	const piece = typeof chunk === "string" ? chunk : bytesOf(chunk).slice();
	if (current.seen) current.seen.emitted.push(piece);
	else process.stdout.write(piece);
}

export async function progress(done, total, message) {
	current.seen?.progress.push(json({ done, total, message }));
}

const line = (level) => (text) => {
	if (current.seen) current.seen.logs.push({ level, text: `${text}` });
	else console.error(`${level}: ${text}`);
};

export const log = { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };

const writer = (name) => ({
	write(text) {
		if (current.seen) current.seen[name] += text;
		else process[name].write(`${text}`);
	},
});

export const program = {
	get args() { return current.fakes.args ?? process.argv.slice(2); },
	get env() { return current.fakes.env ?? { ...process.env }; },
	stdin: {
		bytes: () => bytes(current.fakes.stdin),
		text: () => new TextDecoder().decode(bytes(current.fakes.stdin)),
	},
	stdout: writer("stdout"),
	stderr: writer("stderr"),
	exit(code = 0) { throw new Error(`the program has ended with exit code ${code}`); },
};

export class TaskError extends Error {
	constructor(message, { code = 1 } = {}) {
		super(message);
		this.name = "TaskError";
		this.code = code;
	}
}

export { OpError };
