import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { client } from "../state/session";

const hour = 3_600_000;

/**
 * The node's time, Unix milliseconds, drawn anew as it passes: each second within an hour of a moment, else twice a
 * minute.
 */
export function useNow(moment: number | null = null): number {
  const now = useSignal(client.now());
  const near = moment !== null && Math.abs(moment - now.value) < hour;
  useEffect(() => {
    const timer = setInterval(() => (now.value = client.now()), near ? 1000 : 30_000);
    return () => clearInterval(timer);
  }, [near]);
  return now.value;
}
