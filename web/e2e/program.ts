// Programs in Python that the tests run beside browsers: testdata/*_app.py.
import { spawn, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";
import { expect } from "@playwright/test";

/** One run of a program. */
export class Program {
  private readonly process: ChildProcess;
  private out = "";
  private errors = "";

  constructor(name: string, args: string[]) {
    this.process = spawn("/usr/bin/python3", [resolve(import.meta.dirname, "testdata", `${name}_app.py`), ...args]);
    this.process.stdout?.on("data", (data: Buffer) => (this.out += data.toString()));
    this.process.stderr?.on("data", (data: Buffer) => (this.errors += data.toString()));
  }

  async says(word: string): Promise<void> {
    await expect.poll(() => this.out.split("\n").includes(word) || this.errors, { timeout: 20_000, message: word }).toBe(true);
  }

  /** The loudest tenth of a second of what it decoded lately, 0 to 1. */
  get loudness(): number {
    const heard = this.out.split("\n").filter((line) => line.startsWith("rms "));
    return Math.max(0, ...heard.slice(-20).map((line) => Number(line.split(" ").at(-1))));
  }

  /** Ends it as a person would, and waits for its last word: it hangs up by DELETE. */
  async end(last = "deleted"): Promise<void> {
    this.process.stdin?.end();
    await this.says(last);
  }

  kill(): void {
    this.process.kill("SIGKILL");
  }
}
