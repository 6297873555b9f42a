import { task } from "wexec";

/** Greets someone. */
export function greet(name = "world") {
	return `Hello, ${name}!`;
}

/** Counts the primes below a number. */
export const primes = task({ mode: "cpu" }, (limit) => {
	let count = 0;
	for (let n = 2; n < limit; n++) {
		let prime = true;
		for (let d = 2; prime && d * d <= n; d++) prime = n % d !== 0;
		if (prime) count++;
	}
	return count;
});

// The program, if no task is named. The calls run at once, on all cores.
export default async () => {
	console.log(greet("NAME"));
	console.log(...await Promise.all([1, 2, 3, 4].map((n) => primes(n * 10_000))));
};
