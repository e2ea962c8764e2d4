import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { ProblemError, type InvitePreview, type Link, type Room } from "../../sdk";
import { relative, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Loading } from "../parts/loading";
import { Notice } from "../parts/notice";
import { PlainPage } from "../parts/plain-page";
import { RestoreLink } from "../parts/restore-link";
import { RulesInWords } from "../parts/rules";
import { navigate, paths } from "../router";
import { ListenButton } from "../room/guest-door";
import { invitation } from "../state/invitation";
import { become, client } from "../state/session";
import { explain } from "../state/toast";
import { forgetWanted, wanted } from "../state/wanted";
import { JoinForm } from "./join-form";

type Invitation = Extract<Link, { kind: "invite" }>;
type View = { kind: "loading" } | { kind: "open"; preview: InvitePreview } | { kind: "unusable"; why: string } | { kind: "offline"; why: string };

/** The landing page of an invite link: who invites, into what, who answers for whom; then the join form. */
export function InvitePage(props: { invitation: Invitation }): JSX.Element {
  const { invite, seed, room } = props.invitation;
  const m = t().join;
  const view = useSignal<View>({ kind: "loading" });
  const publicRoom = useSignal<Room | null>(null);
  const fail = (error: unknown) => {
    const kind = error instanceof ProblemError ? "unusable" : "offline";
    view.value = { kind, why: explain(error) };
  };
  const load = () => {
    view.value = { kind: "loading" };
    client.invites.preview(invite).then((preview) => (view.value = { kind: "open", preview }), fail);
  };
  useEffect(load, [invite]);
  useEffect(() => {
    if (room !== null) client.rooms.door(room).then((one) => (publicRoom.value = one), () => undefined); // not for everybody
  }, [room]);
  const listen = () => {
    invitation.value = props.invitation;
    if (publicRoom.value !== null) navigate(paths.room(publicRoom.value.id));
  };

  switch (view.value.kind) {
    case "loading":
      return <Loading />;
    case "unusable":
      return <InviteUnusable why={view.value.why} />;
    case "offline":
      return (
        <PlainPage title={t().problem.title}>
          <Notice kind="warning" text={view.value.why}>
            <button type="button" class="button" onClick={load}>
              {t().common.retry}
            </button>
          </Notice>
        </PlainPage>
      );
    case "open": {
      const { sponsor, community, expires } = view.value.preview;
      const join = async (name: string) => {
        try {
          const into = room ?? wanted();
          const then = paths.recovery(into === null ? paths.hallway : paths.room(into));
          await become(() => client.join({ inviteId: invite, seed, name }), then);
          forgetWanted();
        } catch (error) {
          if (!(error instanceof ProblemError && error.code.startsWith("invite-"))) throw error;
          fail(error);
        }
      };
      return (
        <PlainPage title={m.title(community.name)}>
          <div class="sponsor">
            <Avatar id={sponsor.key} name={sponsor.name} picture={sponsor.picture} size={56} />
            <div>
              <p class="lead">{m.invitedBy(sponsor.name, community.name)}</p>
              <p class="secondary small">
                {t().site.members(community.members)} · {m.expires(relative(expires, client.now()))}
              </p>
            </div>
          </div>
          <p class="secondary">{m.sponsorAnswers(sponsor.name)}</p>
          <details>
            <summary>{t().entry.rulesShow}</summary>
            <RulesInWords rules={community.rules} />
          </details>
          <JoinForm
            onJoin={join}
            after={publicRoom.value !== null && <ListenButton room={publicRoom.value} second onEnter={listen} />}
          />
          <RestoreLink />
        </PlainPage>
      );
    }
  }
}

/** An invite that is expired, revoked, used, forged, of another community or cut off. */
export function InviteUnusable(props: { why: string }): JSX.Element {
  return (
    <PlainPage title={t().join.unusable} lead={props.why}>
      <RestoreLink />
    </PlainPage>
  );
}
