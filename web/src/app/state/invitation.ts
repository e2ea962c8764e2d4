import { signal } from "@preact/signals";
import type { Link } from "../../sdk";

/** The invite by which somebody may still join who listens for now. It is kept nowhere else: its secret is worth a place. */
export const invitation = signal<Extract<Link, { kind: "invite" }> | null>(null);
