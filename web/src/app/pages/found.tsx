import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { ProblemError } from "../../sdk";
import { refusal, t } from "../i18n";
import { Field } from "../parts/field";
import { useText } from "../parts/form";
import { PlainPage } from "../parts/plain-page";
import { RestoreLink } from "../parts/restore-link";
import { fault, nameLength, tidy } from "../parts/text";
import { paths } from "../router";
import { become, client, community } from "../state/session";
import { explain } from "../state/toast";
import { JoinForm } from "./join-form";
import { RequestFounder } from "./request-founder";

/** A name to begin with: the node's own domain if it has one. */
function defaultName(): string {
  const { hostname } = location;
  const isDomain = hostname.includes(".") && !/^[\d.]+$/.test(hostname);
  return isDomain ? hostname : t().join.communityDefault;
}

/** The owner link: founds the node's community. */
export function FoundPage(props: { secret: string }): JSX.Element {
  const m = t().join;
  const name = useText(defaultName());
  const stale = useSignal<string | null>(null);
  if (stale.value !== null) return <OwnerLinkUnusable why={stale.value} />;
  if (community.value !== null) return <OwnerLinkUnusable why={refusal("founded-already") ?? ""} founded />;
  const check = () => {
    const why = fault(name.value, nameLength);
    if (why !== null) name.refuse({ missing: m.communityMissing, long: m.nameLong, characters: m.nameCharacters }[why]);
    return why === null;
  };
  const found = async (founder: string) => {
    try {
      await become(
        () => client.found({ ownerSecret: props.secret, communityName: tidy(name.value), name: founder }),
        paths.recovery(paths.hallway),
      );
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === "owner-link-stale")) throw error;
      stale.value = explain(error);
    }
  };
  return (
    <PlainPage title={m.title(tidy(name.value) === "" ? defaultName() : tidy(name.value))} lead={m.founding}>
      <JoinForm
        check={check}
        onJoin={found}
        before={<Field label={m.communityName} value={name.value} error={name.error} onText={name.set} required />}
      />
      <RequestFounder secret={props.secret} />
    </PlainPage>
  );
}

/** A stale, used or cut-off owner link; or one whose node has its community. */
export function OwnerLinkUnusable(props: { why: string; founded?: boolean }): JSX.Element {
  return (
    <PlainPage title={t().join.ownerUnusable} lead={props.why}>
      {props.founded === true ? (
        <RestoreLink />
      ) : (
        <p class="secondary">{t().join.ownerHint}</p>
      )}
    </PlainPage>
  );
}
