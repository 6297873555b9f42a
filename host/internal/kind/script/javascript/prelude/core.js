// What the other modules of the prelude build on: the functions of the host, the calls
// that the instance holds, and their ops. Scripts may change the builtins, so the prelude
// keeps those that it needs.

export const host = globalThis["wexec host"];
delete globalThis["wexec host"];

const { ArrayBuffer, Error, JSON, Map, Math, Promise: NativePromise, Reflect, Symbol, Uint8Array } = globalThis;
const { apply, defineProperty } = Reflect;
const { isView } = ArrayBuffer;

/** Returns a function that takes the method's this, and then its parameter. */
export const uncurry = (method) => (self, value) => apply(method, self, [value]);

/** Makes a map that keeps its methods. */
export function ownMap() {
	const map = new Map();
	for (const name of ["get", "set", "delete"]) map[name] = map[name];
	return map;
}

const nativeThen = NativePromise.prototype.then;
export const parse = JSON.parse;
export const stringify = JSON.stringify;
const { floor, min, max } = Math;

/** An error that an op ended with. */
export class OpError extends Error {
	#status;
	constructor(message, status, code = 0) {
		super(message);
		this.#status = status;
		/** The kind of error, such as "denied" or "timeout". */
		this.status = host.word(status);
		/** The code that a task failed with, if it gave one. */
		this.code = code;
	}

