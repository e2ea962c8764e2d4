import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { t, tp } from "../i18n";
import { Field } from "../parts/field";
import { Heading } from "../parts/heading";
import { Notice } from "../parts/notice";
import { TopBar } from "../parts/top-bar";
import { client, me } from "../state/session";
import { explain } from "../state/toast";
import { example, groups, nameOf, resolve, typeOf, type Document, type Operation, type Schema } from "./openapi";

/** The API as its own document describes it, to read and to try. What the document says is in English. */
export function DocsPage(): JSX.Element {
  const m = tp().docs;
  const doc = useSignal<Document | null>(null);
  const failed = useSignal(false);
  const token = useSignal("");
  const find = useSignal("");
  const load = async () => {
    failed.value = false;
    try {
      const response = await fetch("/openapi.json");
      doc.value = (await response.json()) as Document;
    } catch {
      failed.value = true;
    }
  };
  useEffect(() => void load(), []);
  const fill = async () => {
    token.value = await client.token();
  };
  const wanted = find.value.trim().toLowerCase();
  const matches = (o: Operation) => `${o.method} ${o.path} ${o.summary ?? ""} ${o.operationId}`.toLowerCase().includes(wanted);
  const shown = doc.value === null ? [] : groups(doc.value).map(([name, all]) => [name, all.filter(matches)] as const);
  return (
    <>
      <TopBar />
      <main id="main" class="column column-docs stack stack-wide" tabIndex={-1}>
        <div class="stack">
          <Heading title={m.title} />
          <p class="secondary">{m.intro}</p>
          <p>
            <a class="text-link" href="/openapi.json" target="_blank" rel="noreferrer">
              openapi.json
            </a>
          </p>
        </div>
        {failed.value && (
          <Notice kind="warning" text={t().problem.offline}>
            <button type="button" class="button" onClick={() => void load()}>
              {t().common.retry}
            </button>
          </Notice>
        )}
        <section class="card stack" aria-labelledby="session">
          <h2 id="session">{m.session}</h2>
          <Field label={m.token} hint={m.tokenHint} value={token.value} onText={(text) => (token.value = text.trim())} autoComplete="off" spellcheck={false} />
          {me.value !== null && (
            <div class="row">
              <button type="button" class="button" onClick={() => void fill()}>
                {m.own}
              </button>
            </div>
          )}
        </section>
        {doc.value === null && !failed.value && <p class="secondary">{t().common.loading}</p>}
        {doc.value !== null && (
          <>
            <Field label={m.find} value={find.value} onText={(text) => (find.value = text)} autoComplete="off" />
            {shown.every(([, operations]) => operations.length === 0) && <p class="secondary">{m.nothing}</p>}
            {shown.map(([name, operations]) =>
              operations.length === 0 || doc.value === null ? null : (
                <Group key={name} name={name} operations={operations} doc={doc.value} token={token.value} />
              ),
            )}
          </>
        )}
      </main>
    </>
  );
}

function Group(props: { name: string; operations: Operation[]; doc: Document; token: string }): JSX.Element {
  return (
    <section class="stack-tight" aria-labelledby={`group-${props.name}`}>
      <h2 id={`group-${props.name}`} lang="en">
        {props.name}
      </h2>
      {props.operations.map((o) => (
        <OperationView key={o.operationId} operation={o} doc={props.doc} token={props.token} />
      ))}
    </section>
  );
}

function OperationView({ operation: o, doc, token }: { operation: Operation; doc: Document; token: string }): JSX.Element {
  const m = tp().docs;
  const opened = useSignal(false);
  const body = Object.entries(o.requestBody?.content ?? {})[0];
  return (
    <details class="operation" onToggle={(e) => (opened.value = e.currentTarget.open)}>
      <summary>
        <span class={`method method-${o.method}`}>{o.method.toUpperCase()}</span>
        <code>{o.path}</code>
        <span class="secondary" lang="en">
          {o.summary}
        </span>
      </summary>
      {opened.value && (
        <div class="stack operation-body">
          {o.description !== undefined && <p lang="en">{o.description}</p>}
          {o.security !== undefined && <p class="secondary">{m.needsSession}</p>}
          {body?.[1].schema !== undefined && <Shape title={`${m.body} · ${body[0]}`} schema={body[1].schema} doc={doc} />}
          {Object.entries(o.responses).map(([status, r]) => {
            const [kind, content] = Object.entries(r.content ?? {})[0] ?? [];
            const title = `${status === "default" ? m.refusal : `${m.answer} ${status}`}${kind === undefined ? "" : ` · ${kind}`}`;
            return content?.schema === undefined ? (
              <p key={status}>
                <strong>{title}</strong> <span lang="en">{r.description}</span>
              </p>
            ) : (
              <Shape key={status} title={title} schema={content.schema} doc={doc} />
            );
          })}
          {o.operationId === "events" ? <p class="secondary">{m.socket}</p> : <Try operation={o} doc={doc} token={token} />}
        </div>
      )}
    </details>
  );
}

/** What a body is made of. A type with a name of its own opens when asked: some hold one another. */
function Shape(props: { title: string; schema: Schema; doc: Document }): JSX.Element {
  return (
    <div class="stack-tight">
      <p>
        <strong>{props.title}</strong>
      </p>
      <div lang="en">
        <SchemaView schema={props.schema} doc={props.doc} open />
      </div>
    </div>
  );
}

