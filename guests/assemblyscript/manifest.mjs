// The manifest of pristine.ts, and the asc transform that puts it in the module.
const tasks = [
  {name: "noop", mode: "blocking", doc: "Does nothing."},
  {name: "noop_io", mode: "io", doc: "Does nothing."},
  {name: "noop_cpu", mode: "cpu", doc: "Does nothing."},
  {name: "hide", mode: "cpu", doc: "Leaves copies of a secret all over its instance.\nInput: the secret, 1 to 1024 bytes; 16 random ones are found nowhere by chance. Output: how many copies."},
  {name: "seek", mode: "cpu", doc: "Counts the copies of a secret in its instance.\nInput: the secret, each byte XORed with 0x55. Output: how many copies."},
  {name: "size", mode: "cpu", doc: "Outputs the size of its memory, in pages of 64 KiB."},
  {name: "random", mode: "blocking", doc: "Outputs the bits of Math.random(), in hex: seeded by the host, once an instance."},
  {name: "fail", mode: "blocking", doc: "Fails with code 7."},
  {name: "trap", mode: "cpu", doc: "Traps."},
  {name: "spin", mode: "cpu", doc: "Never ends."},
  {name: "grow", mode: "cpu", doc: "Takes memory until there is none, and traps."},
];

export default class {
  afterCompile(module) {
    module.addCustomSection("wexec.v1", new TextEncoder().encode(JSON.stringify({tasks})));
  }
}