	/** The code with which a task fails because of the error, or 1 for other errors. */
	static codeOf(error) {
		if (typeof error !== "object" || error === null || !(#status in error)) return 1;
		return error.code > 0 ? error.code | 0 : -error.#status;
	}
}
defineProperty(OpError.prototype, "name", { value: "OpError", writable: true, configurable: true });

const cancelled = 5;

// A call is {handle, program, ended, pending, enter, idle}. current is the one that code
// runs for. Its ops are started for it. Thousands may be in flight, so there is little of
// each.
const calls = ownMap();
export let current;

/** Begins a call, and makes it current. */
export function begin(handle, program, shared) {
	many = shared;
	current = { handle, program, ended: false, pending: 0, enter: undefined, idle: undefined };
	calls.set(handle, current);
	return current;
}

const enterer = (call) => () => { current = call; };

export const callOf = (handle) => calls.get(handle);

/** Ends a call for the prelude. Reports whether it was not ended before. */
export function end(call) {
	if (call.ended) return false;
	call.ended = true;
	calls.delete(call.handle);
	return true;
}

// Reaction is a constructor of promises that then makes nothing with.
function Reaction(executor) { executor(nothing, nothing); }
const nothing = () => {};
defineProperty(Reaction, Symbol.species, { value: Reaction });
let reacting = false;

/** Calls one of the functions when the promise is settled. That makes no other promise. */
export function react(promise, fulfilled, rejected) {
	reacting = true;
	try {
		apply(nativeThen, promise, [fulfilled, rejected]);
	} finally {
		reacting = false;
	}
}

// In an instance that holds many calls, code that awaits a promise must go on with its own
// call as current, even if the promise was settled for another. Both await and then look
// the constructor of the promise up before they add their reaction, so the getter can add
// one that is run just before.
let many = false;
defineProperty(NativePromise.prototype, "constructor", {
	get() {
		if (reacting) return Reaction;
		if (many && current !== undefined) {
			try {
				current.enter ??= enterer(current);
				react(this, current.enter, current.enter);
			} catch {
				// it is no promise
			}
		}
		return NativePromise;
	},
	set(value) { defineProperty(this, "constructor", { value, writable: true, configurable: true }); },
});

/** Returns the current call, for which an op is about to start. */
export function caller(what) {
	if (current === undefined) throw new Error(`${what}: there is no call to wait for it; use it in a task`);
	if (current.ended) throw new OpError(`${what}: the task has ended`, cancelled);
	return current;
}

// The ops that run, by their handles.
const ops = ownMap();

/** Returns the promise of an op. result makes its value from the op that has ended. */
export function promised(op, call, result, signal) {
	if (op === 0) throw new OpError("the task has ended", cancelled);
	const promise = new NativePromise(keepResolve);
	const entry = { resolve: kept, call, result, signal, stop: undefined };
	if (signal !== undefined) {
		entry.stop = () => host.cancel(op);
		signal.addEventListener("abort", entry.stop);
	}
	call.pending++;
	ops.set(op, entry);
	return promise;
}

let kept;
const keepResolve = (resolve) => { kept = resolve; };
const rejected = uncurry(NativePromise.reject);
const resolve = uncurry(NativePromise.resolve);

/** Tells the host of an exception that nothing catches: it is that of a promise. */
export function uncaught(error) { rejected(NativePromise, error); }

/** Returns the promise of a value that is one or has a method then, and undefined for others. */
export function promiseOf(value) {
	if (typeof value !== "object" || value === null) return undefined;
	if (value instanceof NativePromise) return value;
	return typeof value.then === "function" ? resolve(NativePromise, value) : undefined;
}

/** Returns f's promise, or one that is rejected with what f throws. */
export function attempt(f) {
	try {
		return f();
	} catch (error) {
		return rejected(NativePromise, error);
	}
}

/** Refuses a signal that has ended already. */
export function check(signal) {
	if (signal !== undefined && signal !== null) signal.throwIfAborted();
	return signal ?? undefined;
}

host.wake = (op, status, code) => {
	const entry = ops.get(op);
	if (entry === undefined) return;
	ops.delete(op);
	const call = entry.call;
	current = call;
	entry.signal?.removeEventListener("abort", entry.stop);
	if (status === 0) entry.resolve(entry.result?.(op));
	else {
		const error = entry.signal?.aborted ? entry.signal.reason : new OpError(host.text(op, 0), status, code);
		entry.resolve(rejected(NativePromise, error));
	}
	if (--call.pending === 0 && call.idle !== undefined) react(settled, call.idle);
};

host.abandon = (handle) => {
	const call = callOf(handle);
	if (call !== undefined) end(call);
};

const settled = NativePromise.resolve();
const bytesOf = (op) => new Uint8Array(host.bytes(op, 0));

/** Bytes of an argument: undefined, text, or anything with bytes. */
export function raw(value) {
	if (value === undefined || value === null) return undefined;
	if (typeof value === "string" || value instanceof Uint8Array) return value;
	if (isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	if (value instanceof ArrayBuffer) return new Uint8Array(value);
	return undefined;
}

/**
 * Starts an op of the capability with that name. Resolves to the result's bytes.
 * arg is text or bytes.
 */
export const op = (name, arg, { signal } = {}) => attempt(() => {
	const call = caller(name);
	check(signal);
	return promised(host.start(call.handle, `${name}`, raw(arg)), call, bytesOf, signal);
});

/** Resolves to a value that the host sets for the module, or undefined. */
export const config = (name, { signal } = {}) => attempt(() => {
	const call = caller("config");
	check(signal);
	return promised(host.start(call.handle, "config.get", `${name}`), call, (op) => {
		const bytes = bytesOf(op);
		return bytes.length === 0 ? undefined : host.decode(bytes.subarray(1));
	}, signal);
});

/** Starts a timer, and returns its op. */
export function timer(call, ms) {
	ms = min(max(+ms || 0, 0), 2e12);
	const seconds = floor(ms / 1000);
	return host.sleep(call.handle, seconds | 0, floor((ms - seconds * 1000) * 1e6) | 0);
}

/** Resolves after that many milliseconds. */
export const sleep = (ms, { signal } = {}) => attempt(() => {
	const call = caller("sleep");
	check(signal);
	return promised(timer(call, ms), call, undefined, signal);
});

/** Waits that many milliseconds, in a task that is not io. */
export function sleepSync(ms) {
	const op = timer(caller("sleepSync"), ms);
	const status = host.wait(op);
	if (status === -1) throw new Error("sleepSync would block the other calls of the instance: use await sleep");
	const message = status === 0 ? "" : host.text(op, 0);
	host.drop(op);
	if (status !== 0) throw new OpError(message, status);
}

export const log = {
	debug: (text) => host.log(0, `${text}`),
	info: (text) => host.log(1, `${text}`),
	warn: (text) => host.log(2, `${text}`),
	error: (text) => host.log(3, `${text}`),
};
