// The demo. Each of four functions says how it is best run. A main calls them like any
// functions, and awaits the promises.
//
//	wexec run demo.js main -i '["futures", 1000000, "https://example.com"]' --allow-http example.com
import { fetch, sleep, task } from "wexec";

/** Sums the square roots of as many numbers as the input says. */
export const compute_some = task({ mode: "cpu" }, (count) => {
	let sum = 0;
	for (let i = 0; i < count; i++) sum += Math.sqrt(i);
	return sum;
});

const download = async (url) => (await (await fetch(url)).bytes()).length;

/** Fetches the URL that is the input. The output is the length of what came. */
export const download_some = task(download);

/** Does the same on a thread. */
export const download_some_more = task({ mode: "blocking" }, download);

/** Sleeps a millisecond as many times as the input says, one after the other. */
export const wait_some = task(async (count) => {
	for (let i = 0; i < count; i++) await sleep(1);
	return count;
});

/** Runs eleven tasks, in "sequence" or as "futures". */
export const main = task(async (how, count, url) => {
	const futures = [];
	const call = async (future) => {
		futures.push(future);
		if (how === "sequence") await future;
	};
	for (let i = 0; i < 3; i++) await call(compute_some(count));
	for (let i = 0; i < 2; i++) {
		await call(download_some(url));
		await call(download_some_more(url));
	}
	for (let i = 0; i < 4; i++) await call(wait_some(1000));
	return (await Promise.all(futures)).length;
});
