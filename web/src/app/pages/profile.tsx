import type { ComponentChildren, JSX } from "preact";
import type { Me } from "../../sdk";
import { t, tp } from "../i18n";
import { LanguageSwitch } from "../parts/language-switch";
import { Switch } from "../parts/switch";
import { TopBar } from "../parts/top-bar";
import { paths } from "../router";
import { Chain } from "../room/person-sheet";
import { EditProfile, Interests } from "./edit-profile";
import { Keys } from "./keys";
import { NoticeSettingsSection } from "./notice-settings";
import { LeaveForGood, OwnData } from "./own-data";
import { OwnSessions } from "./own-sessions";
import { ProfileHead } from "./person";
import { community } from "../state/session";
import { settings, type Theme } from "../state/settings";
import { open } from "../state/sheet";

/** Oneself, and how this browser behaves. */
export function ProfilePage({ self }: { self: Me }): JSX.Element {
  const m = t().profile;
  const here = community.value;
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        {here !== null && <ProfileHead profile={{ ...self.member, ...self, community: here }} />}
        <Chain />
        <EditProfile self={self} />
        <Interests />
        <NoticeSettingsSection />
        <Appearance />
        <Section title={m.inRooms}>
          <Switch label={m.shortcuts} hint={m.shortcutsHint} setting="shortcuts" />
          <Switch label={m.cues} setting="cues" />
          <div class="row">
            <button type="button" class="button" onClick={() => open({ kind: "shortcuts" })}>
              {m.shortcutsShow}
            </button>
          </div>
        </Section>
        <Keys self={self} />
        <OwnSessions />
        <OwnData self={self} />
        <LeaveForGood self={self} />
        <nav class="row" aria-label={m.more}>
          {self.founder && (
            <a class="button" href={paths.node}>
              {tp().node.title}
            </a>
          )}
          <a class="button" href={paths.docs}>
            {tp().docs.title}
          </a>
        </nav>
      </main>
    </>
  );
}

function Section(props: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="card stack">
      <h2>{props.title}</h2>
      {props.children}
    </section>
  );
}

function Appearance(): JSX.Element {
  const m = t().profile;
  const themes: readonly [Theme, string][] = [
    ["system", m.themeSystem],
    ["light", m.themeLight],
    ["dark", m.themeDark],
  ];
  return (
    <Section title={m.appearance}>
      <div class="setting">
        <span class="legend">{m.language}</span>
        <LanguageSwitch />
      </div>
      <div class="setting">
        <span class="legend">{m.theme}</span>
        <div class="segments" role="group" aria-label={m.theme}>
          {themes.map(([theme, label]) => (
            <button
              key={theme}
              type="button"
              aria-pressed={settings.theme.value === theme}
              onClick={() => (settings.theme.value = theme)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
    </Section>
  );
}
