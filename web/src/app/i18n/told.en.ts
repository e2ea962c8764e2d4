/** What is said of a notice, in the page and, while it is closed, by the service worker. */
export const toldEn = {
  somebody: "Somebody",
  untitled: "A room that is over",
  opened: (name: string) => `${name} opened a room`,
  onStage: (name: string) => `${name} is on stage`,
  onTopic: (topic: string) => `A room on ${topic} is open`,
  begins: (time: string) => `Begins at ${time}`,
  began: "It has begun",
  waiting: "Something is waiting for you here.",
};
