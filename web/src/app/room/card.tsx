import { ChevronDown, EllipsisVertical, Globe, Landmark, Lock, UserCheck } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import type { Community, Room, RoomEntry } from "../../sdk";
import { languageName, listed, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { paths } from "../router";
import { community } from "../state/session";
import { open } from "../state/sheet";
import { nodeMark } from "./people";

/** A room in the hallway. The whole card is its link, but for what can be pressed on it. */
export function RoomCard({ room, level: Title }: { room: Room; level: "h2" | "h3" }): JSX.Element {
  const m = t().hallway;
  const names = room.speakers.map((p) => p.name);
  return (
    <li class="card room-card">
      <div class="room-card-head">
        <p>
          <CommunityBadge community={room.community}>
            {room.why !== "here" && <span class="on-node">{m.onNode(nodeMark(room.host))}</span>}
          </CommunityBadge>
          <TopicChips topics={room.topics} />
        </p>
        {isForeign(room) && (
          <button
            type="button"
            class="icon-button"
            aria-label={m.options(room.title)}
            onClick={() => open({ kind: "card", room })}
          >
            <EllipsisVertical aria-hidden="true" />
          </button>
        )}
      </div>
      <Title class="room-card-title">
        <a href={paths.room(room.id)}>
          <bdi>{room.title}</bdi>
        </a>
      </Title>
      <div class="room-card-people">
        {room.speakers.length > 0 && (
          <span class="avatars">
            {room.speakers.slice(0, 2).map((p) => (
              <Avatar key={p.key} id={p.key} name={p.name} picture={p.picture} size={44} />
            ))}
          </span>
        )}
        <div class="room-card-names">
          <p class="clamp">{names.length === 0 ? m.nobodyOnStage : <Names names={names} />}</p>
          <p class="secondary small">{m.people(room.stage, room.listening)}</p>
        </div>
      </div>
      <p class="chips">
        <TermChips room={room} />
      </p>
      <details class="why small">
        <summary>
          {m.why}
          <ChevronDown aria-hidden="true" />
        </summary>
        <p>{reason(room)}</p>
      </details>
    </li>
  );
}

/** "Ana, Léo and Mia", where no name turns the others around. */
function Names({ names }: { names: readonly string[] }): JSX.Element {
  return (
    <>
      {listed(names).map(({ type, value }) => (type === "element" ? <bdi>{value}</bdi> : value))}
    </>
  );
}

/** Why a room is in this hallway. */
function reason({ why, topic }: Room): string {
  const m = t().hallway;
  switch (why) {
    case "here":
      return m.whyHere;
    case "community":
      return m.whyCommunity;
    case "topic":
      return topic === undefined ? m.whyGeneral : m.whyTopic(topic);
    case "general":
      return m.whyGeneral;
  }
}

/** Whether a room is another community's. */
export function isForeign(room: Room): boolean {
  return room.community.id !== community.value?.id;
}

/** What a room is about, in which language, and who may enter. */
export function RoomChips({ room }: { room: Pick<Room, "topics" | "language" | "entry"> }): JSX.Element {
  return (
    <p class="chips">
      <TopicChips topics={room.topics} />
      <TermChips room={room} />
    </p>
  );
}

function TopicChips({ topics }: { topics: readonly string[] }): JSX.Element {
  return (
    <>
      {topics.map((topic) => (
        <span key={topic} class="chip chip-topic">
          {topic}
        </span>
      ))}
    </>
  );
}

/** In which language, and who may enter. */
function TermChips({ room }: { room: Pick<Room, "language" | "entry"> }): JSX.Element {
  return (
    <>
      <span class="chip">{languageName(room.language)}</span>
      <EntryChip entry={room.entry} />
    </>
  );
}

const entryIcons = { members: Lock, public: Globe, chosen: UserCheck } as const;

/** Who may enter a room, in two words. */
function EntryChip({ entry }: { entry: RoomEntry }): JSX.Element {
  const Icon = entryIcons[entry];
  return (
    <span class="chip">
      <Icon aria-hidden="true" />
      {t().door.entry[entry]}
    </span>
  );
}

/** Whose a room is. */
export function CommunityBadge(props: { community: Community; children?: ComponentChildren }): JSX.Element {
  return (
    <span class="community-badge">
      <Landmark aria-hidden="true" />
      <span>
        <bdi>{props.community.name}</bdi>
        {props.children}
      </span>
    </span>
  );
}
