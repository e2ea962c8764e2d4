import { useSignal } from "@preact/signals";
import { Flower2, Heart, Laugh, Lightbulb, PartyPopper, SmilePlus, ThumbsUp } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Reaction } from "../../sdk";
import { t } from "../i18n";
import { watchReactions, type Reacting } from "../state/reacting";
import type { Presence } from "../state/room";

/** The six reactions, in the order of the keys 1 to 6. */
export const reactions: readonly Reaction[] = ["heart", "agree", "laugh", "celebrate", "insight", "thanks"];

const icons = { heart: Heart, agree: ThumbsUp, laugh: Laugh, celebrate: PartyPopper, insight: Lightbulb, thanks: Flower2 } as const;

/** Shows something without a word. What is shown too often is lost, and nobody needs to be told. */
export function react(presence: Presence, reaction: Reaction): void {
  presence.session.act({ type: "react", reaction }).catch(() => undefined);
}

/** The button that opens the bar of reactions, and the bar. */
export function ReactionBar({ presence }: { presence: Presence }): JSX.Element {
  const m = t().reactions;
  const shown = useSignal(false);
  const place = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const leave = (e: Event) => {
      if (e instanceof KeyboardEvent ? e.key === "Escape" : !(e.target instanceof Node && place.current?.contains(e.target))) {
        if (shown.value && e instanceof KeyboardEvent) place.current?.querySelector("button")?.focus();
        shown.value = false;
      }
    };
    addEventListener("pointerdown", leave);
    addEventListener("keydown", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("keydown", leave);
    };
  }, []);
  return (
    <span class="reactions" ref={place}>
      <button type="button" class="icon-button" aria-label={m.title} aria-expanded={shown.value} onClick={() => (shown.value = !shown.value)}>
        <SmilePlus aria-hidden="true" />
      </button>
      {shown.value && (
        <span class="reaction-bar" role="group" aria-label={m.title}>
          {reactions.map((one) => {
            const Icon = icons[one];
            return (
              <button key={one} type="button" class="icon-button" aria-label={m[one]} onClick={() => react(presence, one)}>
                <Icon aria-hidden="true" />
              </button>
            );
          })}
        </span>
      )}
    </span>
  );
}

/** The picture of a reaction. Screen readers are not told: it is a murmur, not a message. */
export function ReactionIcon({ reaction }: { reaction: Reaction }): JSX.Element {
  const Icon = icons[reaction];
  return <Icon aria-hidden="true" />;
}

/** What the audience shows, for a moment. What those on the stage show is over their pictures. */
export function Murmur({ reacting }: { reacting: Reacting }): JSX.Element {
  return (
    <div class="reactions-shown" aria-hidden="true">
      {reacting.murmur.map(({ id, reaction, count }) => (
        <span key={id} class={`reaction reaction-${reaction}`}>
          <ReactionIcon reaction={reaction} />
          {count > 1 && <span class="small">{count}</span>}
        </span>
      ))}
    </div>
  );
}

/** What people in a room show at the moment. */
export function useReactions(presence: Presence): Reacting {
  const watch = useMemo(() => watchReactions(presence.session.reactions), [presence]);
  useEffect(() => watch.stop, [watch]);
  return watch.now.value;
}
