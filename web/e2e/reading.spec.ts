// What a screen reader meets, in the order in which it reads: names, roles and what is said, from the top of each page.
// A snapshot names what must be there, in this order; what stands between is free.
import { expect, test } from "@playwright/test";
import { StoaNode } from "./node";
import { Person } from "./people";

const phone = { viewport: { width: 390, height: 844 } };

/** Expects a person's page to read so. */
const reads = (who: Person, snapshot: string): Promise<void> => expect(who.page.locator("body")).toMatchAriaSnapshot(snapshot);

test("every page reads in order, from the invite to the stage", async () => {
  const node = await StoaNode.start();
  const ana = await Person.arrive("Ana", { voice: "ana", ...phone });
  const leo = await Person.arrive("Léo", { voice: "leo", ...phone });
  try {
    await ana.page.goto(node.ownerLink);
    await reads(ana, `
      - link "Skip to the content"
      - main:
        - heading "Join The Porch" [level=1]
        - textbox "Community name"
        - textbox "Your name"
        - button "Join"
        - region "Or add it to a community that there is"
      - contentinfo:
        - group "Language"
    `);
    await ana.found(node.ownerLink);
    await reads(ana, `
      - link "Skip to the content"
      - complementary "Recovery file":
        - link "Save it"
      - banner:
        - link "The Porch Hallway"
        - navigation "Main":
          - link "Search"
          - link "Invites, 2 invites left"
          - link "Calendar"
          - link "Notifications"
          - link "Profile"
      - main:
        - heading "Live now" [level=1]
        - button "Follow topics"
        - paragraph: Nobody is talking. Start a room, or follow a topic to be told.
      - button "Start a room"
    `);

    const link = await ana.invite();
    await reads(ana, `
      - main:
        - heading "Invites" [level=1]
        - region "Create invite":
          - paragraph: 1 invite left
          - button "Create invite"
          - textbox "Invite link"
          - button "Copy"
          - status: Send it to one person. It works once.
        - region "How your next 3 invites come":
          - progressbar /Hosting/
          - progressbar /Speaking/
        - region "Pending":
          - list:
            - listitem:
              - button /Revoke the invite/
        - region "Received"
        - region "Your standing"
    `);

    await leo.page.goto(link);
    await reads(leo, `
      - main:
        - heading "Join The Porch" [level=1]
        - paragraph: Ana invites you to The Porch.
        - paragraph: /Ana answers for you/
        - group: The community’s rules
        - textbox "Your name"
        - button "Join"
        - link "I have a recovery file"
    `);
    await leo.join(link);

    await ana.page.goto(node.url);
    await ana.page.getByRole("button", { name: "Start a room" }).click();
    await reads(ana, `
      - dialog "Start a room":
        - banner:
          - heading "Start a room" [level=2]
          - button "Close"
        - textbox "Title"
        - combobox "Topics"
        - combobox "Language"
        - radiogroup "When"
        - radiogroup "Who may enter":
          - radio /Members of The Porch/ [checked]
          - radio "Anyone with the link may listen"
          - radio "Only people I choose"
        - button "Start"
    `);
    await ana.startRoom("Songs from ports");

    await leo.page.goto(node.url);
    await reads(leo, `
      - main:
        - heading "Live now" [level=1]
        - list:
          - listitem:
            - paragraph: The Porch
            - heading "Songs from ports" [level=2]:
              - link "Songs from ports"
            - paragraph: Ana
            - paragraph: 1 speaking · 0 listening
    `);
    await leo.goToRoom("Songs from ports");
    await reads(leo, `
      - main:
        - heading "Songs from ports" [level=1]
        - paragraph: Hosted by Ana
        - region "Here now":
          - list:
            - listitem: Ana
        - button "Join listening"
        - button "Join with microphone"
        - paragraph: /Audio is relayed by .* It is not recorded by the node/
    `);

    await leo.enter("listening");
    await leo.page.getByRole("button", { name: "Raise hand" }).click();
    await reads(leo, `
      - banner:
        - link "Back to the hallway"
        - heading "Songs from ports" [level=1]
        - button "Room menu"
      - main:
        - region "Stage":
          - list:
            - listitem:
              - button "Ana"
              - text: Moderator, microphone off
        - region "Audience":
          - paragraph: 1 listening
          - list:
            - listitem:
              - button "Léo"
      - contentinfo:
        - status: You are number 1 in the queue
        - button "Leave quietly"
        - button "Reactions"
        - button "People"
        - button "Lower hand"
    `);
    await reads(ana, `
      - main:
        - region "Stage"
        - region "Hands":
          - list:
            - listitem:
              - paragraph:
                - strong: Léo
              - button "Invite Léo to the stage"
              - button "Dismiss Léo"
        - region "Audience"
      - contentinfo:
        - button "Leave quietly"
        - button "Reactions"
        - button "People, 1 raised hand"
        - button "Unmute"
    `);

    await ana.page.getByRole("button", { name: "Invite Léo to the stage" }).click();
    await reads(leo, `
      - dialog "You are invited to the stage":
        - paragraph: Ana would like to hear you. You join muted.
        - button "Join the stage"
        - button "Not now"
    `);
    await reads(ana, `
      - region "Audience":
        - list:
          - listitem:
            - button "Léo Invited to the stage"
    `);
    await leo.page.getByRole("button", { name: "Join the stage" }).click();
    await reads(leo, `
      - main:
        - region "Stage":
          - list:
            - listitem:
              - button "Ana"
              - text: Moderator, microphone off
            - listitem:
              - button "Léo"
              - text: Speaker, microphone off
      - contentinfo:
        - button "Leave quietly"
        - button "Unmute"
    `);

    await ana.page.getByRole("region", { name: "Stage" }).getByRole("button", { name: "Léo" }).click();
    await reads(ana, `
      - dialog "Léo":
        - banner:
          - heading "Léo" [level=2]
          - button "Close"
        - paragraph: Speaker
        - paragraph: /Key/
        - region "Who answers for whom":
          - list
        - paragraph:
          - link "Profile"
        - button "Follow"
        - slider "Volume": "100"
        - button "Mute for me"
        - button "Block"
        - button "Ask to unmute"
        - button "Move to audience"
        - button "Make moderator"
        - group "Danger":
          - button "Remove from room"
    `);
  } finally {
    await leo.leave();
    await ana.leave();
    await node.destroy();
  }
});
