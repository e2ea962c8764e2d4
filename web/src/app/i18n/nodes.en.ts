/** The founder's nodes: adding, restoring and withdrawing them, in English. */
export const nodesEn = {
  // A node that asks to be added.
  requestIs: "A node asks to be one of yours",
  requestFrom: (address: string) => `It runs at ${address}.`,
  requestCompare: "Compare its key with the line “node” that the new node printed in its terminal, and with the one that its page shows. Approve only if they are the same.",
  requestKey: "Key",
  requestPeer: "Peer",
  requestApprove: "Approve this node",
  requestApproving: "Signing…",
  requestDone: "Signed. Next, tell the node: it opens in this tab.",
  requestGo: "Go to the new node",
  requestKnown: "It is one of your nodes already.",
  requestBroken: "This request is incomplete. Copy the whole link, to its last character, and open it again.",

  // Those there are.
  withdraw: "Withdraw",
  withdrawWhich: (mark: string) => `Withdraw the node ${mark}`,
  withdrawTitle: "Withdraw this node?",
  withdrawText: (mark: string) => `The node ${mark} takes nobody in any more, and what it writes from now on does not count.`,
  withdrawStays: "Whom it has admitted stay members. You can add it again later.",
  withdrawConfirm: "Withdraw it",
  withdrawn: "The node is withdrawn.",
  addAgain: "Add again",
  addAgainWhich: (mark: string) => `Add the node ${mark} again`,
  addedAgain: "The node is one of yours again.",

  // A node restored from a backup.
  restoredTitle: "This node was restored from a backup",
  restoredText: "It has a new key, for which your word is missing. Until you give it people can sign in, and nobody can join and no room can be opened.",
  restoredKey: "Its new key",
  restoredCompare: "Approve it if you, or whoever runs the node for you, restored it. The key is the line “node” that it printed in its terminal when it started.",
  restoredApproved: "Approved. The community goes on here.",

  // The one that it is a backup of.
  beforeTitle: "The node before this one",
  beforeText: "This node was restored from a backup of another, for which your word still holds. If that one is lost for good, withdraw it: then nobody who finds its key can let people in with it. If it comes back, both go on side by side.",
  beforeWait: "What it wrote after the backup comes back from other nodes that know it. Withdraw it once they have been connected: what comes later does not count.",
  beforeWithdraw: "Withdraw the lost node",
};
