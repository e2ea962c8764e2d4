import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Invite, Invites } from "../../sdk";
import { day, relative, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { InviteLink } from "../parts/invite-link";
import { Notice } from "../parts/notice";
import { TopBar } from "../parts/top-bar";
import { client, refresh } from "../state/session";
import { attempt, explain, say } from "../state/toast";

/** What one may give away, has given, and who came of it. */
export function InvitesPage(): JSX.Element {
  const m = t().invites;
  const invites = useSignal<Invites | null>(null);
  const failure = useSignal<string | null>(null);
  const link = useSignal<string | null>(null);
  const busy = useSignal(false);
  const load = async () => {
    failure.value = null;
    try {
      invites.value = await client.invites();
    } catch (error) {
      failure.value = explain(error);
    }
  };
  useEffect(() => void load(), []);
  const create = async () => {
    busy.value = true;
    try {
      link.value = (await client.createInvite()).link;
      await Promise.all([load(), refresh()]);
    } finally {
      busy.value = false;
    }
  };
  const revoke = async (invite: Invite) => {
    await client.revokeInvite(invite.id);
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
            {m.intro} {m.introStrong}
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
            <button type="button" class="button button-primary" disabled={busy.value} onClick={() => attempt(create())}>
              {busy.value ? m.creating : m.create}
            </button>
          )}
          {link.value !== null && <InviteLink link={link.value} />}
        </section>
        {all !== null && <Given invites={all.invites} onRevoke={(invite) => attempt(revoke(invite))} />}
      </main>
    </>
  );
}

function Given(props: { invites: readonly Invite[]; onRevoke: (invite: Invite) => void }): JSX.Element {
  const m = t().invites;
  const now = client.now();
  const pending = props.invites.filter((i) => i.state === "pending");
  const joined = props.invites.filter((i) => i.state === "joined");
  const past = props.invites.filter((i) => i.state === "revoked" || i.state === "expired");
  return (
    <>
      <section class="stack" aria-labelledby="pending">
        <h2 id="pending">{m.pending}</h2>
        {pending.length === 0 && <p class="secondary">{m.emptyPending}</p>}
        <ul class="list">
          {pending.map((i) => {
            const created = relative(i.created, now);
            return (
              <li key={i.id}>
                <p>
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
                    <Avatar id={i.joined.key} name={i.joined.name} size={40} />
                    <p>{i.joined.name}</p>
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
