// Tasks: how they are defined, called and ended.

import {
	host, attempt, begin, callOf, caller, check, end, parse, promised, promiseOf, raw, react, stringify, uncurry, OpError,
} from "./core.js";
import { inspect } from "./console.js";

const { AggregateError, Array, Error, Object, Reflect, TypeError, Uint8Array, WeakMap } = globalThis;
const { apply, defineProperty, getPrototypeOf } = Reflect;
const { getOwnPropertyDescriptor } = Object;
const asyncPrototype = getPrototypeOf(async () => {});
const isArray = Array.isArray;
const get = uncurry(WeakMap.prototype.get);
const modes = ["io", "blocking", "cpu"];

// What task was called with, by the function that it returned: {name, mode, run, options}.
const defined = new WeakMap();
const tasks = { __proto__: null }; // all, by name, once the script is loaded

const isAsync = (f) => getPrototypeOf(f) === asyncPrototype;
const isClass = (f) => getOwnPropertyDescriptor(f, "prototype")?.writable === false;

/**
 * Makes a task of a function. An async function is io, another is blocking, unless the
 * options say otherwise. Calling the task, from a task, is a call of the host.
 */
export function task(options, run) {
	if (typeof options === "function") [options, run] = [{}, options];
	if (typeof run !== "function") throw new TypeError("task: want a function");
	const mode = options.mode ?? (isAsync(run) ? "io" : "blocking");
	if (!modes.includes(mode)) throw new TypeError(`task: unknown mode ${inspect(mode)}: want io, blocking or cpu`);
	if (mode === "cpu" && isAsync(run)) {
		throw new TypeError("task: a cpu task may not await: make the function synchronous, or its mode io or blocking");
	}
	const entry = { name: options.name, mode, run, options };
	const stub = (...params) => attempt(() => invoke(entry, stub, params));
	defined.set(stub, entry);
	return stub;
}

function invoke(entry, stub, params) {
	entry.name ??= exportedAs(stub);
	if (entry.name === undefined) throw new Error("this task has no name: export it");
	const input = entry.run.length > 1 ? params : params[0];
	return call(entry.name, input, { bytes: entry.options.bytes });
}

function exportedAs(stub) {
	const exported = host.exports();
	for (const name in exported) {
		try {
			if (exported[name] === stub) return name;
		} catch {
			// it has no value yet
		}
	}
}

/**
 * Calls a task of this module, or of another one that the host lets it call. Resolves to
 * its output, which is JSON unless bytes is set.
 */
export const call = (name, input, { module, bytes = false, signal } = {}) => attempt(() => {
	const from = caller("call");
	check(signal);
	const body = raw(typeof input === "string" ? undefined : input) ?? (input === undefined ? "" : stringify(input));
	const op = host.start(from.handle, "task.call", stringify({ task: name, module }), body ?? "");
	return promised(op, from, bytes ? bytesOf : valueOf, signal);
});

const bytesOf = (op) => new Uint8Array(host.bytes(op, 0));

function valueOf(op) {
	const text = host.text(op, 0);
	return text === "" ? undefined : parse(text);
}

/** A failure that a task reports on purpose. */
export class TaskError extends Error {
	#code;
	/** @param {{code?: number}} options code is positive, and 1 by default */
	constructor(message, { code = 1 } = {}) {
		super(message);
		this.code = this.#code = code | 0;
	}

