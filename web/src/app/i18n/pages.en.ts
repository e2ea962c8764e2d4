import { communityEn } from "./community.en";
import { earningEn } from "./earning.en";
import { nodeEn } from "./node.en";
import { nodesEn } from "./nodes.en";
import { ownEn } from "./own.en";

/** What only the pages say that people go to by a link, in English: it comes with them. */
export const pagesEn = {
  ...nodeEn,

  own: ownEn,

  nodes: nodesEn,

  community: communityEn,

  earning: earningEn,
};

export type PageMessages = typeof pagesEn;
