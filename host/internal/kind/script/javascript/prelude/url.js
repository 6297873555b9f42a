// URL and URLSearchParams, as far as tasks need them: absolute and relative URLs with an
// authority, such as http and https, and opaque ones, such as data and mailto.

import { host } from "./core.js";

const ports = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443", "ftp:": "21" };

/** Percent-encodes what is not in keep. */
function encode(text, keep) {
	let out = "";
	for (const c of text) {
		if (keep.test(c)) {
			out += c;
			continue;
		}
		for (const b of new Uint8Array(host.encode(c))) out += `%${b.toString(16).toUpperCase().padStart(2, "0")}`;
	}
	return out;
}

const inPath = /[!$&'()*+,\-./0-9:;=@A-Z[\\\]^_a-z|~%]/;
const inQuery = /[!$&()*+,\-./0-9:;=?@A-Z[\\\]^_`a-z{|}~%]/;
const inFragment = /[!#$&'()*+,\-./0-9:;=?@A-Z[\\\]^_a-z{|}~%]/;
const inUser = /[!$&'()*+,\-.0-9A-Z_a-z~%]/;
const inForm = /[*\-.0-9A-Z_a-z]/;

/** Resolves . and .. in a path. */
function normalized(path) {
	const out = [];
	const parts = path.split("/");
	parts.forEach((part, i) => {
		const last = i === parts.length - 1;
		const plain = part.replace(/%2e/gi, ".");
		if (plain === "..") {
			if (out.length > 1) out.pop();
			if (last) out.push("");
		} else if (plain === ".") {
			if (last) out.push("");
		} else {
			out.push(part);
		}
	});
	return out.join("/");
}

function hostname(text) {
	if (text.startsWith("[")) {
		if (!/^\[[0-9a-f:.]+\]$/i.test(text)) throw new TypeError(`${text} is no address`);
		return text.toLowerCase();
	}
	let name;
	try {
		name = decodeURIComponent(text).toLowerCase();
	} catch {
		throw new TypeError(`${text} is no host`);
	}
	if (name === "" || /[\0-\x20#%/:<>?@[\\\]^|\x7f]/.test(name)) throw new TypeError(`${text} is no host`);
	if (/[^\0-\x7f]/.test(name)) throw new TypeError(`${text}: write the name of the host in ASCII (xn--…)`);
	return name;
}

export class URL {
	#scheme; #user = ""; #password = ""; #host = ""; #port = ""; #path = ""; #query = ""; #fragment = "";
	#opaque = false;
	#params = new URLSearchParams();

	constructor(input, base) {
		const text = `${input}`.replace(/^[\0-\x20]+|[\0-\x20]+$/g, "").replace(/[\t\n\r]/g, "");
		const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*:)([^]*)$/.exec(text) ?? [];
		try {
			if (scheme !== undefined) this.#absolute(scheme.toLowerCase(), rest);
			else if (base !== undefined) this.#relative(text, base instanceof URL ? base : new URL(base));
			else throw new TypeError("it has no scheme");
		} catch (error) {
			throw new TypeError(`invalid URL ${JSON.stringify(`${input}`)}: ${error.message}`);
		}
		this.#params = URLSearchParams.attached(this.#query, (query) => { this.#query = query; });
	}

	static canParse(input, base) { return URL.parse(input, base) !== null; }
	static parse(input, base) {
		try {
			return new URL(input, base);
		} catch {
			return null;
		}
	}

	#absolute(scheme, rest) {
		this.#scheme = scheme;
		if (scheme in ports || scheme === "file:") rest = rest.replace(/^[^?#]*/, (s) => s.replaceAll("\\", "/"));
		if (scheme in ports) rest = `//${rest.replace(/^\/*/, "")}`;
		const [, authority, path] = /^(?:\/\/([^/?#]*))?([^]*)$/.exec(rest);
		if (authority === undefined && !path.startsWith("/")) {
			this.#opaque = true;
			this.#tail(path);
			return;
		}
		if (authority !== undefined) this.#authority(authority);
		this.#tail(path);
	}

	#authority(text) {
		const at = text.lastIndexOf("@");
		if (at >= 0) {
			const [user, ...password] = text.slice(0, at).split(":");
			this.username = user;
			this.password = password.join(":");
		}
		const [, name, , port] = /^(\[.*\]|[^:]*)(:(.*))?$/.exec(text.slice(at + 1)) ?? [];
		if (name === undefined) throw new TypeError("its host is wrong");
		this.#host = name === "" && !(this.#scheme in ports) ? "" : hostname(name);
		this.#setPort(port ?? "");
	}

	#setPort(port) {
		if (port !== "" && (!/^\d+$/.test(port) || +port > 65535)) throw new TypeError(`${port} is no port`);
		port = port === "" ? "" : `${+port}`;
		this.#port = port === ports[this.#scheme] ? "" : port;
	}

	/** Sets path, query and fragment. */
	#tail(text) {
		const [, path, , query, , fragment] = /^([^?#]*)(\?([^#]*))?(#([^]*))?$/.exec(text);
		this.#setPath(path);
		this.#query = encode(query ?? "", inQuery);
		this.#fragment = encode(fragment ?? "", inFragment);
	}

	#setPath(path) {
		if (this.#opaque) this.#path = path;
		else this.#path = normalized(encode(path.startsWith("/") ? path : `/${path}`, inPath));
	}

	#relative(text, base) {
		this.#scheme = base.#scheme;
		if (base.#scheme in ports) text = text.replace(/^[^?#]*/, (s) => s.replaceAll("\\", "/"));
		if (text.startsWith("//")) {
			this.#absolute(base.#scheme, text);
			return;
		}
		if (base.#opaque && !text.startsWith("#")) throw new TypeError("its base is no hierarchy");
		this.#user = base.#user;
		this.#password = base.#password;
		this.#host = base.#host;
		this.#port = base.#port;
		this.#opaque = base.#opaque;
		if (text.startsWith("/")) {
			this.#tail(text);
		} else if (text === "" || text.startsWith("#") || text.startsWith("?")) {
			this.#tail(text);
			this.#path = base.#path;
			if (!text.startsWith("?")) this.#query = base.#query;
		} else {
			this.#tail(base.#path.replace(/[^/]*$/, "") + text);
		}
	}

	get href() {
		const authority = this.#opaque ? "" : `//${this.#credentials()}${this.host}`;
		return `${this.#scheme}${authority}${this.#path}${this.search}${this.hash}`;
	}

	set href(value) {
		const other = new URL(value);
		this.#scheme = other.#scheme;
		this.#user = other.#user;
		this.#password = other.#password;
		this.#host = other.#host;
		this.#port = other.#port;
		this.#path = other.#path;
		this.#opaque = other.#opaque;
		this.#fragment = other.#fragment;
		this.search = other.search;
	}

	#credentials() {
		if (this.#user === "" && this.#password === "") return "";
		return `${this.#user}${this.#password === "" ? "" : `:${this.#password}`}@`;
	}

	get origin() { return this.#scheme in ports ? `${this.#scheme}//${this.host}` : "null"; }
	get protocol() { return this.#scheme; }
	set protocol(value) {
		const scheme = `${`${value}`.replace(/:.*$/, "").toLowerCase()}:`;
		if (scheme in ports === this.#scheme in ports) {
			this.#scheme = scheme;
			this.#setPort(this.#port);
		}
	}

	get username() { return this.#user; }
	set username(value) { this.#user = encode(`${value}`, inUser); }
	get password() { return this.#password; }
	set password(value) { this.#password = encode(`${value}`, inUser); }
	get host() { return this.#host + (this.#port === "" ? "" : `:${this.#port}`); }
	set host(value) {
		const [, name, , port] = /^(\[.*\]|[^:]*)(:(\d*))?/.exec(`${value}`);
		this.#host = hostname(name);
		if (port !== undefined) this.#setPort(port);
	}

	get hostname() { return this.#host; }
	set hostname(value) { this.#host = hostname(`${value}`); }
	get port() { return this.#port; }
	set port(value) { this.#setPort(`${value}`); }
	get pathname() { return this.#path; }
	set pathname(value) {
		if (!this.#opaque) this.#setPath(`${value}`.replaceAll("?", "%3F").replaceAll("#", "%23"));
	}

	get search() { return this.#query === "" ? "" : `?${this.#query}`; }
	set search(value) {
		this.#query = encode(`${value}`.replace(/^\?/, "").replaceAll("#", "%23"), inQuery);
		this.#params = URLSearchParams.attached(this.#query, (query) => { this.#query = query; });
	}

	get searchParams() { return this.#params; }
	get hash() { return this.#fragment === "" ? "" : `#${this.#fragment}`; }
	set hash(value) { this.#fragment = encode(`${value}`.replace(/^#/, ""), inFragment); }
	toString() { return this.href; }
	toJSON() { return this.href; }
}

const decode = (text) => {
	const bytes = [];
	const source = new Uint8Array(host.encode(text.replaceAll("+", " ")));
	for (let i = 0; i < source.length; i++) {
		const hex = source[i] === 37 ? String.fromCharCode(source[i + 1] ?? 0, source[i + 2] ?? 0) : "";
		if (/^[0-9a-f]{2}$/i.test(hex)) {
			bytes.push(parseInt(hex, 16));
			i += 2;
		} else {
			bytes.push(source[i]);
		}
	}
	return host.decode(new Uint8Array(bytes));
};

const encodeForm = (text) => encode(text, inForm).replaceAll("%20", "+");

export class URLSearchParams {
	#list = [];
	#changed = () => {};

	constructor(init = "") {
		if (typeof init === "object" && init !== null) {
			for (const [name, value] of Symbol.iterator in init ? init : Object.entries(init)) {
				this.#list.push([`${name}`, `${value}`]);
			}
			return;
		}
		for (const pair of `${init}`.replace(/^\?/, "").split("&")) {
			if (pair === "") continue;
			const at = pair.indexOf("=");
			this.#list.push(at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))]);
		}
	}

	/** Returns the parameters of a query. changed is called with each new query. */
	static attached(query, changed) {
		const params = new URLSearchParams(query);
		params.#changed = () => changed(`${params}`);
		return params;
	}

	get size() { return this.#list.length; }
	append(name, value) {
		this.#list.push([`${name}`, `${value}`]);
		this.#changed();
	}

	delete(name, value) {
		this.#list = this.#list.filter((e) => e[0] !== `${name}` || value !== undefined && e[1] !== `${value}`);
		this.#changed();
	}

	get(name) { return this.#list.find((e) => e[0] === `${name}`)?.[1] ?? null; }
	getAll(name) { return this.#list.filter((e) => e[0] === `${name}`).map((e) => e[1]); }
	has(name, value) {
		return this.#list.some((e) => e[0] === `${name}` && (value === undefined || e[1] === `${value}`));
	}

	set(name, value) {
		const entry = this.#list.find((e) => e[0] === `${name}`);
		if (entry === undefined) {
			this.append(name, value);
			return;
		}
		entry[1] = `${value}`;
		this.#list = this.#list.filter((e) => e === entry || e[0] !== `${name}`);
		this.#changed();
	}

	sort() {
		this.#list.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
		this.#changed();
	}

	forEach(f, self) {
		for (const [name, value] of this) f.call(self, value, name, this);
	}

	*entries() {
		for (const [name, value] of this.#list) yield [name, value];
	}

	*keys() {
		for (const [name] of this.#list) yield name;
	}

	*values() {
		for (const [, value] of this.#list) yield value;
	}

	[Symbol.iterator]() { return this.entries(); }
	toString() { return this.#list.map(([name, value]) => `${encodeForm(name)}=${encodeForm(value)}`).join("&"); }
}
