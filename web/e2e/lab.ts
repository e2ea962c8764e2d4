// Nodes in a small Internet of network namespaces (scripts/netlab), each at an address of its own, and browsers behind
// them at theirs. Nothing of it outlives the process that started it.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { Person, type PersonOptions } from "./people";

const root = resolve(import.meta.dirname, "../..");

/** A place in the network: a namespace, as a file, and its address. */
export interface Place {
  netns: string;
  address: string;
}

/** What went from one place to another on a node's outer link. The ports are 0 where the protocol has none. */
export interface Flow {
  from: string;
  to: string;
  protocol: string;
  fromPort: number;
  toPort: number;
  packets: number;
  bytes: number;
}

/** A network of nodes, of which none runs yet. */
export class Lab {
  readonly nodes: LabNode[] = [];
  private readonly script: ChildProcess;
  private readonly answers: ((line: string) => void)[] = [];

  private constructor(script: ChildProcess) {
    this.script = script;
  }

  static async start(n: number): Promise<Lab> {
    const script = spawn(join(root, "scripts/netlab"), [String(n)], { stdio: ["pipe", "pipe", "pipe"] });
    let complaints = "";
    script.stderr.on("data", (chunk: Buffer) => { complaints += chunk.toString(); });
    const lab = new Lab(script);
    const places: Place[] = [];
    const lines: Interface = createInterface(script.stdout);
    await new Promise<void>((done, fail) => {
      script.once("exit", () => { fail(new Error(`there can be no network here: ${complaints}`)); });
      lines.on("line", (line) => {
        const waiting = lab.answers.shift();
        if (waiting !== undefined) {
          waiting(line);
        } else if (line === "ready") {
          done();
        } else {
          const [, , pid = "", address = ""] = line.split(" ");
          places.push({ netns: `/proc/${pid}/ns/net`, address });
        }
      });
    });
    for (let i = 0; i < n; i++) {
      const [node, members] = places.slice(2 * i, 2 * i + 2);
      if (node === undefined || members === undefined) throw new Error("scripts/netlab left out a place");
      lab.nodes.push(new LabNode(node, members));
    }
    return lab;
  }

  node(i: number): LabNode {
    const node = this.nodes[i];
    if (node === undefined) throw new Error(`there is no node ${String(i)}`);
    return node;
  }

  /** Cuts groups of nodes, their people with them, off from one another. Addresses, routes and sockets stay. */
  async partition(...groups: number[][]): Promise<void> {
    await this.order(`partition ${groups.map((group) => group.join(",")).join(" ")}`);
  }

  async heal(): Promise<void> {
    await this.order("heal");
  }

  /** What has passed node i's outer link since the last reset, as the kernel counted it. */
  async flows(i: number): Promise<Flow[]> {
    const listing = JSON.parse(await this.order(`flows ${String(i)}`)) as Listing;
    return listing.nftables.flatMap(({ set }) => (set?.elem ?? []).map(({ elem }) => {
      const [from, to, protocol, fromPort, toPort] = elem.val.concat;
      return {
        from: String(from), to: String(to), protocol: String(protocol),
        fromPort: Number(fromPort ?? 0), toPort: Number(toPort ?? 0), ...elem.counter,
      };
    }));
  }

  /** Keeps packets of the people behind node i out: those of UDP, or all to its audio. Their page is reached all the same. */
  async wall(i: number, what: "udp" | "audio" | "none"): Promise<void> {
    await this.order(`wall ${String(i)} ${what}`);
  }

  /** The people behind node i are on another network from now on: their address changes, and nothing comes to the old one. */
  async roam(i: number): Promise<void> {
    await this.order(`roam ${String(i)}`);
  }

  async resetFlows(i: number): Promise<void> {
    await this.order(`reset ${String(i)}`);
  }

