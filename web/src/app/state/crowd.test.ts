import { expect, test } from "vitest";
import { reduce, type Audience, type Person, type RoomState } from "../../sdk";
import { aSnapshot } from "../../sdk/sdktest";
import { Crowd, type PageWish } from "./crowd";

const everybody = (n: number): Person[] =>
  Array.from({ length: n }, (_, i) => ({ key: `did:key:z6Mk${i}`, name: `Member ${i}`, csrc: i + 10 }));

/** A room with so many listeners, as its events tell it, and a node that knows all of them. */
function room(people: Person[]) {
  const asked: PageWish[] = [];
  const ask = ({ query, offset, limit }: PageWish): Promise<Audience> => {
    asked.push({ query, offset, limit });
    const fit = people.filter(({ name }) => name.includes(query));
    return Promise.resolve({ count: fit.length, guests: 0, people: fit.slice(offset, offset + limit) });
  };
  let now = 0;
  const crowd = new Crowd(ask, () => now);
  let state: RoomState = reduce(null, aSnapshot());
  const tell = () => {
    const audience = { count: people.length, guests: 0, people: people.slice(0, 50) };
    state = reduce(state, { type: "audience", n: state.n + 1, at: state.at, audience });
    crowd.hear(state.audience);
  };
  tell();
  return { crowd, asked, tell, wait: (ms: number) => (now += ms) };
}

const settled = () => new Promise((done) => setTimeout(done));

test("of ten thousand only what is looked at is asked for", async () => {
  const { crowd, asked } = room(everybody(10_000));
  crowd.see(0, 40);
  expect(asked).toEqual([]); // the room has said these
  expect(crowd.view.value.count).toBe(10_000);
  expect(crowd.view.value.at(49)?.name).toBe("Member 49");
  expect(crowd.view.value.at(50)).toBeUndefined();
  crowd.see(7_390, 7_430);
  crowd.see(7_392, 7_432); // while the answers are on their way
  await settled();
  expect(asked.map(({ offset }) => offset)).toEqual([7_200, 7_400]);
  expect(crowd.view.value.at(7_431)?.name).toBe("Member 7431");
  expect(crowd.view.value.at(5_000)).toBeUndefined();
});

test("what is in sight is asked for again while people come and go, at most every five seconds", async () => {
  const people = everybody(1_000);
  const { crowd, asked, tell, wait } = room(people);
  crowd.see(300, 340);
  await settled();
  people.splice(0, 1); // everybody moves up by one
  tell();
  await settled();
  expect(asked).toHaveLength(1);
  expect(crowd.view.value.at(0)?.name).toBe("Member 1");
  wait(5_000);
  people.push(...everybody(1));
  tell();
  await settled();
  expect(asked).toHaveLength(2);
  expect(crowd.view.value.at(300)?.name).toBe("Member 301");
  wait(60_000);
  crowd.see(301, 341); // nothing has changed since
  await settled();
  expect(asked).toHaveLength(2);
});

test("a search asks the node, which knows everybody, and late answers to an earlier one are dropped", async () => {
  const { crowd, asked } = room(everybody(2_000));
  crowd.search("77");
  crowd.search("1999");
  expect(crowd.view.value.count).toBeNull();
  await settled();
  expect(crowd.view.value.count).toBe(1);
  expect(crowd.view.value.at(0)?.name).toBe("Member 1999");
  expect(asked.map(({ query }) => query)).toEqual(["77", "1999"]);
  crowd.search("");
  expect(crowd.view.value.count).toBe(2_000);
});

test("a node that gives no page is not asked without end", async () => {
  let asked = 0;
  const crowd = new Crowd(() => {
    asked++;
    return Promise.reject(new Error("not for guests"));
  });
  crowd.hear({ count: 300, guests: 0, people: [] });
  for (let i = 0; i < 10; i++) {
    crowd.see(i, i + 20);
    await settled();
  }
  expect(asked).toBe(1);
});
