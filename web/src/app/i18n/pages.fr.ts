import { communityFr } from "./community.fr";
import { earningFr } from "./earning.fr";
import { nodeFr } from "./node.fr";
import { nodesFr } from "./nodes.fr";
import { ownFr } from "./own.fr";
import type { PageMessages } from "./pages.en";

/** What only the pages say that people go to by a link, in French: it comes with them. */
export const pagesFr: PageMessages = {
  ...nodeFr,

  own: ownFr,

  nodes: nodesFr,

  community: communityFr,

  earning: earningFr,
};
