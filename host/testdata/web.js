// What a script has of the web's API. Each exported function checks a part of it, and
// throws if something is wrong. The input is the URL of a server.
import { config, sleep, task } from "wexec";

function check(ok, what) {
	if (!ok) throw new Error(`not as it should be: ${what}`);
}

function equal(got, want, what = "") {
	const text = (value) => JSON.stringify(value, (_, v) => (v === undefined ? "undefined" : v));
	if (text(got) !== text(want)) throw new Error(`${what}: got ${text(got)}, want ${text(want)}`);
}

async function throws(f, name, what) {
	let error;
	try {
		await f();
	} catch (e) {
		error = e;
	}
	check(error?.name === name, `${what}: got ${error}, want ${name}`);
	return error;
}

export async function fetches(url) {
	let r = await fetch(`${url}/a?b=1`);
	check(r.ok && r.status === 200 && r.headers.get("X-METHOD") === "GET", "the head");
	check((await r.json()).path === "/a?b=1", "json");
	await throws(() => r.text(), "TypeError", "reading twice");
	r = await fetch(new URL("/missing", url), { method: "POST", body: new URLSearchParams({ q: "ä b" }) });
	check(r.status === 404 && !r.ok && r.headers.get("x-method") === "POST", "a post");
	check(r.headers.get("x-type").startsWith("application/x-www-form-urlencoded"), "the type of a form");
	check((await r.text()).includes("q=%C3%A4+b"), "a form");
	r = await fetch(url, { method: "PUT", body: Uint8Array.of(104, 105) });
	check(new TextDecoder().decode(await r.arrayBuffer()).includes('"body": "hi"'), "bytes");
	let text = "";
	for await (const piece of (await fetch(url)).body) text += new TextDecoder().decode(piece, { stream: true });
	check(text.includes("path"), "pieces");
	text = "";
	for await (const piece of (await fetch(url, { stream: true })).body) text += new TextDecoder().decode(piece);
	equal(text, await (await fetch(url, { stream: true })).text(), "a stream");
	for await (const _ of (await fetch(url, { stream: true })).body) break;
	const failing = (async function* () {
		yield "a";
		throw new RangeError("no more");
	})();
	await throws(() => fetch(url, { method: "POST", body: failing }), "RangeError", "a body that fails");
	await throws(() => fetch(url, { method: "GET", body: "x" }), "TypeError", "a get with a body");
	await throws(() => fetch("/relative"), "TypeError", "a relative url");
	const denied = await throws(() => fetch("http://denied.example/"), "OpError", "a denied server");
	equal(denied.status, "denied");
}

export async function aborts(url) {
	const controller = new AbortController();
	let events = 0;
	controller.signal.onabort = () => { events++; };
	setTimeout(() => controller.abort(), 5);
	await throws(() => fetch(`${url}/hang`, { signal: controller.signal }), "AbortError", "abort");
	controller.abort();
	equal(events, 1, "events");
	await throws(() => fetch(url, { signal: controller.signal }), "AbortError", "after abort");
	await throws(() => sleep(3600e3, { signal: AbortSignal.timeout(5) }), "TimeoutError", "timeout");
	const any = AbortSignal.any([new AbortController().signal, AbortSignal.abort(new RangeError("why"))]);
	await throws(() => sleep(1, { signal: any }), "RangeError", "any");
	await throws(() => new AbortSignal(), "TypeError", "a signal of one's own");
}

export async function timers() {
	const order = [];
	const late = setTimeout(() => order.push("late"), 3600e3);
	queueMicrotask(() => order.push("micro"));
	await new Promise((done) => {
		setTimeout((x) => {
			order.push(x);
			setTimeout(() => {
				order.push("b");
				done();
			}, 5);
		}, undefined, "a");
	});
	let n = 0;
	await new Promise((done) => {
		const id = setInterval(() => {
			if (++n === 3) {
				clearInterval(id);
				done();
			}
		}, 1);
	});
	clearTimeout(late);
	clearTimeout(late);
	clearTimeout(undefined);
	await sleep(5);
	equal(order, ["micro", "a", "b"]);
	equal(n, 3);
}

export function text() {
	const bytes = new TextEncoder().encode("aä€😀");
	equal([...bytes], [97, 195, 164, 226, 130, 172, 240, 159, 152, 128]);
	equal(new TextDecoder().decode(bytes), "aä€😀");
	equal(new TextDecoder().decode(bytes.buffer), "aä€😀");
	const pieces = new TextDecoder();
	let all = "";
	for (const b of bytes) all += pieces.decode(Uint8Array.of(b), { stream: true });
	equal(all + pieces.decode(), "aä€😀");
	equal(new TextDecoder().decode(Uint8Array.of(0xff, 97)), "\ufffda");
	equal(new TextDecoder().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 97)), "a");
	let fatal;
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.of(0xff));
	} catch (e) {
		fatal = e;
	}
	check(fatal instanceof TypeError, "fatal");
	equal(new TextEncoder().encodeInto("a€b", new Uint8Array(3)), { read: 1, written: 1 });
	equal(atob(btoa("hello")), "hello");
}

