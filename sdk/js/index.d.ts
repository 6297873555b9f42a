// What a script can import from "wexec". Beside it a script has the globals fetch,
// setTimeout, AbortController, console, URL, TextEncoder, crypto.getRandomValues and
// structuredClone.

/** How a task is best run: it mostly waits, it may block, or it computes. */
export type Mode = "io" | "blocking" | "cpu";

export interface TaskOptions {
	/** The name. Default: that of the export. */
	name?: string;
	/** Default: io for an async function, blocking for another. A cpu task can't be async. */
	mode?: Mode;
	/** For people: a first line that stands alone, then what the task takes and returns. */
	doc?: string;
	/** The longest that a call may take, in milliseconds. */
	timeout?: number;
	/** The most memory of an instance, in bytes. */
	memory?: number;
	/** The most that a call may compute, in units of about one instruction. */
	fuel?: number;
	/** JSON schemas. Default: what the types in the source tell, where they are simple. */
	input?: object;
	output?: object;
	/** The input is bytes, not JSON: the function gets a Uint8Array. */
	bytes?: boolean;
}

/** A task. Calling it in another task is a call of the host, in the task's own mode. */
export type Task<P extends unknown[], R> = (...params: P) => Promise<Awaited<R>>;

/**
 * Makes a task of a function. Its parameters and its result must have a JSON form; a
 * Uint8Array is returned as bytes.
 */
export function task<P extends unknown[], R>(run: (...params: P) => R): Task<P, R>;
export function task<P extends unknown[], R>(options: TaskOptions, run: (...params: P) => R): Task<P, R>;

export interface CallOptions {
	/** The module that has the task. Default: this one. */
	module?: string;
	/** Resolve to the output's bytes. Otherwise the output is JSON. */
	bytes?: boolean;
	/** Cancels the call. */
	signal?: AbortSignal;
}

/** Calls a task by its name, of this module or of another one that the host has loaded. */
export function call(name: string, input: unknown, options: CallOptions & { bytes: true }): Promise<Uint8Array>;
export function call<T = unknown>(name: string, input?: unknown, options?: CallOptions): Promise<T>;

/** Runs an op of a capability of the host by its name. Resolves to the result's bytes. */
export function op(
	name: string, arg?: string | ArrayBuffer | ArrayBufferView, options?: { signal?: AbortSignal },
): Promise<Uint8Array>;

/** A value that the host sets for its modules, or undefined if there is none. */
export function config(name: string, options?: { signal?: AbortSignal }): Promise<string | undefined>;

/** Resolves after that many milliseconds. Other calls run meanwhile. */
export function sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;

/** Waits that many milliseconds, in a task that is not io. */
export function sleepSync(ms: number): void;

/** The global fetch, by http.fetch. The host decides which servers it may reach. */
export const fetch: typeof globalThis.fetch;

/** Writes lines to the host's log. */
export const log: {
	debug(text: string): void;
	info(text: string): void;
	warn(text: string): void;
	error(text: string): void;
};

/** What a file that is run as a program sees of its call. */
export const program: {
	/** The arguments, without the program's name. */
	readonly args: string[];
	readonly env: Record<string, string>;
	readonly stdin: { bytes(): Uint8Array; text(): string };
	readonly stdout: { write(text: string): void };
	readonly stderr: { write(text: string): void };
	/** Ends the program. It fails unless the code is 0. */
	exit(code?: number): never;
};

/** A failure that a task reports on purpose: no stack, and a code of its own. */
export class TaskError extends Error {
	/** The code is positive. Default: 1. */
	constructor(message: string, options?: { code?: number });
	readonly code: number;
}

/** The failure of an op: of a call, a fetch, or another capability. */
export class OpError extends Error {
	/** The kind of failure: "denied", "timeout", "failed", … */
	readonly status: string;
	/** The code that a task failed with, if it gave one, or 0. */
	readonly code: number;
}
