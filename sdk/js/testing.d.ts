// The fake host of unit tests. See README.md.

import type { Data } from "wexec";

export type FetchAnswer = Response | Data | AsyncIterable<Data>;

export interface Fakes {
	/**
	 * Answers fetch with a response, or with a body: text, bytes, or the pieces of an async
	 * generator. Default: it is denied, as a host does by default.
	 */
	fetch?: (request: Request) => FetchAnswer | Promise<FetchAnswer>;
	/** Answers ops, by their names. Default: they are denied. */
	ops?: Record<string, (arg: Uint8Array) => string | Uint8Array | Promise<string | Uint8Array>>;
	/** Answers call, by the names of tasks, "module.task" for those of other modules. */
	tasks?: Record<string, (input: any) => unknown>;
	/** The values that config returns. Default: config is denied. */
	config?: Record<string, string>;
	/** The keys and values that kv begins with. Default: kv is denied. */
	kv?: Record<string, Data>;
	/**
	 * The files that files begins with, by their paths: {"/data/a.txt": "text"}. The path of
	 * an empty directory ends in /. Default: files is denied.
	 */
	files?: Record<string, Data>;
	/** What the script sees as a program. */
	args?: string[];
	env?: Record<string, string>;
	stdin?: string | Uint8Array;
}

export interface FakeHost {
	/** What the script has logged. */
	readonly logs: { level: "debug" | "info" | "warn" | "error"; text: string }[];
	/** The names of the ops that it has started: "http.fetch", "task.call", … */
	readonly ops: string[];
	/** The chunks that it has emitted, as it gave them. */
	readonly emitted: (string | Uint8Array)[];
	/** What it has told with progress. */
	readonly progress: { done: number; total?: number; message?: string }[];
	/** What it has written as a program. */
	readonly stdout: string;
	readonly stderr: string;
	/** Ends the fake: the default host is back, and the global fetch. */
	restore(): void;
}

/** Puts a fake in place of the host, until restore. There is one at a time. */
export function fakeHost(fakes?: Fakes): FakeHost;