export function urls() {
	const u = new URL("HTTPS://user:p%20w@Example.COM:443/a/./b/../c d?x=1&y=ä#frag");
	equal(u.href, "https://user:p%20w@example.com/a/c%20d?x=1&y=%C3%A4#frag");
	equal([u.origin, u.protocol, u.host, u.hostname, u.port],
		["https://example.com", "https:", "example.com", "example.com", ""]);
	equal([u.username, u.password, u.pathname, u.search, u.hash],
		["user", "p%20w", "/a/c%20d", "?x=1&y=%C3%A4", "#frag"]);
	equal(u.searchParams.get("y"), "ä");
	u.searchParams.append("z", "a b&c");
	equal(u.search, "?x=1&y=%C3%A4&z=a+b%26c");
	u.search = "?q=2";
	equal(u.searchParams.get("q"), "2");
	u.port = "8080";
	u.hash = "";
	equal(`${u}`, "https://user:p%20w@example.com:8080/a/c%20d?q=2");
	for (const [relative, want] of [
		["g", "http://a/b/c/g"], ["./g/.", "http://a/b/c/g/"], ["../g", "http://a/b/g"], ["../../../g", "http://a/g"],
		["/g", "http://a/g"], ["//g", "http://g/"], ["?y", "http://a/b/c/d;p?y"], ["#s", "http://a/b/c/d;p?q#s"],
		["", "http://a/b/c/d;p?q"], ["g?y#s", "http://a/b/c/g?y#s"], ["https://x.y", "https://x.y/"], ["..", "http://a/b/"],
	]) equal(new URL(relative, "http://a/b/c/d;p?q").href, want, relative);
	equal(new URL("http://[::1]:80/").host, "[::1]");
	equal(new URL("data:text/plain,a b").pathname, "text/plain,a b");
	equal(new URL("http:\\\\a\\b").href, "http://a/b");
	for (const bad of ["", "a", "http://", "http://a b/", "http://a:99999/", "http://[x]/", "//x", "http://ä/"]) {
		check(!URL.canParse(bad), `${bad} is no url`);
	}
	const p = new URLSearchParams([["b", "1"], ["a", "2"], ["b", "3"]]);
	p.sort();
	equal([`${p}`, p.getAll("b"), p.has("b", "3"), p.size], ["a=2&b=1&b=3", ["1", "3"], true, 3]);
	p.set("b", "4");
	p.delete("a");
	equal(`${p}`, "b=4");
	equal(Object.fromEntries(new URLSearchParams("?a=%41+b&c")), { a: "A b", c: "" });
}

export function clones() {
	const o = {
		date: new Date(5), map: new Map([[{ k: 1 }, new Set([1])]]), re: /x/gi, big: 5n, bytes: Uint8Array.of(1, 2),
		nothing: undefined,
	};
	o.self = o;
	const c = structuredClone(o);
	check(c !== o && c.self === c && c.bytes !== o.bytes, "an object");
	check(+c.date === 5 && c.re.flags === "gi" && c.big === 5n, "its values");
	equal([...[...c.map][0][1]], [1]);
	equal([...c.bytes], [1, 2]);
	check(structuredClone(new RangeError("x")) instanceof RangeError, "an error");
	let refused;
	try {
		structuredClone(() => {});
	} catch (e) {
		refused = e.name;
	}
	equal(refused, "DataCloneError");
}

export function random() {
	const a = crypto.getRandomValues(new Uint32Array(4));
	check(a.some((n) => n !== 0), "random values");
	const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
	check(uuid.test(crypto.randomUUID()), "a uuid");
	let sum = 0;
	for (let i = 0; i < 1000; i++) {
		const r = Math.random();
		check(r >= 0 && r < 1, "a random number");
		sum += r;
	}
	check(sum > 400 && sum < 600, `random numbers have the mean ${sum / 1000}`);
}

export function logs() {
	console.log("a", { n: 1 });
	console.warn("%s", "careful");
	console.error("bad");
	const o = {};
	o.o = o;
	console.log(o, [1, [2, [3, [4, [5]]]]], new Map([[1, 2]]), new Set([1]), null, undefined, -0, 1n, Symbol("x"));
	console.log(() => {}, new Error("e"), new Proxy({}, {}), Object.create(null), new Array(1e6), new Uint8Array(1e6));
	console.log({ get x() { throw 1; } });
}

export async function configured() {
	equal(await config("color"), "red");
	equal(await config("size"), undefined);
}

export const headers = task({ mode: "cpu" }, () => {
	const h = new Headers({ A: "1", b: ["2", "3"] });
	h.append("a", " 4 ");
	equal([...h], [["a", "1, 4"], ["b", "2, 3"]]);
	h.delete("A");
	check(!h.has("a") && h.get("a") === null, "delete");
	let refused;
	try {
		h.set("a b", "x");
	} catch (e) {
		refused = e.name;
	}
	equal(refused, "TypeError");
});
