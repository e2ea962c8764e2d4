// A real node: the built binary as a process, on ports of its own, with its data in a temporary folder.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const binary = resolve(import.meta.dirname, "../../bin/stoa");

const command = promisify(execFile);

/** A TCP and UDP port nobody uses at the moment. */
async function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") {
        fail(new Error("no port"));
        return;
      }
      server.close(() => { done(address.port); });
    });
  });
}

/** One node. `lines` are what it printed on its last start. */
export class StoaNode {
  readonly lines = new Map<string, string>();
  log = "";
  readonly data: string;
  private readonly http: string;
  private readonly media: string;
  private readonly flags: string[];
  private process: ChildProcess | undefined;

  private constructor(data: string, http: string, media: string, flags: string[]) {
    this.data = data;
    this.http = http;
    this.media = media;
    this.flags = flags;
  }

  /** Makes a node in a fresh folder and starts it. It stays connected to the peers. Its audio is at an address of this machine. */
  static async start(peers: StoaNode[] = [], audio = "127.0.0.1"): Promise<StoaNode> {
    const data = await mkdtemp(join(tmpdir(), "stoa-e2e-"));
    const flags = ["--p2p", `/ip4/127.0.0.1/tcp/${await freePort()}`, ...peers.flatMap((peer) => ["--peer", peer.multiaddr])];
    const node = new StoaNode(data, `127.0.0.1:${await freePort()}`, `${audio}:${await freePort()}`, flags);
    await node.run();
    return node;
  }

  /** Where other nodes reach this one. */
  get multiaddr(): string {
    const addr = this.lines.get("p2p");
    if (addr === undefined) throw new Error("the node printed no multiaddr");
    return addr;
  }

  get url(): string {
    return `http://${this.http}`;
  }

  get ownerLink(): string {
    const link = this.lines.get("owner");
    if (link === undefined) throw new Error("the node printed no owner link");
    return link;
  }

  /** Starts the process and waits until it has said where its page is. */
  async run(): Promise<void> {
    this.lines.clear();
    const child = spawn(binary, ["run", "--data", this.data, "--http", this.http, "--media", this.media, ...this.flags]);
    this.process = child;
    child.stderr.on("data", (chunk: Buffer) => { this.log += chunk.toString(); });
    let text = "";
    await new Promise<void>((done, fail) => {
      child.once("exit", (code) => { fail(new Error(`the node ended with ${String(code)}:\n${this.log}`)); });
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        for (const line of text.split("\n").slice(0, -1)) {
          const space = line.indexOf(" ");
          this.lines.set(line.slice(0, space), line.slice(space + 1));
        }
        if (this.lines.has("p2p")) done();
      });
    });
  }

  /** Ends the process with a signal and waits for it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((done) => child.once("exit", () => { done(); }));
    child.kill(signal);
    await ended;
  }

  /** Makes a backup while the node runs, and gives the file. */
  async backup(): Promise<string> {
    const file = join(await mkdtemp(join(tmpdir(), "stoa-e2e-backup-")), "backup");
    await command(binary, ["backup", file, "--data", this.data]);
    return file;
  }

  /** Loses the node with its data, and starts what is restored from a backup at the same address. */
  async restore(file: string): Promise<void> {
    await this.end("SIGKILL");
    await rm(this.data, { recursive: true, force: true });
    await command(binary, ["restore", file, "--data", this.data]);
    await rm(dirname(file), { recursive: true, force: true });
    await this.run();
  }

  /** Ends the node and forgets its data. */
  async destroy(): Promise<void> {
    await this.end("SIGTERM");
    await rm(this.data, { recursive: true, force: true });
  }
}
