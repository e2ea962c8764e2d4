import type { JSX } from "preact";

const blank = "\ufffc"; // no name holds it

/** A sentence with a name in it, isolated: one written from right to left does not turn the words around it. */
export function Named({ say, name }: { say: (name: string) => string; name: string }): JSX.Element {
  const [first, ...rest] = say(blank).split(blank);
  return (
    <>
      {first}
      {rest.map((words) => (
        <>
          <bdi>{name}</bdi>
          {words}
        </>
      ))}
    </>
  );
}