function SchemaView({ schema, doc, open }: { schema: Schema; doc: Document; open?: boolean }): JSX.Element | null {
  const opened = useSignal(open === true);
  const inner = schema.items ?? schema;
  const ref = inner.$ref;
  const members = <Members schema={resolve(doc, inner)} doc={doc} />;
  if (ref === undefined) return members;
  return (
    <details class="schema" open={opened.value} onToggle={(e) => (opened.value = e.currentTarget.open)}>
      <summary>
        <code>{schema.items === undefined ? nameOf(ref) : `${nameOf(ref)}[]`}</code>
      </summary>
      {opened.value && members}
    </details>
  );
}

function Members({ schema, doc }: { schema: Schema; doc: Document }): JSX.Element | null {
  const m = tp().docs;
  if (schema.oneOf !== undefined) {
    return (
      <ul class="members">
        {schema.oneOf.map((one, i) => (
          <li key={i}>
            <SchemaView schema={one} doc={doc} />
          </li>
        ))}
      </ul>
    );
  }
  const properties = Object.entries(schema.properties ?? {});
  if (properties.length === 0) {
    return (
      <p class="small">
        <code>{typeOf(schema)}</code> {schema.description}
      </p>
    );
  }
  return (
    <ul class="members">
      {properties.map(([name, p]) => {
        const named = p.$ref !== undefined || p.items?.$ref !== undefined;
        return (
          <li key={name}>
            <code>{name}</code>
            {schema.required?.includes(name) !== true && <span class="chip">{m.optional}</span>}{" "}
            {!named && <code class="secondary">{p.enum === undefined ? typeOf(p) : p.enum.join(" | ")}</code>}{" "}
            {p.description !== undefined && <span class="secondary small">{p.description}</span>}
            {named && <SchemaView schema={p} doc={doc} />}
          </li>
        );
      })}
    </ul>
  );
}

interface Reply {
  status: string;
  headers: string;
  text: string;
}

function Try({ operation: o, doc, token }: { operation: Operation; doc: Document; token: string }): JSX.Element {
  const m = tp().docs;
  const [kind, content] = Object.entries(o.requestBody?.content ?? {})[0] ?? [];
  const isJSON = kind === "application/json";
  const values = useSignal<Record<string, string>>({});
  const body = useSignal(isJSON && content?.schema !== undefined ? JSON.stringify(example(doc, content.schema), null, 2) : "");
  const busy = useSignal(false);
  const reply = useSignal<Reply | null>(null);
  const failure = useSignal<string | null>(null);
  const parameters = (o.parameters ?? []).filter((p) => p.in !== "header");
  const send = async (e: Event) => {
    e.preventDefault();
    busy.value = true;
    failure.value = reply.value = null;
    try {
      reply.value = await request(doc, o, values.value, token, kind, body.value);
    } catch (error) {
      failure.value = error instanceof TypeError ? t().problem.offline : explain(error);
    } finally {
      busy.value = false;
    }
  };
  return (
    <form class="stack try" onSubmit={(e) => void send(e)} aria-label={m.tryWhich(`${o.method.toUpperCase()} ${o.path}`)}>
      {parameters.map((p) => (
        <Field
          key={p.name}
          label={`${p.name}${p.required === true ? "" : ` (${m.optional})`}`}
          value={values.value[p.name] ?? ""}
          onText={(text) => (values.value = { ...values.value, [p.name]: text })}
          autoComplete="off"
          spellcheck={false}
        />
      ))}
      {kind !== undefined && (
        <div class="field">
          <label for={`body-${o.operationId}`}>
            {m.body} · {kind}
          </label>
          <textarea
            id={`body-${o.operationId}`}
            class="code"
            rows={8}
            spellcheck={false}
            value={body.value}
            onInput={(e) => (body.value = e.currentTarget.value)}
          />
        </div>
      )}
      <div class="row">
        <button type="submit" class="button button-primary" disabled={busy.value}>
          {busy.value ? m.sending : m.send}
        </button>
      </div>
      {failure.value !== null && <Notice kind="warning" text={failure.value} />}
      <div role="status">
        {reply.value !== null && (
          <div class="stack-tight">
            <p>
              <strong>{reply.value.status}</strong>
            </p>
            <pre class="code" tabIndex={0} aria-label={m.headers}>
              {reply.value.headers}
            </pre>
            {reply.value.text !== "" && (
              <pre class="code" tabIndex={0} aria-label={m.answer}>
                {reply.value.text}
              </pre>
            )}
          </div>
        )}
      </div>
    </form>
  );
}

/** Sends what the form says, and makes the answer readable. */
async function request(
  doc: Document, o: Operation, values: Record<string, string>, token: string, kind: string | undefined, body: string,
): Promise<Reply> {
  const query = new URLSearchParams();
  let path = o.path;
  for (const p of o.parameters ?? []) {
    const value = values[p.name] ?? "";
    if (p.in === "path") path = path.replace(`{${p.name}}`, encodeURIComponent(value));
    else if (p.in === "query" && value !== "") query.set(p.name, value);
  }
  const search = query.size > 0 ? `?${query.toString()}` : "";
  const response = await fetch((doc.servers[0]?.url ?? "") + path + search, {
    method: o.method.toUpperCase(),
    headers: {
      ...(token !== "" && { Authorization: `Bearer ${token}` }),
      ...(kind !== undefined && { "Content-Type": kind }),
    },
    ...(kind !== undefined && { body }),
  });
  const text = await response.text();
  const type = response.headers.get("Content-Type") ?? "";
  return {
    status: `${response.status} ${response.statusText}`.trim(),
    headers: [...response.headers].map(([name, value]) => `${name}: ${value}`).join("\n"),
    text: /json/.test(type) && text !== "" ? JSON.stringify(JSON.parse(text), null, 2) : text,
  };
}
