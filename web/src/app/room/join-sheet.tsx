import { ChevronDown } from "lucide-preact";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { parseLink, type Link } from "../../sdk";
import { relative, t } from "../i18n";
import { AskForm, useAsked, withdrawRequest } from "../pages/ask";
import { JoinForm } from "../pages/join-form";
import { Avatar } from "../parts/avatar";
import { Dialog } from "../parts/dialog";
import { Field } from "../parts/field";
import { Form, useText } from "../parts/form";
import { useLoaded } from "../parts/loaded";
import { Loading } from "../parts/loading";
import { Notice } from "../parts/notice";
import { RestoreLink } from "../parts/restore-link";
import { RulesInWords } from "../parts/rules";
import { sent, type Sent } from "../state/asking";
import { invitation } from "../state/invitation";
import { become, client, community, key, me } from "../state/session";
import { close } from "../state/sheet";
import { attempt, explain } from "../state/toast";

type Invitation = Extract<Link, { kind: "invite" }>;

/** Becoming a member without leaving the page: by an invite, by asking, or through the open door. */
export function JoinSheet(): JSX.Element | null {
  const here = community.value;
  const joined = me.value !== null;
  useEffect(() => {
    if (joined) close();
  }, [joined]);
  if (here === null || joined) return null;
  const request = sent.value;
  const waits = request !== null && request.did === key.value?.did;
  const invited = invitation.value;
  return (
    <Dialog title={t().join.title(here.name)} onClose={close}>
      <div class="stack">
        {waits ? (
          <Waiting request={request} />
        ) : invited !== null ? (
          <ByInvite invited={invited} />
        ) : here.entry === "invite" ? (
          <>
            <p>{t().door.inviteOnly}</p>
            <InviteField />
          </>
        ) : (
          <>
            <AskForm community={here} stays />
            <details>
              <summary>
                {t().door.haveInvite}
                <ChevronDown aria-hidden="true" />
              </summary>
              <InviteField />
            </details>
          </>
        )}
        <RestoreLink />
      </div>
    </Dialog>
  );
}

/** Takes an invite link. */
function InviteField(): JSX.Element {
  const m = t().door;
  const text = useText();
  const read = (): Invitation | null => {
    const link = parseLink(text.value);
    return link.kind === "invite" ? link : null;
  };
  const check = () => {
    const cut = parseLink(text.value).kind === "broken";
    if (read() === null) text.refuse(cut ? t().join.linkCut : m.inviteWrong);
    return read() !== null;
  };
  const go = () => {
    invitation.value = read();
    return Promise.resolve();
  };
  return (
    <Form submit={t().common.goOn} submitting={t().common.loading} check={check} onSubmit={go}>
      <Field label={m.inviteLink} hint={m.inviteHint} value={text.value} error={text.error} onText={text.set} autocomplete="off" spellcheck={false} />
    </Form>
  );
}

/** Who invites, and the form. */
function ByInvite({ invited }: { invited: Invitation }): JSX.Element {
  const m = t().join;
  const { loaded } = useLoaded(() => client.invites.preview(invited.invite), invited.invite);
  if (loaded.kind === "failed") {
    return (
      <Notice kind="warning" text={m.unusable} hint={explain(loaded.error)}>
        <button type="button" class="button" onClick={() => (invitation.value = null)}>
          {t().door.otherInvite}
        </button>
      </Notice>
    );
  }
  if (loaded.kind === "loading") return <Loading />;
  const { sponsor, community: into, expires } = loaded.value;
  const join = async (name: string) => {
    await become(() => client.join({ inviteId: invited.invite, seed: invited.seed, name }), location.pathname);
    invitation.value = null;
  };
  return (
    <>
      <div class="sponsor">
        <Avatar id={sponsor.key} name={sponsor.name} picture={sponsor.picture} size={56} />
        <div>
          <p class="lead">{m.invitedBy(sponsor.name, into.name)}</p>
          <p class="secondary small">{m.expires(relative(expires, client.now()))}</p>
        </div>
      </div>
      <p class="secondary">{m.sponsorAnswers(sponsor.name)}</p>
      <details>
        <summary>{t().entry.rulesShow}</summary>
        <RulesInWords rules={into.rules} />
      </details>
      <JoinForm onJoin={join} />
    </>
  );
}

/** How the request stands. Whoever is let in is a member at once, where they are. */
function Waiting({ request }: { request: Sent }): JSX.Element {
  const m = t().entry;
  const { ask, gone } = useAsked(request);
  const state = gone.value ? "gone" : ask.value?.state;
  return (
    <>
      <p role="status">
        {state === "gone" ? m.gone : state === "declined" ? `${m.declined}. ${m.declinedText}` : t().door.waitsHere}
      </p>
      {state === "closed" && <Notice text={m.waitClosed} />}
      <div class="row">
        <button type="button" class="button" onClick={() => attempt(withdrawRequest())}>
          {m.withdraw}
        </button>
      </div>
    </>
  );
}

/** Keeps looking how the request stands while somebody listens who has sent one. */
export function Awaiting(): JSX.Element | null {
  const request = sent.value;
  return request !== null && request.did === key.value?.did ? <Look request={request} /> : null;
}

function Look({ request }: { request: Sent }): JSX.Element {
  const { ask, gone } = useAsked(request);
  const m = t().entry;
  const declined = ask.value?.state === "declined";
  return <Notice text={gone.value ? m.gone : declined ? m.declined : m.waitTitle} hint={gone.value || declined ? "" : t().door.waitsHere} />;
}
