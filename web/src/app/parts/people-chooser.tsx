import { useSignal } from "@preact/signals";
import { X } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Did, Member } from "../../sdk";
import { t } from "../i18n";
import { fingerprint } from "../room/people";
import { followed } from "../state/mine";
import { client, me } from "../state/session";
import { Avatar } from "./avatar";

/** People offered at a time. */
const offered = 8;

/** As many as a room lets in. */
const roomMost = 500;

/** Whoever types is not asked for at every letter. */
const pause = 150;

const someKey = /^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/;

/** What somebody is called here: those of other communities may be known by their key alone. */
export function calling({ name, key }: Member): string {
  return name === "" ? `…${fingerprint(key)}` : name;
}

/**
 * Chooses people, who stand above as chips: members of the community and whom one follows by their names, anybody by
 * their key. A combobox as the ARIA practices have it: the arrows walk through what is found, Enter takes it, Escape
 * closes the list.
 */
export function PeopleChooser(props: {
  chosen: readonly Member[];
  label?: string;
  hint?: string;
  /** As many as a room lets in, without it. */
  most?: number;
  /** Chosen whatever one does: they cannot be taken off. */
  fixed?: ReadonlySet<Did>;
  /** Nobody is chosen, and somebody must be. */
  wrong?: boolean;
  onChoose: (who: Member) => void;
  onDrop: (who: Did) => void;
}): JSX.Element {
  const m = t().door;
  const { chosen, most = roomMost } = props;
  const id = useId();
  const typed = useSignal("");
  const found = useSignal<readonly Member[]>([]);
  const shown = useSignal(false);
  const at = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const full = chosen.length >= most;
  const taken = new Set([...chosen.map((p) => p.key), me.value?.member.key]);

  useEffect(() => {
    if (!shown.value) return;
    let stale = false;
    const text = typed.value.trim();
    const look = async () => {
      const people = await search(text);
      if (!stale) [found.value, at.value] = [people, 0];
    };
    const timer = setTimeout(() => void look().catch(() => undefined), pause); // the next letter tries again
    return () => {
      stale = true;
      clearTimeout(timer);
    };
  }, [typed.value, shown.value]);

  const options = found.value.filter((p) => !taken.has(p.key)).slice(0, offered);
  const open = shown.value && options.length > 0;
  const current = Math.min(at.value, options.length - 1);
  const take = (who: Member | undefined) => {
    if (who === undefined || full) return;
    typed.value = "";
    props.onChoose(who);
    input.current?.focus();
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      e.preventDefault();
      if (!shown.value) shown.value = true;
      else if (options.length > 0) at.value = (current + (e.key === "ArrowDown" ? 1 : options.length - 1)) % options.length;
    } else if (e.key === "Enter" && (open || typed.value.trim() !== "")) {
      e.preventDefault(); // the form is not sent by it
      take(open ? options[current] : undefined);
    } else if (e.key === "Escape" && open) {
      e.preventDefault(); // the list closes, and not the sheet
      e.stopPropagation();
      shown.value = false;
    }
  };
  const drop = (who: Did) => {
    props.onDrop(who);
    input.current?.focus(); // the button that had the focus is gone
  };
  const described = props.wrong === true ? `${id}-error` : `${id}-hint`;
  return (
    <div class="field chooser">
      <label for={id}>{props.label ?? m.choose}</label>
      {chosen.length > 0 && (
        <ul class="chips">
          {chosen.map((p) => (
            <li key={p.key} class={props.fixed?.has(p.key) === true ? "chip chip-person" : "chip chip-removable chip-person"}>
              <Avatar id={p.key} name={p.name} picture={p.picture} size={24} />
              <bdi>{calling(p)}</bdi>
              {props.fixed?.has(p.key) !== true && (
                <button type="button" class="icon-button" aria-label={m.unchoose(calling(p))} onClick={() => drop(p.key)}>
                  <X aria-hidden="true" />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <input
        ref={input}
        id={id}
        role="combobox"
        value={typed.value}
        disabled={full}
        aria-invalid={props.wrong === true}
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open ? `${id}-${current}` : undefined}
        aria-describedby={described}
        autocomplete="off"
        spellcheck={false}
        onFocus={() => (shown.value = true)}
        onBlur={() => (shown.value = false)}
        onInput={(e) => {
          typed.value = e.currentTarget.value;
          shown.value = true;
        }}
        onKeyDown={onKey}
      />
      {open && (
        <ul id={`${id}-list`} class="chooser-list" role="listbox" aria-label={props.label ?? m.choose}>
          {options.map((p, i) => (
            <li
              key={p.key}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === current}
              onPointerDown={(e) => e.preventDefault()} // the field keeps the focus
              onClick={() => take(p)}
            >
              <Avatar id={p.key} name={p.name} picture={p.picture} size={28} />
              <span class="one-line">
                <bdi>{p.name === "" ? m.byKey : p.name}</bdi>
              </span>
              <span class="key">{fingerprint(p.key, 2)}</span>
            </li>
          ))}
        </ul>
      )}
      <p class="visually-hidden" role="status">
        {open && m.found(options.length)}
      </p>
      {props.wrong === true ? (
        <p class="field-error" id={`${id}-error`} role="alert">
          {m.chooseNobody}
        </p>
      ) : (
        <p class="field-hint" id={`${id}-hint`}>
          {full ? m.chooseFull(most) : shown.value && typed.value.trim() !== "" && options.length === 0 ? m.foundNobody : (props.hint ?? m.chooseHint)}
        </p>
      )}
    </div>
  );
}

/** Whom a text may mean. Those whom one follows come first, of whichever community they are. */
async function search(text: string): Promise<readonly Member[]> {
  if (someKey.test(text)) return [{ key: text, name: followed.value.find((p) => p.key === text)?.name ?? "" }];
  const { people } = await client.people.list(text, { limit: 3 * offered });
  const plain = folded(text);
  const first = followed.value.filter((p) => p.name !== "" && folded(p.name).includes(plain));
  const known = new Map(people.map((p) => [p.key, p]));
  return [...new Map([...first.map((p) => known.get(p.key) ?? p), ...people].map((p) => [p.key, p])).values()];
}

function folded(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
