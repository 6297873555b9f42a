// Keys and values, and files, in the memory of the fake host.

import { answerer, bytesOf as bytes, current, OpError } from "./testing.js";

const any = 2n ** 64n - 1n;

/** A key as a string that has its bytes as characters, so that strings are in their order. */
const keyOf = (key) => Buffer.from(bytes(key)).toString("latin1");
const textOf = (key) => Buffer.from(key, "latin1").toString();

/** The store of keys and values. It notes the op. */
function store(name) {
	answerer(name, current.fakes.kv, name);
	return (current.kv ??= new Store(current.fakes.kv));
}

class Store {
	#entries = new Map(); // {value, version, until}, by key
	#last = 0n; // the last version

	constructor(initial) {
		for (const [key, value] of Object.entries(initial)) this.put(keyOf(key), value, any, 0);
	}

	find(key) {
		const entry = this.#entries.get(key);
		return entry !== undefined && Date.now() < entry.until ? entry : undefined;
	}

	/** The entry, if that is the version of the key. */
	#at(key, version) {
		const entry = this.find(key);
		return version === any || version === (entry?.version ?? 0n) ? entry ?? { version: 0n } : undefined;
	}

	put(key, value, version, ttl) {
		if (key === "") throw new OpError("kv.put: the key is empty", "invalid_input");
		if (this.#at(key, version) === undefined) return 0n;
		const until = ttl > 0 ? Date.now() + ttl : Infinity;
		this.#entries.set(key, { value: bytes(value).slice(), version: ++this.#last, until });
		return this.#last;
	}

	delete(key, version) {
		const entry = this.#at(key, version);
		return entry !== undefined && entry.version !== 0n && this.#entries.delete(key);
	}

	add(key, n) {
		const entry = this.find(key);
		const old = new TextDecoder().decode(entry?.value ?? bytes("0"));
		const sum = /^[+-]?\d+$/.test(old) ? BigInt(old) + BigInt(n) : undefined;
		if (sum === undefined || BigInt.asIntN(64, sum) !== sum) {
			throw new OpError("kv.add: the value is no number of 64 bits, or the sum would be none", "invalid_input");
		}
		this.put(key, `${sum}`, any, entry === undefined ? 0 : entry.until - Date.now());
		return Number(sum);
	}

	keys() { return [...this.#entries.keys()].sort(); }
}

const shown = ({ value, version }) => ({ value: value.slice(), version });

export const kv = {
	async get(key) { return (await kv.entry(key))?.value; },
	async entry(key) {
		const entry = store("kv.get").find(keyOf(key));
		return entry && shown(entry);
	},
	put: (key, value, options) => kv.swap(key, value, any, options),
	async swap(key, value, version, { ttl = 0 } = {}) { return store("kv.put").put(keyOf(key), value, version, ttl); },
	async delete(key, version = any) { return store("kv.delete").delete(keyOf(key), version); },
	async add(key, n = 1) { return store("kv.add").add(keyOf(key), n); },
	async *scan(prefix = "", after = "") {
		const kept = store("kv.scan");
		for (const key of kept.keys()) {
			const entry = kept.find(key);
			if (entry !== undefined && key.startsWith(keyOf(prefix)) && key > keyOf(after)) {
				yield { key: textOf(key), ...shown(entry) };
			}
		}
	},
};

/** The tree of files. It notes the op. */
function tree(name) {
	answerer(name, current.fakes.files, name);
	current.files ??= new Tree(current.fakes.files);
	current.files.op = name;
	return current.files;
}

class Tree {
	#nodes = new Map(); // {kind, data, modified}, by absolute path
	op = ""; // that runs

	constructor(initial) {
		for (const [path, data] of Object.entries(initial)) {
			const names = path.split("/").filter((name) => name !== "");
			const directories = path.endsWith("/") ? names.length : names.length - 1;
			for (let i = 1; i <= directories; i++) this.#set(`/${names.slice(0, i).join("/")}`);
			if (!path.endsWith("/")) this.#set(`/${names.join("/")}`, bytes(data).slice());
		}
	}

	#set(path, data) {
		this.#nodes.set(path, { kind: data === undefined ? "directory" : "file", data, modified: new Date() });
	}

	/** Returns the path without . and .., and fails if no folder is mounted there. */
	#clean(path) {
		const names = [];
		for (const name of `${path}`.split("/")) {
			if (name === "..") names.pop();
			else if (name !== "" && name !== ".") names.push(name);
		}
		if (!this.#nodes.has(`/${names[0]}`)) this.#fail(path, "no folder is mounted there", "denied");
		return `/${names.join("/")}`;
	}

	#fail(path, why, status = "failed") { throw new OpError(`${this.op}: "${path}": ${why}`, status); }

	/** Returns the path, in a directory that is there. */
	#place(path) {
		const clean = this.#clean(path);
		const above = clean.slice(0, clean.lastIndexOf("/"));
		const directory = this.#nodes.get(above);
		if (above !== "" && directory === undefined) this.#fail(path, "no such file");
		if (directory?.kind === "file") this.#fail(path, "it is not in a directory");
		return clean;
	}

	stat(path) { return this.#nodes.get(this.#clean(path)); }

	/** Returns what is there, which is of that kind. */
	at(path, kind) {
		const node = this.#nodes.get(this.#place(path));
		if (node === undefined) this.#fail(path, "no such file");
		if (kind === "file" && node.kind !== kind) this.#fail(path, "it is a directory");
		if (kind === "directory" && node.kind !== kind) this.#fail(path, "it is not in a directory");
		return node;
	}

	/** Yields the paths that are below a directory, and what is there. */
	*below(path) {
		const prefix = `${this.#clean(path)}/`;
		for (const [name, node] of [...this.#nodes]) {
			if (name.startsWith(prefix)) yield [name.slice(prefix.length), node];
		}
	}

	write(path, data) {
		const place = this.#place(path);
		if (this.#nodes.get(place)?.kind === "directory") this.#fail(path, "it is a directory");
		this.#set(place, bytes(data).slice());
	}

	mkdir(path) {
		const place = this.#place(path);
		if (this.#nodes.has(place)) this.#fail(path, "it exists already");
		this.#set(place);
	}

	remove(path) {
		this.at(path);
		for (const _ of this.below(path)) this.#fail(path, "the directory is not empty");
		this.#nodes.delete(this.#clean(path));
	}

	rename(path, to) {
		const node = this.at(path);
		const [from, place] = [this.#clean(path), this.#place(to)];
		if (from === place) return;
		if (`${place}/`.startsWith(`${from}/`)) this.#fail(to, "a directory can't be moved into itself");
		const there = this.#nodes.get(place);
		if (there !== undefined && node.kind === "file" && there.kind !== "file") this.#fail(to, "it is a directory");
		if (there !== undefined && node.kind !== "file") {
			if (there.kind === "file") this.#fail(to, "it is not in a directory");
			for (const _ of this.below(to)) this.#fail(to, "the directory is not empty");
		}
		for (const [name, inside] of this.below(path)) {
			this.#nodes.delete(`${from}/${name}`);
			this.#nodes.set(`${place}/${name}`, inside);
		}
		this.#nodes.delete(from);
		this.#nodes.set(place, node);
	}
}

export const files = {
	async read(path) { return tree("files.read").at(path, "file").data.slice(); },
	async text(path) { return new TextDecoder().decode(await files.read(path)); },
	async write(path, data) { tree("files.write").write(path, data); },
	async stat(path) {
		const node = tree("files.stat").stat(path);
		return node && { kind: node.kind, size: node.data?.length ?? 0, modified: node.modified };
	},
	async *list(path) {
		const all = tree("files.list");
		all.at(path, "directory");
		for (const [name, { kind }] of all.below(path)) {
			if (!name.includes("/")) yield { name, kind };
		}
	},
	async remove(path) { tree("files.remove").remove(path); },
	async mkdir(path) { tree("files.mkdir").mkdir(path); },
	async rename(path, to) { tree("files.rename").rename(path, to); },
};
