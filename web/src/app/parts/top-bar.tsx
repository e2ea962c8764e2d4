import { ArrowLeft, Bell, CalendarDays, Search, Ticket } from "lucide-preact";
import type { JSX } from "preact";
import { t } from "../i18n";
import { paths, route } from "../router";
import { unread } from "../state/unread";
import { community, me } from "../state/session";
import { Avatar } from "./avatar";
import { Mark } from "./colonnade";

/** The bar over every page of a member but the room: home, invites with their count, the bell, oneself. */
export function TopBar(): JSX.Element {
  const m = t().site;
  const self = me.value;
  const page = route.value.page;
  const here = (which: typeof page) => (page === which ? "page" : undefined);
  const name = community.value?.name ?? "Stoa";
  return (
    <header class="top-bar">
      <a class="home" href={paths.hallway} aria-current={here("hallway")}>
        {page === "hallway" ? <Mark /> : <ArrowLeft aria-hidden="true" />}
        <span class="home-name">
          <bdi>{name}</bdi>
        </span>
        <span class="visually-hidden">{m.hallway}</span>
      </a>
      {self !== null && (
        <nav aria-label={m.main}>
          <a class="icon-button search-link" href={paths.search()} aria-label={t().people.search} aria-current={here("search")}>
            <Search aria-hidden="true" />
            <span class="search-word" aria-hidden="true">
              {t().people.search}
            </span>
          </a>
          <a
            class="button button-quiet invites-link"
            href={paths.invites}
            aria-label={`${m.invites}, ${t().invites.left(self.left)}`}
            aria-current={here("invites")}
          >
            <Ticket aria-hidden="true" />
            <span class="invites-word">{m.invites}</span>{" "}
            <span class="count" aria-hidden="true">
              {self.left}
            </span>
          </a>
          <a class="icon-button" href={paths.calendar} aria-label={t().plan.calendar} aria-current={here("calendar")}>
            <CalendarDays aria-hidden="true" />
          </a>
          <a class="icon-button" href={paths.notices} aria-label={t().notices.unread(unread.value)} aria-current={here("notices")}>
            <Bell aria-hidden="true" />
            {unread.value > 0 && (
              <span class="count count-on" aria-hidden="true">
                {unread.value}
              </span>
            )}
          </a>
          <a class="icon-button" href={paths.profile} aria-current={here("profile")}>
            <Avatar id={self.member.key} name={self.member.name} picture={self.member.picture} size={36} />
            <span class="visually-hidden">{m.profile}</span>
          </a>
        </nav>
      )}
      {self !== null && page === "hallway" && (
        <p class="place-name" aria-hidden="true">
          <bdi>{name}</bdi>
        </p>
      )}
    </header>
  );
}
