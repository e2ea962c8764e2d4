import { Bell, BellOff, Check, Plus } from "lucide-preact";
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Topic } from "../state/topics";
import { t } from "../i18n";
import { alongRow, roam } from "../parts/roam";
import { mostInterests } from "../room/topics-sheet";
import { choose, interests } from "../state/mine";
import { open } from "../state/sheet";
import { attempt, say } from "../state/toast";

/** The topics of the hallway, to see only the rooms on one, and to follow it. One stop for Tab, arrow keys inside. */
export function TopicStrip({ topics, chosen }: { topics: readonly Topic[]; chosen: Signal<string | null> }): JSX.Element {
  const m = t().people;
  const strip = useRef<HTMLDivElement>(null);
  const last = useSignal(""); // the control of the strip that had the focus last: where Tab comes back to
  const at = topics.findIndex(({ name }) => name === chosen.value);
  useEffect(() => {
    if (at >= 0) strip.current?.querySelector('[aria-pressed="true"]')?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [at]);
  const buttons = () => [...(strip.current?.querySelectorAll("button") ?? [])];
  const names = ["", ...topics.map(({ name }) => name)];
  const stop = names.includes(last.value) ? last.value : (chosen.value ?? "");
  const chip = (name: string, label: string, followed: boolean, rooms = 0) => (
    <button
      key={name}
      type="button"
      class="strip-chip"
      tabIndex={name === stop ? 0 : -1}
      aria-label={followed ? `${label}, ${m.followedTopic}` : label}
      aria-pressed={(chosen.value ?? "") === name}
      onFocus={() => (last.value = name)}
      onClick={() => (chosen.value = name === "" || name === chosen.value ? null : name)}
    >
      {followed && <Check aria-hidden="true" />}
      {label}
      {rooms > 0 && <span class="strip-count" data-rooms={rooms} />}
    </button>
  );
  const add = () => open({ kind: "topics" });
  if (topics.length === 0) {
    return (
      <button type="button" class="button button-quiet strip-first" onClick={add}>
        <Plus aria-hidden="true" />
        {m.followTopics}
      </button>
    );
  }
  return (
    <div class="strip-place">
      <div ref={strip} class="strip" role="toolbar" aria-label={m.topics} onKeyDown={(e) => roam(e, buttons(), alongRow)}>
        {chip("", m.all, false)}
        {topics.map(({ name, followed, rooms }) => chip(name, name, followed, rooms))}
      </div>
      <button type="button" class="icon-button strip-add" aria-label={m.followTopics} onClick={add}>
        <Plus aria-hidden="true" />
      </button>
    </div>
  );
}

/** Follows the topic that is chosen, or ends that. */
export function FollowTopic({ topic }: { topic: string }): JSX.Element | null {
  const m = t().people;
  const now = interests.value;
  if (now === null) return null;
  const follows = now.topics.includes(topic);
  const change = () => {
    if (!follows && now.topics.length >= mostInterests) {
      say(m.tooMany, "warning");
      return;
    }
    const topics = follows ? now.topics.filter((one) => one !== topic) : [...now.topics, topic];
    attempt(choose({ topics }));
  };
  return (
    <button type="button" class="button" onClick={change}>
      {follows ? <BellOff aria-hidden="true" /> : <Bell aria-hidden="true" />}
      {follows ? m.unfollowTopic(topic) : m.followTopic(topic)}
    </button>
  );
}
