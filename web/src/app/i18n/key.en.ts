/** One's key: keeping it, what is left where it opens nothing any more, and a new node without a founder, in English. */
export const keyEn = {
  farewell: {
    erasedTitle: "You are forgotten here",
    erasedText: (community: string) => `${community} has erased you: you are no member any more, and your name is on none of its nodes.`,
    erasedKey: "This browser has forgotten your key. Delete your recovery file: it opens nothing here any more.",
    erasedBack: "To come back you join anew, as if for the first time.",
    outTitle: "You are signed out here",
    outText: "You ended this session from another of your browsers or programs. Your key is still in this browser.",
    outStranger: "If that was not you, somebody else has your key. Then erase yourself, and join again with a new key.",
    signIn: "Sign in again",
  },

  key: {
    fileAgain: "Save the recovery file again",
    fileAgainHint: "It opens with the passphrase that you chose for it.",
    fileElsewhere: "This browser has no copy of the file. Open your file here once, and it can be saved again from here.",
    fileOpen: "Open the recovery file",
    keeps: "This browser has promised to keep your key.",
    mayForget: "This browser may forget your key when it runs out of space.",
    askToKeep: "Ask it to keep the key",
    keepRefused: "The browser promises nothing. Some do so only for pages that you visit often or have installed.",
    forgetFirst: "Save the recovery file first",
  },

  request: {
    title: "Or add it to a community that there is",
    text: "Its founder approves this node. Make a request for them, with the address of a node that the community has.",
    address: "Address of the community’s node",
    addressHint: "As in the browser: https://…",
    addressWrong: "This is no address of a node. It begins with https:// and has no path.",
    make: "Make a request",
    link: "Request for the founder",
    linkHint: "Open it in the founder’s browser, or send it to them alone: whoever has it may claim this node for an hour.",
    waits: "Waiting for the founder. This page goes on by itself.",
    thisNode: "This node",
  },
};
