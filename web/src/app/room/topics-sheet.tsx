import type { JSX } from "preact";
import { t } from "../i18n";
import { Dialog } from "../parts/dialog";
import { Topics } from "../parts/topics";
import { rooms, upcoming } from "../state/hallway";
import { choose, interests } from "../state/mine";
import { close } from "../state/sheet";
import { attempt } from "../state/toast";

/** How many topics a member can follow; the node takes no more. */
export const mostInterests = 32;

/** The topics one follows, kept at once. */
export function TopicsSheet(): JSX.Element | null {
  const m = t().profile;
  const now = interests.value;
  if (now === null) return null;
  const known = [...(rooms.value ?? []), ...upcoming.value].flatMap(({ topics }) => topics);
  return (
    <Dialog title={t().people.followTopics} onClose={close}>
      <Topics
        topics={now.topics}
        suggestions={[...new Set(known)]}
        most={mostInterests}
        label={m.interestTopics}
        hint={m.interestTopicsHint}
        onChange={(topics) => attempt(choose({ topics }))}
      />
      <div class="sheet-actions">
        <button type="button" class="button button-primary" onClick={close}>
          {t().common.close}
        </button>
      </div>
    </Dialog>
  );
}