	static codeOf(error) { return typeof error === "object" && error !== null && #code in error ? error.#code : 0; }
}
defineProperty(TaskError.prototype, "name", { value: "TaskError", writable: true, configurable: true });

// ---- what the host calls ----

/** Collects the tasks after the top level has run. */
host.loaded = () => {
	const exported = host.exports();
	for (const name in exported) {
		const value = exported[name];
		if (name === "default" || typeof value !== "function") continue;
		const entry = get(defined, value);
		if (entry !== undefined) {
			entry.name ??= name;
			tasks[entry.name] = entry;
		} else if (!isClass(value)) {
			tasks[name] = { name, mode: isAsync(value) ? "io" : "blocking", run: value, options: {} };
		}
	}
};

host.manifest = () => {
	const list = [];
	for (const name in tasks) {
		const { mode, options: o } = tasks[name];
		list.push({
			name, mode, doc: o.doc, timeout_ms: o.timeout, memory_bytes: o.memory, fuel: o.fuel,
			uses: o.uses, input: o.input, output: o.output,
		});
	}
	if (tasks.main === undefined) {
		list.push({ name: "main", mode: "blocking", program: true, doc: "The file as a program." });
	}
	return stringify({ tasks: list, reseeds: true });
};

host.dispatch = (handle, name, shared) => {
	const call = begin(handle, false, shared);
	const entry = tasks[name];
	try {
		if (entry === undefined) throw new TypeError(`the script exports no task ${inspect(name)}`);
		settle(call, apply(entry.run, undefined, input(call, entry)));
	} catch (error) {
		fail(call, error);
	}
};

/** Returns the parameters of a task's function. */
function input(call, { run, options }) {
	if (options.bytes) return [new Uint8Array(host.input(call.handle, 1))];
	const text = host.input(call.handle, 0);
	if (text === "") return [];
	let value;
	try {
		value = parse(text);
	} catch (error) {
		throw new OpError(`the input is not JSON: ${error.message}`, 10);
	}
	return run.length > 1 && isArray(value) ? value : [value];
}

/** Ends a call with a result, or with what it resolves to. */
function settle(call, result) {
	const promise = promiseOf(result);
	if (promise === undefined) finish(call, result);
	else react(promise, (value) => finish(call, value), (error) => fail(call, error));
}

function finish(call, value) {
	if (call.ended) return;
	let output;
	try {
		output = typeof value === "string" ? stringify(value) : raw(value) ?? written(value);
		if (output === undefined && value !== undefined) {
			throw new TypeError(`the result is ${inspect(value)}, which has no form in JSON`);
		}
	} catch (error) {
		fail(call, error);
		return;
	}
	end(call);
	host.output(call.handle, output);
}

function written(value) {
	try {
		return stringify(value);
	} catch (error) {
		if (!(error instanceof TypeError)) throw error; // of a method toJSON
		throw new TypeError(`the result has no form in JSON: ${error.message}`);
	}
}

function fail(call, error) {
	if (call.ended) return;
	end(call);
	report(call.handle, error);
}

host.describe = (error) => report(0, error);

const mostCauses = 8; // that are told of one exception

/** The message of an exception, with those that caused it. */
function told(error) {
	let text = `${error.message}`;
	if (error instanceof AggregateError) {
		text += `${text && " "}[${error.errors.slice(0, mostCauses).map((e) => `${e}`).join("; ")}]`;
	}
	for (let i = 0, cause = error.cause; i < mostCauses && cause !== undefined; i++, cause = cause?.cause) {
		text += `, because of ${cause instanceof Error ? cause : inspect(cause)}`;
	}
	return text;
}

/** Passes an exception on to the host. */
function report(handle, error) {
	let code = 1, type = "", message = "", stack = "";
	try {
		code = TaskError.codeOf(error);
		const deliberate = code !== 0;
		if (!deliberate) code = OpError.codeOf(error);
		if (error instanceof Error) {
			message = told(error);
			if (!deliberate) {
				type = `${error.name}`;
				stack = `${error.stack}`;
			}
		} else {
			message = `threw ${inspect(error)}`;
		}
	} catch {
		message ||= "an exception that can't be described";
	}
	host.fail(handle, code, type, message, stack);
}

/** Begins a program, and then waits for the promise of its top level. */
host.program = (handle, promise) => {
	if (promise === undefined) {
		begin(handle, true, false);
		return;
	}
	const call = callOf(handle);
	settle(call, runProgram(call, promise));
};

async function runProgram(call, promise) {
	await promise;
	const main = host.exports().default;
	const value = typeof main === "function" ? await (get(defined, main)?.run ?? main)() : undefined;
	return drained(call, value);
}

/** Resolves to value when no op of the call runs, such as those of timers. */
function drained(call, value) {
	if (call.pending === 0) return value;
	return new Promise((resolve) => {
		call.idle = () => {
			if (call.pending === 0) resolve(value);
		};
	});
}
