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
	/** The capabilities that it uses, such as "http.fetch". Default: it does not say. */
	uses?: string[];
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
	name: string, arg?: Data, options?: { signal?: AbortSignal },
): Promise<Uint8Array>;

/** A value that the host sets for its modules, or undefined if there is none. */
export function config(name: string, options?: { signal?: AbortSignal }): Promise<string | undefined>;

/** Resolves after that many milliseconds. Other calls run meanwhile. */
export function sleep(ms: number, options?: { signal?: AbortSignal }): Promise<void>;

/** Waits that many milliseconds, in a task that is not io. */
export function sleepSync(ms: number): void;

/** Text, or bytes. */
export type Data = string | ArrayBuffer | ArrayBufferView;

export interface FetchInit extends Omit<RequestInit, "body"> {
	/** What is sent. The pieces of an async iterable are sent as they come. */
	body?: BodyInit | AsyncIterable<Data> | null;
	/** Resolve when the response begins, and read its body as it comes. */
	stream?: boolean;
}

export interface FetchResponse extends Response {
	/** The pieces of the body, for one for await. */
	readonly body: (Response["body"] & AsyncIterable<Uint8Array>) | null;
	bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

/** The global fetch, by http.fetch and http.open. The host decides which servers it may reach. */
export function fetch(input: string | URL | Request, init?: FetchInit): Promise<FetchResponse>;

/**
 * Emits a chunk of the task's output before its end; what the task returns comes after all
 * chunks. Resolves when there is room for more.
 */
export function emit(chunk: Data): Promise<void>;

/** Tells the caller how far the task has got, in a unit of its own. */
export function progress(done: number, total?: number, message?: string): Promise<void>;

/** A value, and its version: a number that grows with each write of the key. */
export interface KVEntry {
	value: Uint8Array;
	version: bigint;
}

/** Keys and values that the host keeps, in bytes. The version 0n is that of no key. */
export const kv: {
	/** The value, or undefined if there is no such key. */
	get(key: Data): Promise<Uint8Array | undefined>;
	/** The value with its version, or undefined. */
	entry(key: Data): Promise<KVEntry | undefined>;
	/** Writes a value, for ttl milliseconds if that is given. Resolves to its version. */
	put(key: Data, value: Data, options?: { ttl?: number }): Promise<bigint>;
	/** Writes a value if the key has that version. Resolves to the new version, or to 0n if it has another. */
	swap(key: Data, value: Data, version: bigint, options?: { ttl?: number }): Promise<bigint>;
	/** Deletes a key, if it has that version. Resolves to whether it was deleted. */
	delete(key: Data, version?: bigint): Promise<boolean>;
	/** Adds to a decimal number; there is 0 before. Resolves to the sum. */
	add(key: Data, n?: number | bigint): Promise<number>;
	/** Yields the keys that begin with prefix and come after a key, in their order. */
	scan(prefix?: Data, after?: Data): AsyncGenerator<KVEntry & { key: string }, void>;
};

export type FileKind = "file" | "directory" | "link" | "other";

/** Files in the folders that the host has mounted, by absolute paths. */
export const files: {
	read(path: string): Promise<Uint8Array>;
	text(path: string): Promise<string>;
	/** Writes a whole file, in place of one that was there. */
	write(path: string, data: Data): Promise<void>;
	/** Resolves to undefined if there is nothing. */
	stat(path: string): Promise<{ kind: FileKind; size: number; modified: Date } | undefined>;
	/** Yields what is in a directory, in any order. */
	list(path: string): AsyncGenerator<{ name: string; kind: FileKind }, void>;
	/** Removes a file or an empty directory. */
	remove(path: string): Promise<void>;
	mkdir(path: string): Promise<void>;
	/** Gives a file or directory another path, in place of a file that is there. */
	rename(path: string, to: string): Promise<void>;
};

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
