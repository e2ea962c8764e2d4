import { Ban, Bell, BellOff, Ear, EarOff, Volume2 } from "lucide-preact";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import type { Did } from "../../sdk";
import { t } from "../i18n";
import { relate, relation } from "../state/mine";
import { attempt } from "../state/toast";

// Some phones play every sound at the volume of their buttons, whatever a page asks for.
const canBeQuieter = (() => {
  const probe = new Audio();
  probe.volume = 0.5;
  return probe.volume === 0.5;
})();

/** What one may do about somebody for oneself: nobody else notices. */
export function RelationActions(props: { who: Did; name: string; home: Did | undefined }): JSX.Element {
  const { who, home } = props;
  const m = t().person;
  const id = useId();
  const now = relation(who);
  const set = (change: Partial<typeof now>) => attempt(relate(who, { ...change, ...(home !== undefined && { home }) }));
  return (
    <div class="actions relation">
      <button type="button" onClick={() => set({ follow: !now.follow })}>
        {now.follow ? <BellOff aria-hidden="true" /> : <Bell aria-hidden="true" />}
        {now.follow ? m.unfollow : m.follow}
      </button>
      {canBeQuieter && !now.mute && !now.block && (
        <div class="volume">
          <Volume2 aria-hidden="true" />
          <label for={id}>{m.volume}</label>
          <input
            id={id}
            type="range"
            min="0"
            max="100"
            step="5"
            value={now.volume}
            aria-valuetext={`${now.volume} %`}
            onChange={(e) => set({ volume: e.currentTarget.valueAsNumber })}
          />
        </div>
      )}
      {!canBeQuieter && !now.block && <p class="secondary small relation-hint">{m.volumeKeys}</p>}
      {!now.block && (
        <button type="button" onClick={() => set({ mute: !now.mute })}>
          {now.mute ? <Ear aria-hidden="true" /> : <EarOff aria-hidden="true" />}
          {now.mute ? m.unmuteForMe : m.muteForMe}
        </button>
      )}
      <button type="button" class={now.block ? "" : "danger"} onClick={() => set({ block: !now.block })}>
        <Ban aria-hidden="true" />
        {now.block ? m.unblock : m.block}
      </button>
      <p class="secondary small relation-hint">{now.block ? m.blocked : m.alone}</p>
    </div>
  );
}
