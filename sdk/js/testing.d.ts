// The fake host of unit tests. See README.md.

export interface Fakes {
	/** Answers fetch. Default: it is denied, as a host does by default. */
	fetch?: (request: Request) => Response | Promise<Response>;
	/** Answers ops, by their names. Default: they are denied. */
	ops?: Record<string, (arg: Uint8Array) => string | Uint8Array | Promise<string | Uint8Array>>;
	/** Answers call, by the names of tasks, "module.task" for those of other modules. */
	tasks?: Record<string, (input: any) => unknown>;
	/** The values that config returns. Default: config is denied. */
	config?: Record<string, string>;
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
	/** What it has written as a program. */
	readonly stdout: string;
	readonly stderr: string;
	/** Ends the fake: the default host is back, and the global fetch. */
	restore(): void;
}

/** Puts a fake in place of the host, until restore. There is one at a time. */
export function fakeHost(fakes?: Fakes): FakeHost;