  /** Ends the nodes, forgets their data, and takes the network down. */
  async destroy(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.destroy()));
    const ended = new Promise((done) => this.script.once("exit", done));
    this.script.stdin?.end();
    await ended;
  }

  private async order(command: string): Promise<string> {
    const answer = await new Promise<string>((done) => {
      this.answers.push(done);
      this.script.stdin?.write(`${command}\n`);
    });
    if (answer.startsWith("error")) throw new Error(`scripts/netlab: ${answer}`);
    return answer;
  }
}

/** What nft --json lists, as far as it is used. */
interface Listing {
  nftables: { set?: { elem?: { elem: { val: { concat: (string | number)[] }; counter: { packets: number; bytes: number } } }[] } }[];
}

/** A node in a namespace. Its people are behind it, at an address of theirs. */
export class LabNode {
  readonly members: Place;
  readonly lines = new Map<string, string>();
  log = "";
  private readonly place: Place;
  private data: string | undefined;
  private flags: string[] = [];
  private process: ChildProcess | undefined;

  constructor(place: Place, members: Place) {
    this.place = place;
    this.members = members;
  }

  get address(): string {
    return this.place.address;
  }

  get url(): string {
    return `http://${this.place.address}:7080`;
  }

  get ownerLink(): string {
    return this.line("owner");
  }

  /** Where other nodes reach it. It is the same after a restart. */
  get multiaddr(): string {
    return `/ip4/${this.place.address}/tcp/7082/p2p/${this.line("peer")}`;
  }

  /** Runs the node, with flags beside those that say where it listens; again with the flags of the last time. */
  async start(...flags: string[]): Promise<void> {
    this.data ??= await mkdtemp(join(tmpdir(), "stoa-lab-"));
    if (flags.length > 0) this.flags = flags;
    this.lines.clear();
    // setpriv: should this process be killed, the kernel ends the node. The process id is the node's: each executes the next.
    const child = spawn("setpriv", [
      "--pdeathsig", "KILL", "nsenter", `--net=${this.place.netns}`, join(root, "bin/stoa"), "run", "--data", this.data,
      "--http", `${this.address}:7080`, "--media", `${this.address}:7081`, "--p2p", `/ip4/${this.address}/tcp/7082`,
      "--p2p", `/ip4/${this.address}/udp/7082/quic-v1`, ...this.flags,
    ]);
    this.process = child;
    child.stderr.on("data", (chunk: Buffer) => { this.log += chunk.toString(); });
    await new Promise<void>((done, fail) => {
      child.once("exit", (code) => { fail(new Error(`the node ended with ${String(code)}:\n${this.log}`)); });
      createInterface(child.stdout).on("line", (line) => {
        const space = line.indexOf(" ");
        const name = line.slice(0, space);
        if (!this.lines.has(name)) this.lines.set(name, line.slice(space + 1));
        if (name === "p2p") done();
      });
    });
  }

  /** Sends a signal: SIGSTOP suspends the node, SIGCONT resumes it. */
  signal(signal: NodeJS.Signals): void {
    this.process?.kill(signal);
  }

  /** Ends the process with a signal and waits for it. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((done) => child.once("exit", () => { done(); }));
    child.kill(signal);
    child.kill("SIGCONT"); // one that is suspended notices nothing
    await ended;
  }

  /** Ends the node and forgets its data. */
  async destroy(): Promise<void> {
    await this.end("SIGTERM");
    if (this.data !== undefined) await rm(this.data, { recursive: true, force: true });
  }

  private line(name: string): string {
    const line = this.lines.get(name);
    if (line === undefined) throw new Error(`the node printed no line ${name}`);
    return line;
  }
}

/** Somebody whose browser is at a place, and trusts the pages of a node as if they came over HTTPS. */
export async function arriveAt(place: Place, node: LabNode, name: string, options: PersonOptions = {}): Promise<Person> {
  const before = { ...process.env };
  Object.assign(process.env, { CHROMIUM: join(root, "scripts/chromium-in"), STOA_NETNS: place.netns, STOA_TRUST: node.url });
  try {
    return await Person.arrive(name, { ...options, own: true });
  } finally {
    process.env = before;
  }
}
