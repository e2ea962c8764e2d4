import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { Notice } from "../../sdk";
import { ago, t } from "../i18n";
import { Avatar } from "../parts/avatar";
import { Heading } from "../parts/heading";
import { Loading } from "../parts/loading";
import { TopBar } from "../parts/top-bar";
import { paths } from "../router";
import { markRead, notices, reason } from "../state/notices";

/** What this member was told. Looking at it is reading it. */
export function NoticesPage(): JSX.Element {
  const m = t().notices;
  const fresh = useSignal<ReadonlySet<number>>(new Set()); // unread when this page showed them first
  const list = notices.value;
  useEffect(() => {
    const news = (list ?? []).filter(({ read }) => !read);
    if (news.length === 0) return;
    fresh.value = new Set([...fresh.peek(), ...news.map(({ n }) => n)]);
    markRead(news).catch(() => undefined); // they are read the next time
  }, [list]);
  return (
    <>
      <TopBar />
      <main id="main" class="column stack stack-wide" tabIndex={-1}>
        <Heading title={m.title} />
        {list === null ? (
          <Loading />
        ) : list.length === 0 ? (
          <div class="card stack notices-empty">
            <p class="notices-none">{m.none}</p>
            <p class="secondary">{m.noneHint}</p>
          </div>
        ) : (
          <>
            <ul class="notices">
              {list.map((notice) => (
                <li key={notice.n}>
                  <Row notice={notice} fresh={fresh.value.has(notice.n) || !notice.read} />
                </li>
              ))}
            </ul>
            <p class="secondary small">{m.kept}</p>
          </>
        )}
        <div class="row">
          <a class="button" href={`${paths.profile}#notifications`}>
            {m.choose}
          </a>
        </div>
      </main>
    </>
  );
}

function Row({ notice, fresh }: { notice: Notice; fresh: boolean }): JSX.Element {
  const m = t().notices;
  const title = notice.title ?? m.told.untitled;
  const { by } = notice;
  return (
    <article class={fresh ? "card notice-row notice-fresh" : "card notice-row"}>
      {by !== undefined && <Avatar id={by.key} name={by.name === "" ? m.told.somebody : by.name} picture={by.picture} size={40} />}
      <div class="notice-text">
        <h2 class="notice-title">{notice.over ? <span class="secondary">{title}</span> : <a href={paths.room(notice.room)}>{title}</a>}</h2>
        <p>{reason(notice)}</p>
        <p class="secondary small">
          {[notice.community, ago(notice.at, Date.now()), notice.quiet ? m.quiet : undefined]
            .filter((part) => part !== undefined && part !== "")
            .join(" · ")}
        </p>
      </div>
      {fresh && <span class="chip chip-new">{m.fresh}</span>}
    </article>
  );
}
