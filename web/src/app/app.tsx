import type { JSX } from "preact";
import { useErrorBoundary } from "preact/hooks";
import type { Me } from "../sdk";
import { t } from "./i18n";
import { docs, home, more, pages } from "./load";
import { InvitePage, InviteUnusable } from "./pages/invite";
import { RoomPage } from "./pages/room";
import { AlreadyPage, FailedPage, LackingPage, NotFoundPage, OfflinePage } from "./pages/trouble";
import { Later, Opening } from "./parts/later";
import { Loading } from "./parts/loading";
import { ToastPlace } from "./parts/toast-place";
import { TopBar } from "./parts/top-bar";
import { PageFoot } from "./parts/page-foot";
import { paths, link, route, type Route } from "./router";
import { inRoom, inside, sayMissing } from "./state/current";
import { key, node, outdated, phase } from "./state/session";
import { close, open, sheet } from "./state/sheet";

const adoptPage = () => pages().then(({ AdoptPage }) => AdoptPage);
const calendarPage = () => pages().then(({ CalendarPage }) => CalendarPage);
const communityPage = () => pages().then(({ CommunityPage }) => CommunityPage);
const docsPage = () => docs().then(({ DocsPage }) => DocsPage);
const erasedPage = () => more().then(({ ErasedPage }) => ErasedPage);
const foundPage = () => more().then(({ FoundPage }) => FoundPage);
const hallwayPage = () => home().then(({ HallwayPage }) => HallwayPage);
const invitesPage = () => pages().then(({ InvitesPage }) => InvitesPage);
const nodePage = () => pages().then(({ NodePage }) => NodePage);
const noticesPage = () => pages().then(({ NoticesPage }) => NoticesPage);
const ownerLinkUnusable = () => more().then(({ OwnerLinkUnusable }) => OwnerLinkUnusable);
const personPage = () => pages().then(({ PersonPage }) => PersonPage);
const profilePage = () => pages().then(({ ProfilePage }) => ProfilePage);
const recoveryPage = () => more().then(({ RecoveryPage }) => RecoveryPage);
const restorePage = () => pages().then(({ RestorePage }) => RestorePage);
const searchPage = () => pages().then(({ SearchPage }) => SearchPage);
const sheets = () => more().then(({ Sheets }) => Sheets);
const signedOutPage = () => more().then(({ SignedOutPage }) => SignedOutPage);
const strangerPage = () => home().then(({ StrangerPage }) => StrangerPage);

/** Where the room one is in stands at the foot. The hallway and the pages of rooms and dates have it in themselves. */
const withDock: ReadonlySet<string> = new Set(["search", "notices", "invites", "community", "profile", "person", "node", "docs"]);

/** The whole page. */
export function App(): JSX.Element {
  const failed = useErrorBoundary()[0] !== undefined;
  if (failed) return <FailedPage />;
  return (
    <>
      <a class="skip" href="#main">
        {t().common.skip}
      </a>
      <Page />
      <Over />
      <ToastPlace />
    </>
  );
}

function Page(): JSX.Element {
  const now = phase.value;
  switch (now.kind) {
    case "loading":
      return <Loading />;
    case "offline":
      return <OfflinePage />;
    case "lacking":
      return <LackingPage lack={now.lack} />;
    case "failed":
      return <FailedPage />;
    case "stranger":
      return (
        <>
          <UpdateBanner />
          <StrangersPage />
        </>
      );
    case "signed-out":
      return <Later load={route.value.page === "recovery" ? recoveryPage : signedOutPage} props={{}} />;
    case "erased":
      return <Later load={erasedPage} props={{ community: now.community }} />;
    case "member":
      return (
        <>
          <UpdateBanner />
          <RestoredBanner self={now.me} />
          <Banner />
          <WaitingBanner self={now.me} />
          <MembersPage self={now.me} />
          <Foot />
          {withDock.has(route.value.page) && inside.here !== null && <inside.here.MiniDock />}
        </>
      );
  }
}

function StrangersPage(): JSX.Element {
  const to = link.value;
  if (to.kind === "owner") return <Later load={foundPage} props={{ secret: to.secret }} />;
  if (to.kind === "adopt") return <Later load={adoptPage} props={{ to }} />;
  if (to.kind === "invite") return <InvitePage invitation={to} />;
  if (to.kind === "broken" && to.of === "owner") return <Later load={ownerLinkUnusable} props={{ why: t().join.linkIncomplete }} />;
  if (to.kind === "broken" && to.of === "invite") return <InviteUnusable why={t().join.linkCut} />;
  const at = route.value;
  switch (at.page) {
    case "restore":
      return <Later load={restorePage} props={{}} />;
    case "docs":
      return <Later load={docsPage} props={{}} />;
    case "not-found":
      return <NotFoundPage />;
    case "room":
      return <RoomPage id={at.id} />;
    case "node":
    case "hallway":
    case "invite":
    case "calendar":
    case "search":
    case "notices":
    case "invites":
    case "community":
    case "profile":
    case "person":
    case "recovery":
      return <Later<{ why?: string }> load={strangerPage} props={{}} />;
  }
}

