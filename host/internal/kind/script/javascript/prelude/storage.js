// Keys and values, and files, on the capabilities kv.* and files.*: see SPEC 6.7 and 6.8.

import { host, op, raw } from "./core.js";

function encoder(value) {
	const data = raw(value);
	if (data === undefined) throw new TypeError(`want text or bytes, not ${value === null ? "null" : typeof value}`);
	return typeof data === "string" ? new Uint8Array(host.encode(data)) : data;
}

const text = (bytes) => host.decode(bytes);

/** Joins numbers, [size in bytes, value], and bytes. */
function pack(...parts) {
	const pieces = parts.map((part) => {
		if (!Array.isArray(part)) return encoder(part);
		const [size, value] = part;
		const view = new DataView(new ArrayBuffer(size));
		if (size === 4) view.setUint32(0, value, true);
		else view.setBigUint64(0, BigInt(value), true);
		return new Uint8Array(view.buffer);
	});
	return join(pieces);
}

function join(pieces) {
	const all = new Uint8Array(pieces.reduce((n, piece) => n + piece.length, 0));
	let at = 0;
	for (const piece of pieces) {
		all.set(piece, at);
		at += piece.length;
	}
	return all;
}

const viewOf = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const u32 = (bytes, at = 0) => viewOf(bytes).getUint32(at, true);
const u64 = (bytes, at = 0) => viewOf(bytes).getBigUint64(at, true);
const i64 = (bytes, at = 0) => viewOf(bytes).getBigInt64(at, true);

/** Yields the pieces of a stream, and then closes it. */
export async function* pieces(handle) {
	try {
		for (let piece; (piece = await op("stream.read", pack([4, handle], [4, 64 << 10]))).length > 0;) yield piece;
	} finally {
		await op("stream.close", pack([4, handle]));
	}
}

/**
 * Returns the handle of a stream that an op can read, which gives the pieces of source.
 * failed is called with what source throws.
 */
export async function pipe(source, failed) {
	const handle = u32(await op("stream.pipe"));
	const feed = async () => {
		for await (const piece of source) await op("stream.write", pack([4, handle], piece));
		await op("stream.close", pack([4, handle]));
	};
	feed().catch(failed);
	return handle;
}

/** Joins the pieces of a stream. */
export async function whole(handle) {
	const all = [];
	for await (const piece of pieces(handle)) all.push(piece);
	return join(all);
}

/**
 * Yields the entries of a stream. parse returns an entry and the bytes that it takes, or
 * undefined if it is not whole.
 */
async function* entries(handle, parse) {
	let left = new Uint8Array();
	for await (const piece of pieces(handle)) {
		left = pack(left, piece);
		for (let found; (found = parse(left)) !== undefined;) {
			left = left.subarray(found.size);
			yield found.entry;
		}
	}
}

const anyVersion = 2n ** 64n - 1n;

/**
 * Keys and values. A key is text or bytes; values are bytes, and may be given as text. A
 * version is a BigInt, and 0n says that there is no such key.
 */
export const kv = {
	/** The value's bytes, or undefined. */
	async get(key) { return (await kv.entry(key))?.value; },

	/** {value, version}, or undefined. */
	async entry(key) {
		const got = await op("kv.get", encoder(key));
		const version = u64(got);
		return version === 0n ? undefined : { value: got.subarray(8), version };
	},

	/** Writes a value, for ttl milliseconds. Resolves to its version. */
	put(key, value, { ttl = 0 } = {}) { return kv.swap(key, value, anyVersion, { ttl }); },

	/** Writes a value if the key has that version. Resolves to the new one, or 0n. */
	async swap(key, value, version, { ttl = 0 } = {}) {
		const k = encoder(key);
		return u64(await op("kv.put", pack([8, Math.round(ttl * 1e6)], [8, version], [4, k.length], k, value)));
	},

	/** Deletes a key, if it has the version. Resolves to whether it was deleted. */
	async delete(key, version = anyVersion) { return u64(await op("kv.delete", pack([8, version], key))) !== 0n; },

	/** Adds to a decimal number. Resolves to the sum. */
	async add(key, n = 1) { return Number(i64(await op("kv.add", pack([8, BigInt.asUintN(64, BigInt(n))], key)))); },

	/** Yields {key, value, version} of the keys that begin with prefix. The key is text. */
	async *scan(prefix = "", after = "") {
		const p = encoder(prefix);
		yield* entries(u32(await op("kv.scan", pack([4, p.length], p, after))), (b) => {
			if (b.length < 16 || b.length < 16 + u32(b, 8) + u32(b, 12)) return undefined;
			const middle = 16 + u32(b, 8), size = middle + u32(b, 12);
			return { size, entry: { key: text(b.subarray(16, middle)), value: b.slice(middle, size), version: u64(b) } };
		});
	},
};

const kinds = { 0: undefined, 3: "directory", 4: "file", 7: "link" };
const kindOf = (n) => (n in kinds ? kinds[n] : "other");

/** Files in the folders that the host has mounted. */
export const files = {
	/** The file's bytes. */
	async read(path) { return op("files.read", encoder(path)); },
	/** The file's text. */
	async text(path) { return text(await files.read(path)); },
	/** Writes a new file, in place of one that was there. */
	async write(path, data) {
		const p = encoder(path);
		await op("files.write", pack([4, p.length], p, data));
	},
	/** {kind, size, modified}, or undefined if there is nothing. */
	async stat(path) {
		const b = await op("files.stat", encoder(path));
		const kind = kindOf(u32(b));
		return kind && { kind, size: Number(u64(b, 4)), modified: new Date(Number(i64(b, 12) / 1_000_000n)) };
	},
	/** Yields {name, kind} of what is in a directory, in any order. */
	async *list(path) {
		yield* entries(u32(await op("files.list", encoder(path))), (b) => {
			if (b.length < 8 || b.length < 8 + u32(b, 4)) return undefined;
			const size = 8 + u32(b, 4);
			return { size, entry: { name: text(b.subarray(8, size)), kind: kindOf(u32(b)) } };
		});
	},
	async remove(path) { await op("files.remove", encoder(path)); },
	async mkdir(path) { await op("files.mkdir", encoder(path)); },
	async rename(path, to) {
		const p = encoder(path);
		await op("files.rename", pack([4, p.length], p, to));
	},
};
