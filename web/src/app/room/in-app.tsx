import type { JSX } from "preact";
import { t } from "../i18n";
import { copy } from "../parts/copy";
import { Notice } from "../parts/notice";
import { browserOf, openOutside } from "../state/browser";
import { say } from "../state/toast";

/** For those whose page is inside another app, or in a browser without a microphone: the way to one that has it. */
export function InAppNotice(): JSX.Element | null {
  const { inApp, microphone } = browserOf();
  if (!inApp && microphone) return null;
  const m = t().door;
  return (
    <Notice text={inApp ? m.inApp : m.noMicrophone} hint={inApp ? m.inAppHint : m.noMicrophoneHint}>
      <OpenOutside />
    </Notice>
  );
}

/** Opens the page in the person's own browser where the system allows that; else copies its address and says what to do. */
export function OpenOutside(): JSX.Element {
  const m = t().door;
  const outside = openOutside(location.href);
  if (outside !== null) {
    return (
      <a class="button" href={outside} target="_top">
        {m.openOutside}
      </a>
    );
  }
  const copyAddress = async () => {
    const copied = await copy(location.href);
    say(copied ? m.addressCopied : m.addressByHand(location.href), copied ? "info" : "warning");
  };
  return (
    <button type="button" class="button" onClick={() => void copyAddress()}>
      {m.openOutside}
    </button>
  );
}