function MembersPage({ self }: { self: Me }): JSX.Element {
  const to = route.value;
  switch (to.page) {
    case "hallway":
      if (link.value.kind === "owner") return <AlreadyPage />;
      return (
        <>
          <TopBar />
          <Later load={hallwayPage} props={{}} />
        </>
      );
    case "room":
      return <RoomPage id={to.id} />;
    case "invite":
      return <AlreadyPage />;
    case "calendar":
      return <Later load={calendarPage} props={{}} />;
    case "search":
      return <Later load={searchPage} props={{ query: to.query }} />;
    case "notices":
      return <Later load={noticesPage} props={{}} />;
    case "invites":
      return <Later load={invitesPage} props={{}} />;
    case "community":
      return <Later load={communityPage} props={{ self }} />;
    case "profile":
      return <Later load={profilePage} props={{ self }} />;
    case "person":
      if (to.who === self.member.key) return <Later load={profilePage} props={{ self }} />;
      return <Later key={to.who} load={personPage} props={{ who: to.who, from: to.from }} />;
    case "recovery":
      return <Later load={recoveryPage} props={{}} />;
    case "restore":
      return <Later load={restorePage} props={{}} />;
    case "node":
      return self.founder ? <Later load={nodePage} props={{}} /> : <NotFoundPage />;
    case "docs":
      return <Later load={docsPage} props={{}} />;
    case "not-found":
      return <NotFoundPage />;
  }
}

/** The sheet that is open, if one is, and over it the offer of the stage: what was typed below stays. */
function Over(): JSX.Element {
  const presence = inRoom.value;
  const offer = presence?.offer.value ?? null;
  const which = sheet.value;
  const missing = () => {
    const pressed = document.activeElement;
    close();
    sayMissing(() => {
      if (pressed instanceof HTMLElement && pressed.isConnected) pressed.focus(); // where it will go back to
      if (which !== null) open(which);
    });
  };
  return (
    <>
      {which !== null && <Opening load={sheets} props={{}} onMissing={missing} />}
      {presence !== null && offer !== null && inside.here !== null && <inside.here.OfferDialog presence={presence} offer={offer} />}
    </>
  );
}

/** Stays until the recovery file is saved. */
function Banner(): JSX.Element | null {
  const { page } = route.value;
  if (key.value?.extractable !== true || page === "recovery" || page === "restore" || page === "room") return null;
  return (
    <aside class="banner" aria-label={t().profile.recovery}>
      <p>{t().recovery.banner}</p>
      <a href={paths.recovery(location.pathname)}>{t().recovery.bannerAction}</a>
    </aside>
  );
}

/** The node is of another version than this page. Nobody is asked to reload in a room. */
function UpdateBanner(): JSX.Element | null {
  if (!outdated.value || inRoom.value !== null) return null;
  return (
    <aside class="banner" aria-label={t().problem.updated}>
      <p>{t().problem.updated}</p>
      <button type="button" class="button button-quiet" onClick={() => location.reload()}>
        {t().problem.updatedReload}
      </button>
    </aside>
  );
}

/** The node was restored from a backup: the founder has to approve it, and the others to wait for them. */
function RestoredBanner({ self }: { self: Me }): JSX.Element | null {
  const { page } = route.value;
  if (node.value?.restored !== true || page === "recovery" || (self.founder && page === "node")) return null;
  const m = t().restored;
  return (
    <aside class="banner" aria-label={m.title}>
      <p>{self.founder ? m.founder : m.others}</p>
      {self.founder && <a href={paths.node}>{m.approve}</a>}
    </aside>
  );
}

/** Below the pages with a top bar, as below all others: whose page it is, and its language. */
function Foot(): JSX.Element | null {
  if (!withTopBar.has(route.value.page) || link.value.kind === "owner") return null;
  return <PageFoot />;
}

const withTopBar: ReadonlySet<Route["page"]> = new Set([
  "hallway", "search", "calendar", "notices", "invites", "community", "profile", "person", "node", "docs",
] as const);

/** Tells a steward that somebody waits for an answer. */
function WaitingBanner({ self }: { self: Me }): JSX.Element | null {
  const { page } = route.value;
  if (self.waiting === 0 || page === "community" || page === "room" || page === "recovery") return null;
  return (
    <aside class="banner" aria-label={t().entry.requests}>
      <p>{t().entry.waiting(self.waiting)}</p>
      <a href={paths.community}>{t().entry.answer}</a>
    </aside>
  );
}
