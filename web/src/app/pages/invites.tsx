import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Invite, Invites } from "../../sdk";
import { day, relative, span, t, tp } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Field, Select } from "../parts/field";
import { Form, useText } from "../parts/form";
import { Heading } from "../parts/heading";
import { InviteLink } from "../parts/invite-link";
import { Named } from "../parts/named";
import { Notice } from "../parts/notice";
import { fault, noteLength, tidy } from "../parts/text";
import { TopBar } from "../parts/top-bar";
import { useFocusKept } from "../parts/use-focus-kept";
import { paths } from "../router";
import { client, community, refresh } from "../state/session";
import { attempt, explain, say } from "../state/toast";
import { EarningCard, Received, StandingCard } from "./earning";

/** What one may choose an invite to last, in days; as far as the rules allow. */
const lives = [1, 3, 7, 14, 30];

/** What one may give away, has given, and who came of it. */
export function InvitesPage(): JSX.Element {
  const m = t().invites;
  const invites = useSignal<Invites | null>(null);
  const failure = useSignal<string | null>(null);
  const link = useSignal<string | null>(null);
  const load = async () => {
    failure.value = null;
    try {
      invites.value = await client.invites.list();
    } catch (error) {
      failure.value = explain(error);
    }
  };
  useEffect(() => void load(), []);
  const create = async (note: string, days: number) => {
    link.value = (await client.invites.create({ note, days })).link;
    await Promise.all([load(), refresh()]);
  };
  const revoke = async (invite: Invite) => {
    await client.invites.revoke(invite.id);
    if (link.value?.includes(invite.id) === true) link.value = null;
    say(m.revokedDone);
    await Promise.all([load(), refresh()]);
  };
  const all = invites.value;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <div class="stack">
          <Heading title={m.title} />
          <p class="secondary">
            {m.intro} {m.introStrong} <a href={paths.community}>{t().entry.rulesShow}</a>
          </p>
        </div>
        {failure.value !== null && (
          <Notice kind="warning" text={failure.value}>
            <button type="button" class="button" onClick={() => void load()}>
              {t().common.retry}
            </button>
          </Notice>
        )}
        <section class="card stack" aria-busy={all === null} aria-label={m.create}>
          <p class="invites-left">{all === null ? t().common.loading : m.left(all.left)}</p>
          {all?.left === 0 && <p class="secondary small">{m.none}</p>}
          {all !== null && all.left > 0 && (
            <CreateForm onCreate={create} />
          )}
          {link.value !== null && <InviteLink link={link.value} />}
        </section>
        {all?.earning !== undefined && <EarningCard earning={all.earning} />}
        {all !== null && <Given invites={all.invites} onRevoke={(invite) => attempt(revoke(invite))} />}
        {all !== null && <Received grants={all.grants} />}
        {all !== null && <StandingCard standing={all.standing} />}
      </main>
    </>
  );
}

/** For whom, for how long. */
function CreateForm(props: { onCreate: (note: string, days: number) => Promise<void> }): JSX.Element {
  const m = t().invites;
  const e = tp().earning;
  const note = useText();
  const most = (community.value?.rules.invite_life ?? 0) / 86_400;
  const choices = [...new Set([...lives.filter((days) => days < most), most])];
  const days = useSignal(most);
  const check = () => {
    const wrong = note.value.trim() === "" ? null : fault(note.value, noteLength);
    if (wrong !== null) note.refuse(wrong === "long" ? e.noteLong : e.noteCharacters);
    return wrong === null;
  };
  const create = async () => {
    await props.onCreate(tidy(note.value), days.value);
    note.set("");
  };
  return (
    <Form submit={m.create} submitting={m.creating} check={check} onSubmit={create}>
      <Field label={e.note} value={note.value} error={note.error} onText={note.set} autocomplete="off" />
      <Select
        label={e.life}
        value={String(days.value)}
        options={choices.map((n) => ({ value: String(n), label: span(Math.round(n * 86_400)) }))}
        onPick={(value) => (days.value = Number(value))}
      />
    </Form>
  );
}

function Given(props: { invites: readonly Invite[]; onRevoke: (invite: Invite) => void }): JSX.Element {
  const m = t().invites;
  const e = tp().earning;
  const now = client.now();
  const pending = props.invites.filter((i) => i.state === "pending");
  const joined = props.invites.filter((i) => i.state === "joined");
  const past = props.invites.filter((i) => i.state === "revoked" || i.state === "expired");
  const list = useRef<HTMLUListElement>(null);
  useFocusKept(list, pending.map((i) => i.id).join(" "));
  return (
    <>
      <section class="stack" aria-labelledby="pending" tabIndex={-1}>
        <h2 id="pending">{m.pending}</h2>
        {pending.length === 0 && <p class="secondary">{m.emptyPending}</p>}
        <ul ref={list} class="list">
          {pending.map((i) => {
            const created = relative(i.created, now);
            return (
              <li key={i.id}>
                <p>
                  {i.note !== undefined && (
                    <span class="block">
                      <Named say={e.forWhom} name={i.note} />
                    </span>
                  )}
                  {m.created(created)}
                  <span class="secondary small block">{m.expires(relative(i.expires, now))}</span>
                </p>
                <button type="button" class="button" aria-label={m.revokeWhich(created)} onClick={() => props.onRevoke(i)}>
                  {m.revoke}
                </button>
              </li>
            );
          })}
        </ul>
      </section>
      {joined.length > 0 && (
        <section class="stack" aria-labelledby="joined">
          <h2 id="joined">{m.joined}</h2>
          <ul class="list">
            {joined.map((i) => (
              <li key={i.id}>
                {i.joined !== undefined && (
                  <>
                    <Avatar id={i.joined.key} name={i.joined.name} picture={i.joined.picture} size={40} />
                    <p>
                      {i.joined.name}
                      {i.note !== undefined && (
                        <span class="secondary small block">
                          <Named say={e.forWhom} name={i.note} />
                        </span>
                      )}
                    </p>
                  </>
                )}
              </li>
            ))}
          </ul>
        </section>
      )}
      {past.length > 0 && (
        <section class="stack" aria-labelledby="past">
          <h2 id="past">{m.past}</h2>
          <ul class="list secondary">
            {past.map((i) => (
              <li key={i.id}>
                <p>{m.createdOn(day(i.created))}</p>
                <span class="chip">{i.state === "revoked" ? m.revoked : m.expired}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}
